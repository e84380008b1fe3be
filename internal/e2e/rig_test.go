//go:build e2e

package e2e

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"mastodon-restore/internal/sample"
)

// The rig itself: what a backup holds, put back by hand, must compare as equal, and a broken server
// as different; or the scenarios would prove nothing.
func TestRigTellsARestoredServerFromABrokenOne(t *testing.T) {
	i := standUp(t, "rig", sample.Small)
	require.True(t, i.healthy())
	b := i.backUp(archives...)

	i.breakIt()
	require.NotEqual(t, b.rows, i.rows())
	require.Less(t, len(i.files()), len(b.files))
	i.eventually("web noticing that its tables are gone", tenSeconds, func() bool { return !i.healthy() })

	i.restoreByHand(b)
	i.equal(b)
	require.Contains(t, i.files(), newer)
	i.eventually("web serving again", tenSeconds, i.healthy)

	i.tootctl(t, b)
}

// restoreByHand does what the author of the backup script would do.
func (i *instance) restoreByHand(b backup) {
	i.Helper()
	dump, err := os.Open(filepath.Join(b.dir, "pg_dump_mastodon_backup.sqlc"))
	require.NoError(i, err)
	defer dump.Close()
	i.admin("DROP SCHEMA public CASCADE; CREATE SCHEMA public; ALTER SCHEMA public OWNER TO mastodon;")
	i.stream(dump, io.Discard, "exec", "-i", postgres, "--", "sh", "-c",
		`PGPASSWORD="$POSTGRES_PASSWORD" pg_restore -U mastodon -d `+database+` --no-owner --exit-on-error -n public`)
	for _, name := range archives {
		archive, err := os.Open(filepath.Join(b.dir, "system_"+name+".tar.gz"))
		require.NoError(i, err)
		i.stream(archive, io.Discard, "exec", "-i", web, "--", "tar", "-C", "/", "-xzf", "-")
		require.NoError(i, archive.Close())
	}
}

// tootctl checks that the stand-in does what a restore relies on.
func (i *instance) tootctl(t *testing.T, b backup) {
	run := func(args ...string) string {
		return i.kubectl(append([]string{"exec", web, "--", "tootctl"}, args...)...)
	}
	count := func(sql string) string { return i.sql("SELECT count(*) FROM " + sql) }

	require.Equal(t, "4.5.0", run("version"))
	require.Equal(t, "OK", run("cache", "clear"))
	require.Contains(t, run("feeds", "build"), "Regenerated feeds for 5 accounts")
	require.Contains(t, run("media", "remove", "--days", "0", "-v"), "Processing ")
	require.Equal(t, "0", count("media_attachments WHERE remote_url <> '' AND file_file_name IS NOT NULL"))
	require.Contains(t, run("preview_cards", "remove", "--days", "0"), "preview cards")
	require.Equal(t, "OK", run("emoji", "purge", "--remote-only"))
	require.Equal(t, "0", count("custom_emojis WHERE domain IS NOT NULL"))
	require.Contains(t, run("accounts", "refresh", "--all"), "Error processing ")
	require.Error(t, i.try(nil, io.Discard, "exec", web, "--", "tootctl", "no-such-command"))
	for file := range b.files {
		if strings.HasPrefix(file, "cache/") {
			delete(b.files, file)
		}
	}
	i.equalButCache(b)
}
