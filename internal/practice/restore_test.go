package practice_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"mastodon-restore/internal/mastodon"
	"mastodon-restore/internal/postgres"
	"mastodon-restore/internal/practice"
	"mastodon-restore/internal/remote"
	"mastodon-restore/workflow/restore"
)

// database is the cluster's, by scripts or simulated.
func database(c *practice.Cluster, login postgres.Login, place remote.Place) restore.Database {
	server := postgres.Server{Shell: remote.Shell{Place: place}, Login: login, Scratch: c.Scratch()}
	if simulation := c.Simulation(); simulation != nil {
		return simulation.Reach(server)
	}
	return &server
}

func setOf(t *testing.T, c *practice.Cluster, which int) string {
	t.Helper()
	sets, err := filepath.Glob(filepath.Join(c.SetDir(), "*"))
	require.NoError(t, err)
	return sets[which]
}

const damaged, older, good = 0, 1, 2

// stage puts the dump where the client's container reads it.
func stage(t *testing.T, c *practice.Cluster, set string) string {
	t.Helper()
	dump, err := os.ReadFile(filepath.Join(set, "pg_dump_mastodon_backup.sqlc"))
	require.NoError(t, err)
	staged := filepath.Join(c.Scratch(), "dump.sqlc")
	require.NoError(t, os.WriteFile(staged, dump, 0o644))
	return staged
}

// load brings a dump into a new database.
func load(t *testing.T, db restore.Database, staged, name string) (items int) {
	t.Helper()
	require.NoError(t, db.Create(t.Context(), postgres.NewDatabase{Name: name, Like: "mastodon_production", Owner: "mastodon", Encoding: "UTF8", Collate: "C", CType: "C", Comment: "ours"}))
	for _, section := range []postgres.Section{postgres.PreData, postgres.Data, postgres.PostData} {
		l := postgres.Load{Database: name, Dump: staged, Section: section, Attempt: 1, Jobs: 2}
		require.NoError(t, db.Load(t.Context(), l, func(i postgres.Item) {
			if i.Done && i.Kind == "TABLE DATA" {
				items++
			}
		}, nil))
	}
	require.NoError(t, db.Analyze(t.Context(), name, 1))
	return items
}

// Making a cluster takes seconds, so one of each kind goes through everything.
func TestAPracticeServer(t *testing.T) {
	for name, simulate := range map[string]bool{"with a real PostgreSQL": false, "simulated": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := open(t, practice.Options{Simulate: simulate})
			require.Equal(t, simulate, strings.Contains(c.Simulated(), "simulated"))
			t.Run("its sets are what the backup script leaves", func(t *testing.T) { sets(t, c) })
			t.Run("it is broken, and its good set restores it", func(t *testing.T) { restored(t, c) })
			t.Run("its stand-ins do what Mastodon's tools do", func(t *testing.T) { standIns(t, c) })
		})
	}
}

func restored(t *testing.T, c *practice.Cluster) {
	ctx, i := t.Context(), instance(t, c)
	web, err := c.Workload(ctx, i.Web)
	require.NoError(t, err)
	require.Zero(t, web.Ready, "the server is broken")
	require.Contains(t, web.Problems[0], "/health answers 500")

	server := database(c, postgres.LoginServer, c.Place(i.Database.Pod, i.Database.Container))
	before, missing, err := server.Counts(ctx, i.Database.Name)
	require.NoError(t, err)
	require.Contains(t, missing, "users")
	require.Zero(t, before.LocalMedia)

	pod := utility(t, c, "k7q2")
	app := c.Place(pod, mastodon.AppContainer)
	for _, class := range []string{"accounts", "media_attachments", "site_uploads"} {
		archive, err := os.Open(filepath.Join(setOf(t, c, good), "system_"+class+".tar.gz"))
		require.NoError(t, err)
		defer archive.Close()
		_, err = remote.Shell{Place: app}.Feed(ctx, archive, `tar -xzf - -C "${1%/opt/mastodon/public/system}"`, i.SystemPath)
		require.NoError(t, err)
	}
	db := database(c, postgres.LoginApp, c.Place(pod, mastodon.PostgresContainer))
	require.Positive(t, load(t, db, stage(t, c, setOf(t, c, good)), "fresh"))
	require.NoError(t, db.Swap(ctx, postgres.Swap{New: "fresh", Live: i.Database.Name, Kept: "kept", Comment: "old", LiveComment: "restored"}))
	require.NoError(t, db.Swap(ctx, postgres.Swap{New: "fresh", Live: i.Database.Name, Kept: "kept", Comment: "old", LiveComment: "restored"}), "once is enough")

	after, missing, err := db.Counts(ctx, i.Database.Name)
	require.NoError(t, err)
	require.Empty(t, missing)
	require.Equal(t, []int64{5, 6, 118, 24, 6, 60}, []int64{after.Users, after.LocalAccounts, after.LocalPosts, after.LocalMedia, after.LocalEmoji, after.RemoteAccounts})
	require.Equal(t, "production", after.Environment)
	require.True(t, before.NewestPost.After(after.NewestPost), "posts since the backup are gone")
	require.WithinDuration(t, createdOf(t, setOf(t, c, good)), after.NewestPost, 10*time.Minute)
	contents, err := db.Contents(ctx, i.Database.Name)
	require.NoError(t, err)
	require.Contains(t, contents.Tables, "users")
	require.Contains(t, contents.Constraints, "users.users_pkey")

	media, err := db.Media(ctx, i.Database.Name, 100)
	require.NoError(t, err)
	require.Len(t, media, 24)
	for _, file := range media {
		require.FileExists(t, filepath.Join(i.SystemPath, file))
	}
	eventually(t, func() bool {
		web, err := c.Workload(ctx, i.Web)
		require.NoError(t, err)
		return web.Ready == web.Replicas
	})
	require.NoError(t, c.Remove(ctx, pod))
}

