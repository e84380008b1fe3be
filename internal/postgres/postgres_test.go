package postgres_test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"mastodon-restore/internal/pgtest"
	"mastodon-restore/internal/postgres"
	"mastodon-restore/internal/remote"
	"mastodon-restore/internal/sample"
)

// now is when the sample server's newest post was written, about.
var now = time.Date(2026, 11, 19, 3, 0, 0, 0, time.UTC)

// live starts a server with a sample Mastodon in the database "live" and a role like Mastodon's.
func live(t *testing.T) (*postgres.Server, *pgtest.Server) {
	t.Helper()
	pg := pgtest.Start(t)
	pg.SQL(t, "postgres", `CREATE ROLE mastodon LOGIN CREATEDB`)
	pg.SQL(t, "postgres", `CREATE DATABASE live OWNER mastodon TEMPLATE template0`)
	var sql bytes.Buffer
	sql.WriteString("SET ROLE mastodon;\n")
	require.NoError(t, sample.Small.WriteSQL(&sql, now))
	pg.SQL(t, "live", sql.String())
	env := []string{"DB_HOST=" + pg.Host, "DB_PORT=" + strconv.Itoa(pg.Port), "DB_USER=mastodon", "DB_PASS=unused", "PATH=" + pg.BinDir + ":" + os.Getenv("PATH")}
	return &postgres.Server{
		Shell:   remote.Shell{Place: &remote.Local{Env: env}},
		Login:   postgres.LoginApp,
		Scratch: t.TempDir(),
	}, pg
}

func TestLookTellsWhatTheRoleMayDo(t *testing.T) {
	s, pg := live(t)
	pg.SQL(t, "postgres", `CREATE ROLE "odd ""role'" LOGIN; CREATE DATABASE "it's" OWNER "odd ""role'"; COMMENT ON DATABASE "it's" IS 'kept by run k7q2'`)

	look, err := s.Look(t.Context(), "live")
	require.NoError(t, err)
	require.True(t, look.Exists && look.CreateDB && look.Owns)
	require.False(t, look.Superuser)
	require.Equal(t, "mastodon", look.User)
	require.Equal(t, "mastodon", look.Owner)
	require.Equal(t, "UTF8", look.Encoding)
	require.Positive(t, look.Bytes)
	require.GreaterOrEqual(t, postgres.Major(look.Server), 12)
	require.GreaterOrEqual(t, postgres.Major(look.Client), postgres.Major(look.Server))
	require.Equal(t, "kept by run k7q2", look.Databases["it's"])

	look, err = s.Look(t.Context(), "it's")
	require.NoError(t, err)
	require.True(t, look.Exists)
	require.False(t, look.Owns)

	look, err = s.Look(t.Context(), "nowhere")
	require.NoError(t, err)
	require.False(t, look.Exists)
}

func TestCountsOfABrokenServerLackOnlyWhatIsMissing(t *testing.T) {
	s, pg := live(t)
	whole, missing, err := s.Counts(t.Context(), "live")
	require.NoError(t, err)
	require.Empty(t, missing)
	require.Positive(t, whole.Users)
	require.Positive(t, whole.LocalPosts)
	require.Positive(t, whole.RemoteAccounts)
	require.Equal(t, "production", whole.Environment)
	require.WithinDuration(t, now, whole.NewestPost, 30*24*time.Hour)

	pg.SQL(t, "live", `DROP TABLE statuses CASCADE`)
	broken, missing, err := s.Counts(t.Context(), "live")
	require.NoError(t, err)
	require.Equal(t, []string{"statuses", "statuses"}, missing)
	require.Equal(t, whole.Users, broken.Users)
	require.Zero(t, broken.LocalPosts)

	pg.SQL(t, "postgres", `CREATE DATABASE void`)
	_, missing, err = s.Counts(t.Context(), "void")
	require.NoError(t, err)
	require.Contains(t, missing, "users")
}

