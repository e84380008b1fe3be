package sample_test

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"mastodon-restore/internal/pgtest"
	"mastodon-restore/internal/sample"
)

var now = time.Date(2026, 11, 19, 3, 0, 0, 0, time.UTC)

func TestSmallServerLoadsAndIsWhatItsSizeSays(t *testing.T) {
	server := pgtest.Start(t)
	db := load(t, server, sample.Small)
	scalar := func(sql string) string { return server.SQL(t, db, sql) }

	for name, c := range map[string]struct{ sql, want string }{
		"the schema is Mastodon 4.5.0's":      {"SELECT max(version) FROM schema_migrations", "20251023210145"},
		"the environment is production":       {"SELECT value FROM ar_internal_metadata WHERE key = 'environment'", "production"},
		"users":                               {"SELECT count(*) FROM users", "5"},
		"local accounts and the actor":        {"SELECT count(*), min(id) FROM accounts WHERE domain IS NULL", "6|-99"},
		"every local account has its key":     {"SELECT count(*) FROM accounts WHERE domain IS NULL AND private_key IS NULL", "0"},
		"remote accounts":                     {"SELECT count(*) FROM accounts WHERE domain IS NOT NULL", "60"},
		"posts of either kind":                {"SELECT count(*) FILTER (WHERE local), count(*) FILTER (WHERE NOT local) FROM statuses", "120|600"},
		"the newest post is minutes old":      {"SELECT max(created_at) FROM statuses", "2026-11-19 02:53:00"},
		"local attachments all have files":    {"SELECT count(*) FROM media_attachments WHERE remote_url = '' AND file_file_name IS NOT NULL", "24"},
		"remote attachments are partly gone":  {"SELECT count(*), count(file_file_name) < count(*) FROM media_attachments WHERE remote_url <> ''", "80|t"},
		"some cached media are days old only": {"SELECT count(*) > 0 FROM media_attachments WHERE remote_url <> '' AND file_file_name IS NOT NULL AND created_at > '2026-11-12'", "t"},
		"local emojis":                        {"SELECT count(*) FROM custom_emojis WHERE domain IS NULL", "6"},
		"one post waits to be published late": {"SELECT count(*) FROM scheduled_statuses WHERE scheduled_at < '2026-11-19 03:00'", "1"},
		"the stored views hold rows":          {"SELECT (SELECT count(*) FROM account_summaries) > 0, (SELECT count(*) FROM global_follow_recommendations) > 0, (SELECT count(*) FROM instances) > 0", "t|t|t"},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, c.want, scalar(c.sql)) })
	}
	// These change the database, so they come last, in this order.
	t.Run("the sequences continue", func(t *testing.T) {
		require.Equal(t, "6|721", scalar("SELECT nextval('users_id_seq'), nextval('statuses_id_seq')"))
	})
	t.Run("keys are made by timestamp_id", func(t *testing.T) {
		require.Equal(t, "t", scalar("INSERT INTO statuses (account_id, created_at, updated_at) VALUES (-99, now(), now()) RETURNING id > 110000000000000000"))
	})
	t.Run("no table is empty", func(t *testing.T) {
		for _, table := range strings.Fields(scalar("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")) {
			require.NotEqual(t, "0", scalar("SELECT count(*) FROM "+table), table)
		}
	})
}

