package restore

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"mastodon-restore/internal/backupset"
	"mastodon-restore/internal/mastodon"
	"mastodon-restore/internal/postgres"
	"mastodon-restore/internal/remote"
	"mastodon-restore/internal/transfer"
	"mastodon-restore/workflow"
)

// Restored is how far the database is.
type Restored struct {
	// Attempt counts the new databases begun; Sections are those that ended well in this attempt.
	Attempt  int             `json:"attempt"`
	Sections []string        `json:"sections,omitempty"`
	Checked  bool            `json:"checked"` // contents, rows and figures equal the dump's
	Swapped  bool            `json:"swapped"` // it is the live one
	Saved    string          `json:"saved,omitempty"`
	Counts   mastodon.Counts `json:"counts"`
	Took     time.Duration   `json:"took"`
}

func (f Facts) swapped() bool { return f.Restored != nil && f.Restored.Swapped }

// fresh is the database the dump goes into, kept the name the old one is kept under.
func (r *Restore) fresh() string { return "mastodon_restore_" + r.Run }
func (r *Restore) kept() string  { return r.Facts.Instance.Database.Name + "_before_" + r.Run }

// stagedDump is where the dump lies in the utility pod.
func (r *Restore) stagedDump() string { return path.Join(r.World.Scratch, "dump.sqlc") }

func (r *Restore) database() workflow.Step {
	return r.closedStep(workflow.Step{
		ID: "database", Title: "database",
		Explain: workflow.Explain{
			Why:    "The dump goes into a new database, which is compared with the dump and only then takes the live one's name, in one transaction. The old database is kept.",
			ByHand: "createdb -T template0 NEW; pg_restore --exit-on-error --no-owner -j 2 -d NEW DUMP; ALTER DATABASE live RENAME TO live_before; ALTER DATABASE NEW RENAME TO live",
			Risk:   "An index that can't be built, because the backed-up database held duplicates: then the server stays closed and nothing is swapped.",
			Undo:   "mastodon-restore undo RUN renames both databases back",
		},
		Done: func(context.Context, *workflow.Task) (bool, error) { return r.Facts.swapped(), nil },
		Run: func(ctx context.Context, t *workflow.Task) error {
			if r.Facts.Restored == nil {
				r.Facts.Restored = &Restored{}
			}
			began := t.Now()
			if r.Facts.Options.Database == DatabaseInPlace {
				return r.withPod(ctx, t, func() error { return r.loadInPlace(ctx, t) })
			}
			err := r.withPod(ctx, t, func() error { return r.loadBeside(ctx, t) })
			r.Facts.Restored.Took += t.Now().Sub(began)
			if err != nil {
				return err
			}
			return r.swapIn(ctx, t)
		},
	})
}

// stage brings the dump into the pod, where pg_restore can read it in any order.
func (r *Restore) stage(ctx context.Context, t *workflow.Task) error {
	o := transfer.Options{SHA256: r.Facts.Backup.Part(backupset.Dump).SHA256, BytesPerSecond: r.Facts.Options.BytesPerSecond}
	// The scratch folder goes with its pod, so the ledger belongs to this one.
	pod, err := r.World.Cluster.Pod(ctx, PodOf(r.Run))
	if err != nil {
		return err
	}
	_, err = r.carry(ctx, t, "dump", "dump-"+short(pod.UID), o, func(o transfer.Options) (transfer.Report, error) {
		return r.World.Files.SendFile(ctx, r.client(), r.set.Path(backupset.Dump), r.stagedDump(), o)
	})
	if err != nil {
		return r.transferCard(err, "the dump")
	}
	return nil
}

// loadBeside loads the dump into a new database and checks it there.
func (r *Restore) loadBeside(ctx context.Context, t *workflow.Task) error {
	restored := r.Facts.Restored
	if restored.Checked {
		return nil
	}
	if err := r.stage(ctx, t); err != nil {
		return err
	}
	if err := r.begin(ctx, t); err != nil {
		return err
	}
	for _, section := range []postgres.Section{postgres.PreData, postgres.Data, postgres.PostData} {
		if err := r.loadSection(ctx, t, section); err != nil {
			return err
		}
	}
	t.Log("gathering statistics")
	if err := r.db(t).Analyze(ctx, r.fresh(), restored.Attempt); err != nil {
		return r.loadCard(err, "gathering statistics")
	}
	if err := r.compare(ctx, t); err != nil {
		return err
	}
	restored.Checked = true
	return t.Save()
}

