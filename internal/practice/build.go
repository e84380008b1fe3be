package practice

import (
	"bytes"
	"context"
	"embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"mastodon-restore/internal/mastodon"
	"mastodon-restore/internal/pgserver"
	"mastodon-restore/internal/sample"
)

// size is the practice server's.
var size = func() sample.Size {
	s := sample.Small
	s.Domain, s.FileBytes = Domain, 30_000
	return s
}()

// oldSchema is Mastodon 4.4.0's: the older set needs migrations.
const oldSchema = "20250627132728"

//go:embed scripts
var scripts embed.FS

// builder makes a cluster in a folder.
type builder struct {
	dir      string
	told     func(string)
	now      time.Time
	simulate bool
	postgres string // the database's folder, where it is real
	major    int
}

func (b *builder) build(ctx context.Context, o Options) error {
	b.told("making the practice server's files")
	if err := b.tools(); err != nil {
		return err
	}
	times := timesAt(b.now)
	born := times.good
	if b.simulate {
		born = made
	}
	if err := size.WriteFiles(systemOf(nodeOf(b.dir)), born); err != nil {
		return err
	}
	if err := b.archives(ctx, times); err != nil {
		return err
	}
	b.told("making the practice server's database and its backups")
	databases := b.realDatabases
	if b.simulate {
		databases = b.simulatedDatabases
	}
	if err := databases(ctx, times); err != nil {
		return err
	}
	if err := b.damagedSet(times); err != nil {
		return err
	}
	b.told("breaking the practice server")
	if err := breakFiles(systemOf(nodeOf(b.dir))); err != nil {
		return err
	}
	return b.objects(o, times)
}

// tools writes the stand-ins for Mastodon's own commands.
func (b *builder) tools() error {
	for name, folder := range map[string]string{"tootctl": "app", "rails": "app", "bundle": "app", "pg_restore": "client", "tar": "volume"} {
		text, err := scripts.ReadFile("scripts/" + name)
		if err != nil {
			return err
		}
		dir := filepath.Join(b.dir, "bin", folder)
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o755); err != nil {
			return err
		}
	}
	home := filepath.Join(nodeOf(b.dir), "opt", "mastodon")
	for _, folder := range []string{"public/assets", "db/migrate"} {
		if err := os.MkdirAll(filepath.Join(home, folder), 0o755); err != nil {
			return err
		}
	}
	for _, version := range sample.Migrations {
		if err := os.WriteFile(filepath.Join(home, "db", "migrate", version+"_practice.rb"), nil, 0o644); err != nil {
			return err
		}
	}
	return os.Symlink(filepath.Join("..", "..", "..", "bin", "app"), filepath.Join(home, "bin"))
}

// objects writes the cluster's state: everything runs, as far as it can with such a database.
func (b *builder) objects(o Options, times times) error {
	st := &state{
		Began: b.now, ClusterUID: newUID(), NamespaceUID: newUID(), Fast: o.Fast, Postgres: b.postgres, Major: b.major,
		Workloads: map[string]*workload{}, CronJobs: map[string]*cronJob{mediaRemove: {Schedule: "0 0 * * 0"}},
		Pods: []*pod{{Name: databasePod, UID: newUID(), Node: nodes[1]}},
	}
	for _, d := range deployments {
		st.Workloads[d.Name] = &workload{Kind: d.Kind, Component: d.Component, Container: d.Container}
		st.scale(d.Name, d.replicas, b.now.Add(-time.Hour), readable)
	}
	if o.Fault != "" {
		all, err := bytesOf(b.set(times.good), whileClosed)
		if err != nil {
			return err
		}
		// What a stream brings besides the files is much, beside such small ones.
		besides := int64(len(whileClosed)) * 96 << 10
		st.Fault = &misfortune{Name: o.Fault, After: (all + besides) / 2}
	}
	return store{b.dir}.save(st)
}