func TestRowsNameTheFilesThatAreThere(t *testing.T) {
	server := pgtest.Start(t)
	db, dir := load(t, server, sample.Small), t.TempDir()
	require.NoError(t, sample.Small.WriteFiles(dir, now))

	for _, named := range []struct{ sql, root, styles string }{
		{"SELECT id, file_file_name, file_file_size FROM media_attachments WHERE remote_url = '' AND file_file_name IS NOT NULL", "media_attachments/files", "original"},
		{"SELECT id, file_file_name, file_file_size FROM media_attachments WHERE remote_url <> '' AND file_file_name IS NOT NULL", "cache/media_attachments/files", "original"},
		{"SELECT id, thumbnail_file_name, thumbnail_file_size FROM media_attachments WHERE remote_url = '' AND thumbnail_file_name IS NOT NULL", "media_attachments/thumbnails", "original"},
		{"SELECT id, avatar_file_name, avatar_file_size FROM accounts WHERE domain IS NULL AND avatar_file_name IS NOT NULL", "accounts/avatars", "original"},
		{"SELECT id, header_file_name, header_file_size FROM accounts WHERE domain IS NOT NULL AND header_file_name IS NOT NULL", "cache/accounts/headers", "original"},
		{"SELECT id, image_file_name, image_file_size FROM custom_emojis WHERE domain IS NULL", "custom_emojis/images", "original"},
		{"SELECT id, image_file_name, image_file_size FROM custom_emojis WHERE domain IS NOT NULL", "cache/custom_emojis/images", "original"},
		{"SELECT id, image_file_name, image_file_size FROM preview_cards WHERE image_file_name IS NOT NULL", "cache/preview_cards/images", "original"},
		{"SELECT id, file_file_name, file_file_size FROM site_uploads", "site_uploads/files", "original"},
	} {
		rows := strings.Split(server.SQL(t, db, named.sql), "\n")
		require.NotEmpty(t, rows[0], named.root)
		for _, row := range rows {
			var id int64
			var size int
			fields := strings.Split(row, "|")
			require.Len(t, fields, 3, named.root)
			_, err := fmt.Sscan(fields[0]+" "+fields[2], &id, &size)
			require.NoError(t, err)
			info, err := os.Stat(filepath.Join(dir, named.root, sample.Partition(id), named.styles, fields[1]))
			require.NoError(t, err)
			require.EqualValues(t, size, info.Size())
		}
	}

	count := 0
	require.NoError(t, filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if d.Type().IsRegular() {
			count++
		}
		return err
	}))
	listed := 0
	for range sample.Small.Files(now) {
		listed++
	}
	require.Equal(t, listed, count, "no two files share a path")
}

func TestTheSameSizeMakesTheSameServer(t *testing.T) {
	write := func(s sample.Size) string {
		var b bytes.Buffer
		require.NoError(t, s.WriteSQL(&b, now))
		require.NoError(t, s.WriteEnvironment(&b))
		return b.String()
	}
	other := sample.Small
	other.Seed++
	require.Equal(t, write(sample.Small), write(sample.Small))
	require.NotEqual(t, write(sample.Small), write(other))
}

func TestAnOldServerHasHadFewerMigrations(t *testing.T) {
	old := sample.Small
	old.SchemaVersion = "20221104133904"
	server := pgtest.Start(t)
	require.Equal(t, old.SchemaVersion, server.SQL(t, load(t, server, old), "SELECT max(version) FROM schema_migrations"))
}

func TestMigrationsAreThoseOfTheStandIn(t *testing.T) {
	found, err := filepath.Glob("../../testdata/e2e/image/opt/mastodon/db/migrate/*.rb")
	require.NoError(t, err)
	var versions []string
	for _, path := range found {
		version, _, _ := strings.Cut(filepath.Base(path), "_")
		versions = append(versions, version)
	}
	require.Equal(t, sample.Migrations, versions)
}

func TestPartition(t *testing.T) {
	for id, want := range map[int64]string{
		1:                  "000/000/001",
		123456789:          "123/456/789",
		1234567890:         "001/234/567/890",
		109373187686400001: "109/373/187/686/400/001",
	} {
		require.Equal(t, want, sample.Partition(id))
	}
}

func TestTooSmallAServerIsRefused(t *testing.T) {
	require.ErrorContains(t, sample.Size{Users: 1}.WriteSQL(new(bytes.Buffer), now), "remote")
}

func load(t *testing.T, server *pgtest.Server, s sample.Size) string {
	t.Helper()
	var sql bytes.Buffer
	require.NoError(t, s.WriteSQL(&sql, now))
	db := server.Database(t, "mastodon_production")
	server.SQL(t, db, sql.String())
	return db
}
