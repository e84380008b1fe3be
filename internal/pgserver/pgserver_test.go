package pgserver_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"mastodon-restore/internal/pgserver"
)

// A directory of our own: t.TempDir's parents are closed to the user the server runs as.
func openDir(t *testing.T) string {
	dir, err := os.MkdirTemp("", "pgserver")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	return dir
}

func TestServerAnswersUntilItIsStopped(t *testing.T) {
	server, err := pgserver.Start(t.Context(), openDir(t))
	require.NoError(t, err)
	defer func() { require.NoError(t, server.Stop()) }()

	out, err := server.SQL(t.Context(), "postgres", "CREATE DATABASE practice; SELECT 1, 'two'")
	require.NoError(t, err)
	require.Equal(t, "1|two", out)

	_, err = server.SQL(t.Context(), "practice", "SELECT no_such_column")
	require.ErrorContains(t, err, "no_such_column")

	psql := exec.Command(filepath.Join(server.BinDir, "psql"), "-XAtc", "SHOW server_encoding", server.DSN("practice"))
	said, err := psql.CombinedOutput()
	require.NoError(t, err, string(said))
	require.Equal(t, "UTF8\n", string(said))

	require.NoError(t, server.Stop())
	_, err = server.SQL(t.Context(), "postgres", "SELECT 1")
	require.Error(t, err)
	require.NoDirExists(t, server.Host)
}

func TestTwoServersRunSideBySide(t *testing.T) {
	one, err := pgserver.Start(t.Context(), openDir(t))
	require.NoError(t, err)
	defer func() { require.NoError(t, one.Stop()) }()
	two, err := pgserver.Start(t.Context(), openDir(t))
	require.NoError(t, err)
	defer func() { require.NoError(t, two.Stop()) }()
	require.NotEqual(t, one.Host, two.Host)
}

func TestStartInAUsedDirectorySaysWhatInitdbSaid(t *testing.T) {
	dir := openDir(t)
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "data", "something"), 0o755))
	_, err := pgserver.Start(t.Context(), dir)
	require.ErrorContains(t, err, "run initdb")
}
