//go:build e2e

package e2e

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"mastodon-restore/internal/sample"
)

func TestHeadlessRestoreOfABrokenServer(t *testing.T) {
	i := standUp(t, "headless", sample.Small, func(v *values) { v.StartupDelay = 15 }) // as the chart has it
	b := i.backUp(archives...)
	i.breakIt()
	before := i.posture()
	require.Equal(t, "0", before.replicas["mastodon-sidekiq-scheduler"])

	o := newOperator(t)
	code, output := o.run(restoring(i, b)...)
	require.Equal(t, exitDone, code, tail(output))

	i.equal(b)
	i.reopened(before)
	require.Contains(t, i.files(), newer, "what is newer than the backup stays")
	require.NotEmpty(t, i.keptDatabase(), "the broken database is kept")
	o.keepsSecrets(i, output)
	require.Len(t, o.journals(), 1)
	report, err := os.ReadFile(filepath.Join(filepath.Dir(o.journals()[0]), "report.json"))
	require.NoError(t, err)
	require.True(t, json.Valid(report))
	require.Contains(t, string(report), newer, "the report names what is newer than the backup")
}

// A set without cache of an older Mastodon: the schema is migrated, and tootctl tends to what the
// cache would have held.
func TestRestoreOfAnOldBackupWithoutCache(t *testing.T) {
	old := sample.Small
	old.SchemaVersion = "20250627132728"
	i := standUp(t, "nocache", old)
	b := i.backUp("accounts", "media_attachments", "site_uploads")
	i.breakIt()
	before := i.posture()

	o := newOperator(t)
	code, output := o.run(restoring(i, b)...)
	require.Contains(t, []int{exitDone, exitWarnings}, code, tail(output))

	require.Equal(t, sample.Migrations[len(sample.Migrations)-1], i.sql("SELECT max(version) FROM schema_migrations"))
	i.equalButCache(b, "schema_migrations")
	i.reopened(before)

	require.Equal(t, "0", i.sql("SELECT count(*) FROM media_attachments WHERE remote_url <> '' AND file_file_name IS NOT NULL"), "no attachment refers to a lost file")
	require.Equal(t, "0", i.sql("SELECT count(*) FROM preview_cards WHERE image_file_name IS NOT NULL"))
	require.Equal(t, "0 6", i.sql("SELECT count(*) FILTER (WHERE domain IS NOT NULL) || ' ' || count(*) FILTER (WHERE domain IS NULL) FROM custom_emojis"), "local emoji stay")
	i.picturesAreThere()
	require.NotEmpty(t, i.kubectl("exec", "mastodon-redis-master-0", "--", "sh", "-c", `REDISCLI_AUTH="$REDIS_PASSWORD" redis-cli --scan --pattern 'feed:home:*'`), "feeds are built")
}

// picturesAreThere checks that what accounts refresh fetched is on the volume.
func (i *instance) picturesAreThere() {
	i.Helper()
	refreshed := strings.Fields(i.sql("SELECT avatar_file_name FROM accounts WHERE domain IS NOT NULL AND avatar_file_size = 2048"))
	require.NotEmpty(i, refreshed, "accounts refresh has not run")
	var names strings.Builder
	for file := range i.files() {
		names.WriteString(file + "\n")
	}
	for _, name := range refreshed {
		require.Contains(i, names.String(), name)
	}
}

func TestRestoreInPlace(t *testing.T) {
	i := standUp(t, "inplace", sample.Small)
	b := i.backUp(archives...)
	i.sql("DELETE FROM users; UPDATE accounts SET display_name = 'broken';")
	i.shell(web, "rm -rf "+system+"/accounts")
	before := i.posture()

	o := newOperator(t)
	code, output := o.run(restoring(i, b, "--database", "in-place")...)
	require.Contains(t, []int{exitDone, exitWarnings}, code, tail(output))
	i.equal(b)
	i.reopened(before)
	require.Empty(t, i.keptDatabase())
}
