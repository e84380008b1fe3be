package practice

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"time"
)

const (
	dumpName        = "pg_dump_mastodon_backup.sqlc"
	environmentName = "mastodon_environment.txt"
)

// whileClosed are the archives that go in before the server is opened again, cached is the one
// that can follow.
var (
	whileClosed = []string{"accounts", "media_attachments", "site_uploads"}
	cached      = "cache"
)

// times are when the backups were taken: by night, some hours and some weeks ago.
type times struct{ good, older, damaged time.Time }

func timesAt(now time.Time) times {
	now = now.UTC()
	night := time.Date(now.Year(), now.Month(), now.Day(), 3, 0, 0, 0, time.UTC)
	if now.Sub(night) < 2*time.Hour {
		night = night.AddDate(0, 0, -1)
	}
	return times{good: night, older: night.AddDate(0, 0, -7), damaged: night.AddDate(0, 0, -14)}
}

// set is the folder of the backup of a time.
func (b *builder) set(at time.Time) string {
	return filepath.Join(b.dir, "sets", at.Format("2006-01-02_1504"))
}

// archives makes everything but the dumps of the good and the older set.
func (b *builder) archives(ctx context.Context, times times) error {
	if err := b.archive(ctx, times.good, nodeOf(b.dir), append(whileClosed[:3:3], cached)); err != nil {
		return err
	}
	if b.simulate { // its dumps all name the same files
		return b.archive(ctx, times.older, nodeOf(b.dir), whileClosed)
	}
	then := filepath.Join(b.dir, "older")
	if err := size.WriteFiles(systemOf(then), times.older); err != nil {
		return err
	}
	if err := b.archive(ctx, times.older, then, whileClosed); err != nil {
		return err
	}
	return os.RemoveAll(then)
}

// archive packs classes of files with the backup script's own command.
func (b *builder) archive(ctx context.Context, at time.Time, root string, classes []string) error {
	dir := b.set(at)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for _, class := range classes {
		cmd := exec.CommandContext(ctx, "tar", "zcf", filepath.Join(dir, archiveName(class)), "-C", root, path.Join("opt/mastodon/public/system", class))
		if said, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("run tar: %w: %s", err, said)
		}
	}
	env, err := os.OpenFile(filepath.Join(dir, environmentName), os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	if err := size.WriteEnvironment(env); err != nil {
		_ = env.Close()
		return err
	}
	return env.Close()
}

func archiveName(class string) string { return "system_" + class + ".tar.gz" }

// damagedSet is a copy of the older one whose largest archive ended too early, as they do when a
// stream is cut while the backup is taken.
func (b *builder) damagedSet(times times) error {
	from, to := b.set(times.older), b.set(times.damaged)
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		return err
	}
	cut := filepath.Join(to, archiveName("media_attachments"))
	info, err := os.Stat(cut)
	if err != nil {
		return err
	}
	if err := os.Truncate(cut, info.Size()*6/10); err != nil {
		return err
	}
	return redate(filepath.Join(to, dumpName), times.damaged)
}

// bytesOf is the size of a set's archives.
func bytesOf(set string, classes []string) (sum int64, err error) {
	for _, class := range classes {
		info, err := os.Stat(filepath.Join(set, archiveName(class)))
		if err != nil {
			return 0, err
		}
		sum += info.Size()
	}
	return sum, nil
}

// redate sets the time that a dump's header gives for its making. The header is the magic, three
// bytes of version, the two sizes of numbers, the format, the compression (a number of five bytes
// before archive version 1.15, a byte since), and then the time in seven numbers.
func redate(name string, at time.Time) error {
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	head := make([]byte, 60)
	if _, err := io.ReadFull(f, head); err != nil {
		return fmt.Errorf("read the header of %s: %w", name, err)
	}
	if err := redateHeader(head, at); err != nil {
		return fmt.Errorf("date %s: %w", name, err)
	}
	if _, err := f.WriteAt(head, 0); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Chtimes(name, at, at)
}

func redateHeader(head []byte, at time.Time) error {
	if string(head[:5]) != "PGDMP" || head[5] != 1 || head[8] != 4 || head[10] != 1 {
		return fmt.Errorf("its header begins %q, which is none that pg_dump writes here", head[:11])
	}
	next := 12
	if head[6] < 15 {
		next = 16
	}
	at = at.Local()
	season := 0
	if at.IsDST() {
		season = 1
	}
	for _, n := range []int{at.Second(), at.Minute(), at.Hour(), at.Day(), int(at.Month()) - 1, at.Year() - 1900, season} {
		head[next], head[next+1], head[next+2], head[next+3], head[next+4] = 0, byte(n), byte(n>>8), 0, 0
		next += 5
	}
	return nil
}
