package backupset

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"mastodon-restore/internal/pgserver"
	"mastodon-restore/internal/sample"
)

// now is when the sample server was backed up.
var now = time.Now().UTC().Truncate(time.Second)

// small is the server that is backed up: something of everything, in a quarter of a megabyte.
var small = sample.Size{
	Seed: 7, Users: 5, LocalStatuses: 40, RemoteAccounts: 30, RemoteStatuses: 100,
	LocalAttachments: 12, RemoteAttachments: 15, LocalEmojis: 6, RemoteEmojis: 8, Cards: 6, FileBytes: 1200,
}

// files are a set's files by name.
type files map[string][]byte

// real is a set of a small server, and what the server itself said of what it held.
type real struct {
	files
	facts map[string]string
}

// whole makes the real set, once: PostgreSQL, pg_dump and tar.
var whole = sync.OnceValues(func() (r real, err error) {
	dir, err := os.MkdirTemp("", "backupset")
	if err != nil {
		return r, err
	}
	defer os.RemoveAll(dir)
	if r.facts, err = makeSet(context.Background(), dir, filepath.Join(dir, "set"), small); err != nil {
		return r, err
	}
	r.files = files{}
	entries, err := os.ReadDir(filepath.Join(dir, "set"))
	if err != nil {
		return r, err
	}
	for _, e := range entries {
		if r.files[e.Name()], err = os.ReadFile(filepath.Join(dir, "set", e.Name())); err != nil {
			return r, err
		}
	}
	return r, nil
})

// serverFacts is what the server said of itself.
func serverFacts(t testing.TB) map[string]string {
	t.Helper()
	r, err := whole()
	require.NoError(t, err)
	return r.facts
}

// questions are put to the server before it is dumped.
var questions = map[string]string{
	"counts": `SELECT (SELECT count(*) FROM users), (SELECT count(*) FROM accounts WHERE domain IS NULL),
		(SELECT count(*) FROM statuses WHERE deleted_at IS NULL AND (local OR uri IS NULL)),
		(SELECT count(*) FROM media_attachments WHERE remote_url = '' AND file_file_name IS NOT NULL),
		(SELECT count(*) FROM custom_emojis WHERE domain IS NULL), (SELECT count(*) FROM accounts WHERE domain IS NOT NULL),
		(SELECT count(*) FROM scheduled_statuses WHERE scheduled_at < now() AT TIME ZONE 'UTC'), (SELECT max(created_at) FROM statuses),
		(SELECT max(version) FROM schema_migrations), (SELECT value FROM ar_internal_metadata WHERE key = 'environment')`,
	"rows": `SELECT relname || '=' || (xpath('/row/n/text()', query_to_xml(format('SELECT count(*) AS n FROM public.%I', relname), false, true, '')))[1]
		FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY relname COLLATE "C"`,
}

// realSet is a copy of the real set's files, to be changed at will.
func realSet(t testing.TB) files {
	t.Helper()
	r, err := whole()
	require.NoError(t, err)
	return maps.Clone(r.files)
}

// write puts the files into a folder of their own.
func (f files) write(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range f {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), text, 0o644))
	}
	return dir
}

// makeSet makes a set as the community's script does. scratch is for the server's files.
func makeSet(ctx context.Context, scratch, dir string, size sample.Size, options ...string) (facts map[string]string, err error) {
	root := filepath.Join(scratch, "root")
	if err := errors.Join(os.MkdirAll(dir, 0o755), size.WriteFiles(filepath.Join(root, "opt/mastodon/public/system"), now)); err != nil {
		return nil, err
	}
	for _, class := range []Class{Accounts, MediaAttachments, SiteUploads, Cache, CustomEmojis} {
		if err := run(exec.CommandContext(ctx, "tar", "-czf", filepath.Join(dir, class.Names()[0]), "-C", root, "opt/mastodon/public/system/"+string(class))); err != nil {
			return nil, err
		}
	}
	var env bytes.Buffer
	if err := errors.Join(size.WriteEnvironment(&env), os.WriteFile(filepath.Join(dir, envFile), env.Bytes(), 0o600)); err != nil {
		return nil, err
	}
	return makeDump(ctx, filepath.Join(dir, dumpFile), size, options...)
}

func makeDump(ctx context.Context, out string, size sample.Size, options ...string) (map[string]string, error) {
	data, err := os.MkdirTemp("", "pg")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(data)
	server, err := pgserver.Start(ctx, data)
	if err != nil {
		return nil, err
	}
	defer server.Stop()
	const db = "mastodon_production"
	if _, err := server.SQL(ctx, "postgres", "CREATE DATABASE "+db); err != nil {
		return nil, err
	}
	client := func(program string, args ...string) *exec.Cmd {
		cmd := exec.CommandContext(ctx, filepath.Join(server.BinDir, program), append(args, db)...)
		cmd.Env = append(os.Environ(), server.Env()...)
		return cmd
	}
	rows, sql := io.Pipe()
	go func() { sql.CloseWithError(size.WriteSQL(sql, now)) }()
	load := client("psql", "-Xq", "-v", "ON_ERROR_STOP=1", "-o", os.DevNull)
	load.Stdin = rows
	if err := run(load); err != nil {
		return nil, err
	}
	facts := map[string]string{}
	for name, question := range questions {
		if facts[name], err = server.SQL(ctx, db, question); err != nil {
			return nil, err
		}
	}
	return facts, run(client("pg_dump", append(options, "--format=c", "-f", out)...))
}

func run(cmd *exec.Cmd) error {
	var said bytes.Buffer
	cmd.Stderr = &said
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s: %w: %s", cmd.Path, err, said.Bytes())
	}
	return nil
}

// read reads the set in a folder.
func read(t testing.TB, dir string, o Options) *Report {
	t.Helper()
	set, err := Open(dir)
	require.NoError(t, err)
	if o.Now.IsZero() {
		o.Now = now
	}
	r, err := set.Read(t.Context(), o)
	require.NoError(t, err)
	return r
}

// ids are the findings of some severity.
func ids(r *Report, severities ...Severity) (all []string) {
	for _, f := range r.Findings {
		if len(severities) == 0 || slices.Contains(severities, f.Severity) {
			all = append(all, f.ID)
		}
	}
	return all
}