func standIns(t *testing.T, c *practice.Cluster) {
	ctx, i := t.Context(), instance(t, c)
	pod := utility(t, c, "older")
	app := c.Place(pod, mastodon.AppContainer)
	db := database(c, postgres.LoginApp, c.Place(pod, mastodon.PostgresContainer))
	require.NoError(t, db.Drop(ctx, "kept"))
	load(t, db, stage(t, c, setOf(t, c, older)), "older")
	require.NoError(t, db.Swap(ctx, postgres.Swap{New: "older", Live: i.Database.Name, Kept: "kept", LiveComment: "older"}))
	run := func(command string) string {
		return sh(t, app, `cd "${1%/public/system}" && exec `+command, i.SystemPath)
	}
	rows := func(table string) int64 {
		n, err := db.Rows(ctx, i.Database.Name, []string{table})
		require.NoError(t, err)
		return n[table]
	}

	run("bin/rails db:migrate")
	after, _, err := db.Counts(ctx, i.Database.Name)
	require.NoError(t, err)
	require.Equal(t, mastodon.SchemaOf(i.Version), after.Schema)
	require.Empty(t, run("bundle exec rails db:migrate"), "there is nothing left to migrate")

	require.Equal(t, "OK\n", run("tootctl cache clear"))
	require.Contains(t, run("tootctl media remove --days 0 --verbose"), "\nRemoved 64 media attachments (approx. ")
	require.Contains(t, run("tootctl media remove --days 0"), "Removed 0 media attachments")
	require.Contains(t, run("tootctl preview_cards remove --days=0"), "Removed media from ")
	emoji := rows("custom_emojis")
	require.Equal(t, "OK\n", run("tootctl emoji purge --remote-only"))
	require.Equal(t, emoji-30, rows("custom_emojis"), "only remote ones")
	require.Contains(t, run("tootctl feeds build --all"), "Regenerated feeds for 5 accounts\n")

	said := run("tootctl accounts refresh --all -v")
	require.Contains(t, said, "Refreshed 60 accounts\n")
	failed := strings.Count(said, "Error processing ")
	require.True(t, failed > 0 && failed < 20, "%d", failed)
	fetched, err := filepath.Glob(filepath.Join(i.SystemPath, "cache/accounts/avatars/*/*/*/*/*/*/original/*"))
	require.NoError(t, err)
	require.NotEmpty(t, fetched)

	for command, says := range map[string]string{
		"tootctl media remove --dayz 3": `was called with arguments ["--dayz"]`,
		"tootctl accounts refresh":      "No account(s) given",
		"tootctl make coffee":           `Could not find command "make coffee"`,
		"tootctl search deploy":         "Connection refused",
		"rails db:rollback":             "Unrecognized command",
	} {
		_, err := remote.Shell{Place: app}.Do(ctx, command)
		var exit *remote.ExitError
		require.ErrorAs(t, err, &exit, command)
		require.Equal(t, fmt.Sprint(1, " ", says), fmt.Sprint(exit.Code, " ", says))
		require.Contains(t, exit.Stderr, says)
	}
}