func TestADumpGoesIntoANewDatabaseAndIsSwappedIn(t *testing.T) {
	ctx := t.Context()
	s, pg := live(t)
	pg.SQL(t, "postgres", `ALTER DATABASE live SET statement_timeout TO '15s'; CREATE ROLE reader; GRANT TEMP ON DATABASE live TO reader`)
	before, _, err := s.Counts(ctx, "live")
	require.NoError(t, err)
	contents, err := s.Contents(ctx, "live")
	require.NoError(t, err)
	require.Contains(t, contents.Constraints, "web_push_subscriptions.web_push_subscriptions_access_token_id_fkey", "names longer than 63 bytes with their table's are whole")
	dump, err := s.Save(ctx, "live", 1, nil)
	require.NoError(t, err)
	pg.SQL(t, "live", `DELETE FROM users; DROP TABLE tags CASCADE`)

	look, err := s.Look(ctx, "live")
	require.NoError(t, err)
	fresh := postgres.NewDatabase{Name: "mastodon_restore_k7q2", Like: "live", Owner: look.Owner, Encoding: look.Encoding, Collate: look.Collate, CType: look.CType, Comment: "run k7q2, it's new"}
	require.NoError(t, s.Create(ctx, fresh))
	require.NoError(t, s.Create(ctx, fresh), "making it again starts it over")
	finished := map[string]int{}
	for _, section := range []postgres.Section{postgres.PreData, postgres.Data, postgres.PostData} {
		load := postgres.Load{Database: fresh.Name, Dump: dump, Section: section, Attempt: 1, Jobs: 2}
		count := func(i postgres.Item) {
			if i.Done {
				finished[i.Kind]++
			}
		}
		require.NoError(t, s.Load(ctx, load, count, nil))
		require.NoError(t, s.Load(ctx, load, nil, nil), "loading again only follows what was done")
	}
	require.NoError(t, s.Analyze(ctx, fresh.Name, 1))
	require.Equal(t, len(contents.Tables), finished["TABLE DATA"])
	require.Equal(t, len(contents.Indexes), finished["INDEX"])

	restored, err := s.Contents(ctx, fresh.Name)
	require.NoError(t, err)
	require.Equal(t, contents, restored)
	require.True(t, slices.IsSorted(restored.Tables))
	rows, err := s.Rows(ctx, fresh.Name, contents.Tables)
	require.NoError(t, err)
	require.Equal(t, before.Users, rows["users"])

	swap := postgres.Swap{New: fresh.Name, Live: "live", Kept: "live_before_k7q2", Comment: "before run k7q2", LiveComment: "restored by run k7q2"}
	require.NoError(t, s.Swap(ctx, swap))
	require.NoError(t, s.Swap(ctx, swap), "swapping again changes nothing")
	after, _, err := s.Counts(ctx, "live")
	require.NoError(t, err)
	require.Equal(t, before, after)
	look, err = s.Look(ctx, "live")
	require.NoError(t, err)
	require.Equal(t, "restored by run k7q2", look.Comment)
	require.Equal(t, "before run k7q2", look.Databases["live_before_k7q2"])
	require.Equal(t, "0", pg.SQL(t, "live_before_k7q2", `SELECT count(*) FROM users`))
	require.Contains(t, pg.SQL(t, "live", `SHOW statement_timeout`), "15s")
	require.Equal(t, "t", pg.SQL(t, "live", `SELECT has_database_privilege('reader', 'live', 'TEMP')`))
}

func TestASwapEndsSessionsAndRefusesToOverwrite(t *testing.T) {
	s, pg := live(t)
	pg.SQL(t, "postgres", `CREATE DATABASE fresh OWNER mastodon; CREATE DATABASE kept OWNER mastodon`)
	swap := postgres.Swap{New: "fresh", Live: "live", Kept: "kept"}
	require.ErrorContains(t, s.Swap(t.Context(), swap), "kept is there already")
	swap.Kept, swap.New = "kept2", "never"
	require.ErrorContains(t, s.Swap(t.Context(), swap), "nothing to swap in")

	idle := remote.Job{Shell: s.Shell, Dir: filepath.Join(s.Scratch, "idle"), Script: string(s.Login) + `printf 'BEGIN;\nSELECT 1;\n\\! sleep 60\n' | psql -d live`}
	require.NoError(t, idle.Start(t.Context()))
	require.Eventually(t, func() bool {
		look, err := s.Look(t.Context(), "live")
		return err == nil && len(look.Sessions) == 1 && strings.Contains(look.Sessions[0], "idle in transaction")
	}, 10*time.Second, 50*time.Millisecond)
	swap.New = "fresh"
	require.NoError(t, s.Swap(t.Context(), swap))
	require.NoError(t, idle.Stop(t.Context()))
}

func TestADumpThatStopsHalfWayLeavesTheLiveDatabaseAlone(t *testing.T) {
	ctx := t.Context()
	s, pg := live(t)
	dump, err := s.Save(ctx, "live", 1, nil)
	require.NoError(t, err)
	whole, err := os.ReadFile(dump)
	require.NoError(t, err)
	cut := filepath.Join(s.Scratch, "cut.sqlc")
	require.NoError(t, os.WriteFile(cut, whole[:len(whole)*6/10], 0o644))

	before := pg.SQL(t, "live", `SELECT count(*) FROM statuses`)
	err = s.InPlace(ctx, "live", cut, 1, nil, nil)
	require.ErrorContains(t, err, "exit code 1")
	require.True(t, postgres.Refused(err))
	require.Equal(t, before, pg.SQL(t, "live", `SELECT count(*) FROM statuses`))

	pg.SQL(t, "live", `DELETE FROM users`)
	require.NoError(t, s.InPlace(ctx, "live", dump, 2, nil, nil))
	require.NotEqual(t, "0", pg.SQL(t, "live", `SELECT count(*) FROM users`))
}
