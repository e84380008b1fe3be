package restore

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"mastodon-restore/internal/remote"
	"mastodon-restore/workflow"
)

// loadInPlace restores over the live database in one transaction, after a dump of it was brought
// to this machine. An error leaves the database as it was.
func (r *Restore) loadInPlace(ctx context.Context, t *workflow.Task) error {
	restored, live := r.Facts.Restored, r.Facts.Instance.Database.Name
	if err := r.stage(ctx, t); err != nil {
		return err
	}
	if restored.Saved == "" && r.Facts.Look.Exists {
		if err := r.saveOld(ctx, t); err != nil {
			return err
		}
	}
	// An attempt that was cut off may still run in its pod: it is followed, not begun twice.
	if _, failed := t.Noted("failed-" + strconv.Itoa(restored.Attempt)); failed || restored.Attempt == 0 {
		restored.Attempt++
		if err := t.Save(); err != nil {
			return err
		}
	}
	meter := newMeter(t, r.Facts.Backup.Database.Kinds)
	var first firstError
	err := r.db(t).InPlace(ctx, live, r.stagedDump(), restored.Attempt, meter.item, func(line string) {
		first.log(t, line)
	})
	if ctx.Err() != nil {
		return err
	}
	if err != nil {
		if noteErr := t.Note("failed-"+strconv.Itoa(restored.Attempt), err.Error()); noteErr != nil {
			return noteErr
		}
		f := first.explain(r.loadCard(err, "restoring in place"))
		f.World = "It ran in one transaction: your old database is as it was. " + f.World
		return f
	}
	if err := r.db(t).Analyze(ctx, live, restored.Attempt); err != nil {
		return r.loadCard(err, "gathering statistics")
	}
	if err := r.compareWith(ctx, t, live); err != nil {
		return err
	}
	restored.Checked, restored.Swapped = true, true
	return t.Save()
}

// saveOld dumps the live database and brings the dump beside the journal.
func (r *Restore) saveOld(ctx context.Context, t *workflow.Task) error {
	live := r.Facts.Instance.Database.Name
	t.Log("dumping %s before it is changed", live)
	file, err := r.db(t).Save(ctx, live, r.Facts.Restored.Attempt+1, func(line string) { t.Log("%s", line) })
	if err != nil {
		return r.loadCard(err, "saving the old database")
	}
	local := filepath.Join(t.Folder(), "before.sqlc")
	if err := fetch(ctx, r.shell(t, r.client()), file, local); err != nil {
		return r.loadCard(err, "bringing the old database's dump to this machine")
	}
	t.Log("the old database is saved as %s", local)
	r.Facts.Restored.Saved = local
	return t.Save()
}

// errCut means that a stream ended before its data did.
var errCut = errors.New("the digests differ")

// fetch copies a file from a place to this machine and compares the digests of both ends.
func fetch(ctx context.Context, shell remote.Shell, from, to string) error {
	want, err := shell.Ask(ctx, `sha256sum "$1" | cut -d ' ' -f 1`, from)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(to+".part", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	sum := sha256.New()
	// The transport's word on how this ended is not needed: the digest tells.
	streamErr := shell.Place.Exec(ctx, []string{"cat", from}, remote.Streams{Out: io.MultiWriter(f, sum)})
	if got := hex.EncodeToString(sum.Sum(nil)); got != strings.TrimSpace(want) {
		return fmt.Errorf("copy %s from %s: it arrived damaged or cut: %w", from, shell.Place, errors.Join(errCut, streamErr))
	}
	if err := f.Sync(); err != nil {
		return err
	}
	return os.Rename(to+".part", to)
}
