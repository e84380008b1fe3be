package pgtest_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"mastodon-restore/internal/pgtest"
)

func TestEachDatabaseIsItsOwn(t *testing.T) {
	server := pgtest.Start(t)
	one, two := server.Database(t, "one"), server.Database(t, "two")
	server.SQL(t, one, "CREATE TABLE posts (id int); INSERT INTO posts VALUES (1), (2)")
	require.Equal(t, "2", server.SQL(t, one, "SELECT count(*) FROM posts"))
	require.Equal(t, "0", server.SQL(t, two, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"))
}