// realDatabases loads the server as it was when each backup was taken, and takes the backup with
// the command of the backup script.
func (b *builder) realDatabases(ctx context.Context, times times) error {
	// A folder of its own: a socket's path may not be long, and a server that root starts runs as
	// somebody else, who can't reach every folder of root's.
	dir, err := os.MkdirTemp("", "practice-pg-")
	if err != nil {
		return err
	}
	b.postgres = dir
	pg, err := pgserver.Start(ctx, dir)
	if err != nil {
		return err
	}
	if err = b.fill(ctx, pg, times); err == nil {
		b.major, err = major(ctx, pg)
	}
	return errors.Join(err, pg.Stop())
}

func (b *builder) fill(ctx context.Context, pg *pgserver.Server, times times) error {
	sql := fmt.Sprintf("CREATE ROLE %s LOGIN CREATEDB PASSWORD '%s'; ALTER ROLE postgres PASSWORD '%s';", databaseRole, databasePassword(), adminPassword)
	if _, err := pg.SQL(ctx, "postgres", sql); err != nil {
		return err
	}
	older := size
	older.SchemaVersion = oldSchema
	if err := b.backup(ctx, pg, older, times.older); err != nil {
		return err
	}
	if _, err := pg.SQL(ctx, "postgres", "DROP DATABASE "+databaseName); err != nil {
		return err
	}
	if err := b.backup(ctx, pg, size, times.good); err != nil {
		return err
	}
	_, err := pg.SQL(ctx, databaseName, "SET ROLE "+databaseRole+";"+breakRows)
	return err
}

// backup makes the database of a moment and dumps it.
func (b *builder) backup(ctx context.Context, pg *pgserver.Server, s sample.Size, at time.Time) error {
	if _, err := pg.SQL(ctx, "postgres", "CREATE DATABASE "+databaseName+" OWNER "+databaseRole+" TEMPLATE template0"); err != nil {
		return err
	}
	var sql strings.Builder
	sql.WriteString("SET ROLE " + databaseRole + ";\n")
	if err := s.WriteSQL(&sql, at); err != nil {
		return err
	}
	if _, err := pg.SQL(ctx, databaseName, sql.String()); err != nil {
		return err
	}
	name := filepath.Join(b.set(at), dumpName)
	if err := dump(ctx, pg, name); err != nil {
		return err
	}
	return redate(name, at)
}

// dump is the backup script's own command.
func dump(ctx context.Context, pg *pgserver.Server, name string, options ...string) error {
	out, err := os.Create(name)
	if err != nil {
		return err
	}
	defer out.Close()
	args := append([]string{"-U", databaseRole, "-d", databaseName, "--format=c"}, options...)
	cmd := exec.CommandContext(ctx, filepath.Join(pg.BinDir, "pg_dump"), args...)
	cmd.Env = append(os.Environ(), pg.Env()...)
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = out, &said
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("run pg_dump: %w: %s", err, bytes.TrimSpace(said.Bytes()))
	}
	return out.Close()
}

func major(ctx context.Context, pg *pgserver.Server) (n int, err error) {
	out, err := pg.SQL(ctx, "postgres", "SELECT current_setting('server_version_num')::int / 10000")
	if err != nil {
		return 0, err
	}
	_, err = fmt.Sscan(out, &n)
	return n, err
}

// clear removes what a failed build has left.
func (b *builder) clear() error {
	if b.postgres == "" {
		return os.RemoveAll(b.dir)
	}
	return errors.Join(os.RemoveAll(b.postgres), os.RemoveAll(b.dir))
}

// environment is what the web pod's container is configured with.
func environment() mastodon.Env {
	var text strings.Builder
	_ = size.WriteEnvironment(&text) // a strings.Builder takes everything
	env := mastodon.Env{}
	for line := range strings.Lines(text.String()) {
		name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
		env[name] = value
	}
	for _, ofThePod := range []string{"PATH", "HOSTNAME", "HOME", "PWD", "TZ"} {
		delete(env, ofThePod)
	}
	return env
}

// adminPassword opens nothing: the private PostgreSQL trusts whoever reaches its socket.
const adminPassword = "practice"

func databasePassword() string { return environment()["DB_PASS"] }