// begin makes the new database, unless this attempt's is being filled already.
func (r *Restore) begin(ctx context.Context, t *workflow.Task) error {
	restored := r.Facts.Restored
	if restored.Attempt > 0 {
		alive, err := r.attemptAlive(ctx, t)
		if err != nil || alive {
			return err
		}
	}
	restored.Attempt, restored.Sections = restored.Attempt+1, nil
	if err := t.Save(); err != nil {
		return err
	}
	look := r.Facts.Look
	fresh := postgres.NewDatabase{Name: r.fresh(), Like: r.Facts.Instance.Database.Name, Owner: r.Facts.Instance.Database.User,
		Encoding: look.Encoding, Collate: look.Collate, CType: look.CType, Comment: r.mark(fmt.Sprintf("being restored, attempt %d", restored.Attempt))}
	if look.Exists {
		fresh.Owner = look.Owner
	}
	t.Log("new database %s, owner %s", fresh.Name, fresh.Owner)
	if err := again(ctx, t, func() error { return r.db(t).Create(ctx, fresh) }); err != nil {
		return r.card(err, "the new database could not be made")
	}
	return t.Note("created-"+strconv.Itoa(restored.Attempt), fresh.Name)
}

// mark is the comment that makes a database ours for every machine.
func (r *Restore) mark(state string) string { return "mastodon-restore run " + r.Run + ": " + state }

// attemptAlive says whether the database of the current attempt is there and can be gone on with.
// One whose making was not noted, or whose section was lost with its pod, is started over.
func (r *Restore) attemptAlive(ctx context.Context, t *workflow.Task) (bool, error) {
	if _, made := t.Noted("created-" + strconv.Itoa(r.Facts.Restored.Attempt)); !made {
		return false, nil
	}
	if _, failed := t.Noted("failed-" + strconv.Itoa(r.Facts.Restored.Attempt)); failed {
		return false, nil
	}
	if running, begun := t.Noted("running-" + strconv.Itoa(r.Facts.Restored.Attempt)); begun {
		section, uid, _ := strings.Cut(running, " ")
		pod, err := r.World.Cluster.Pod(ctx, PodOf(r.Run))
		if err != nil || !slices.Contains(r.Facts.Restored.Sections, section) && pod.UID != uid {
			return false, err
		}
	}
	look, err := r.db(t).Look(ctx, r.fresh())
	if err != nil {
		return false, r.card(err, "look at the new database")
	}
	return look.Exists, nil
}

// runsHere notes in which pod a section is being loaded: in another one it can't be followed, and
// loading it a second time would double its rows.
func (r *Restore) runsHere(ctx context.Context, t *workflow.Task, section postgres.Section) error {
	pod, err := r.World.Cluster.Pod(ctx, PodOf(r.Run))
	if err != nil {
		return err
	}
	return t.Note("running-"+strconv.Itoa(r.Facts.Restored.Attempt), string(section)+" "+pod.UID)
}

// loadSection runs pg_restore for one section, detached, and follows it.
func (r *Restore) loadSection(ctx context.Context, t *workflow.Task, section postgres.Section) error {
	restored := r.Facts.Restored
	if slices.Contains(restored.Sections, string(section)) {
		return nil
	}
	t.Log("section %s", section)
	if err := r.runsHere(ctx, t, section); err != nil {
		return err
	}
	meter := newMeter(t, r.Facts.Backup.Database.Kinds)
	load := postgres.Load{Database: r.fresh(), Dump: r.stagedDump(), Section: section, Attempt: restored.Attempt, Jobs: 2}
	var first firstError
	err := r.db(t).Load(ctx, load, meter.item, func(line string) {
		first.log(t, line)
	})
	if ctx.Err() != nil {
		return err
	}
	if err != nil {
		if noteErr := t.Note("failed-"+strconv.Itoa(restored.Attempt), err.Error()); noteErr != nil {
			return noteErr
		}
		if errors.Is(err, remote.ErrGone) {
			return err // withPod makes another attempt
		}
		return first.explain(r.loadCard(err, "restoring the "+string(section)+" section"))
	}
	restored.Sections = append(restored.Sections, string(section))
	return t.Save()
}

func (r *Restore) loadCard(err error, doing string) *workflow.Failure {
	f := r.card(err, doing)
	if r.Facts.Options.Database == DatabaseSwap {
		f.World = "The new database is not in use. " + f.World
	}
	return f
}

// swapIn gives the checked database the live one's name.
func (r *Restore) swapIn(ctx context.Context, t *workflow.Task) error {
	live := r.Facts.Instance.Database.Name
	swap := postgres.Swap{New: r.fresh(), Live: live, Kept: r.kept(), Comment: r.mark("kept from before"), LiveComment: r.mark("restored")}
	for try := 1; ; try++ {
		err := again(ctx, t, func() error { return r.db(t).Swap(ctx, swap) })
		if err == nil {
			break
		}
		if try == 3 || ctx.Err() != nil || !strings.Contains(err.Error(), "being accessed by other users") {
			return r.loadCard(err, "swapping the new database in")
		}
		t.LogAt(workflow.SeverityWarns, "somebody is still connected; trying again: %v", err)
		if err := pause(ctx, pauseBetween); err != nil {
			return err
		}
	}
	r.Facts.Restored.Swapped = true
	t.Log("%s is live; the old one is kept as %s", live, r.kept())
	return t.Save()
}
