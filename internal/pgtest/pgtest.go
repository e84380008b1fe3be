// Package pgtest gives a test a PostgreSQL of its own. A machine without PostgreSQL fails the test:
// a skipped test would look like a passed one.
package pgtest

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"mastodon-restore/internal/pgserver"
)

// Server is a PostgreSQL that lives as long as the test that started it.
type Server struct {
	*pgserver.Server
}

// Start runs a new, empty server; the test's end stops it and removes its data.
func Start(t testing.TB) *Server {
	t.Helper()
	// Not t.TempDir: its parents are closed to the user a server started by root runs as.
	dir, err := os.MkdirTemp("", "pgtest")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	server, err := pgserver.Start(t.Context(), dir)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Stop()) })
	return &Server{server}
}

// SQL runs sql in a database and returns what psql prints: rows in lines, columns parted by |.
func (s *Server) SQL(t testing.TB, db, sql string) string {
	t.Helper()
	out, err := s.Server.SQL(t.Context(), db, sql)
	require.NoError(t, err)
	return out
}

// Database creates an empty database and returns its name.
func (s *Server) Database(t testing.TB, name string) string {
	t.Helper()
	s.SQL(t, "postgres", `CREATE DATABASE "`+name+`"`)
	return name
}
