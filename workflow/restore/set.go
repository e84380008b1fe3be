package restore

import (
	"context"
	"fmt"
	"sync"
	"time"

	"mastodon-restore/internal/backupset"
	"mastodon-restore/workflow"
)

func (r *Restore) chooseSet() workflow.Step {
	return workflow.Step{
		ID: "set", Title: "backup set",
		Explain: workflow.Explain{
			Why:    "Backups written through kubectl exec are often cut short without an error. Every byte of the chosen set is read before anything is touched.",
			ByHand: "gzip -t system_*.tar.gz; pg_restore -f /dev/null pg_dump_mastodon_backup.sqlc",
			Risk:   "None: the files are only read.",
			Undo:   "Nothing to undo.",
		},
		Run: r.readSet,
	}
}

func (r *Restore) readSet(ctx context.Context, t *workflow.Task) error {
	set, report, err := r.pickSet(ctx, t)
	if err != nil {
		return err
	}
	t.Log("set %s", set.Dir)
	if report == nil {
		if report, err = readWhole(ctx, t, set); err != nil {
			return err
		}
	}
	for _, f := range report.Findings {
		t.LogAt(levelOf(f.Severity), "%s: %s", f.ID, f.Text)
	}
	r.set, r.Facts.Backup = set, report
	return nil
}

// pickSet finds the sets and lets one be chosen; those listed are read meanwhile, newest first.
// The report is nil where the reading did not get to the end of the chosen one.
func (r *Restore) pickSet(ctx context.Context, t *workflow.Task) (*backupset.Set, *backupset.Report, error) {
	o := r.Facts.Options
	if o.Set != "" {
		set, err := backupset.Open(o.Set)
		if err == nil && set.Problem != nil {
			return nil, nil, unreadable(set)
		}
		if err != nil {
			return nil, nil, usage(err.Error(), "pass the folder that holds pg_dump_mastodon_backup.sqlc with --set")
		}
		return set, nil, nil
	}
	sets, err := backupset.Find(o.Sets)
	if err != nil {
		return nil, nil, usage(err.Error(), "pass a folder of backup sets with --sets, or one set with --set")
	}
	if len(sets) == 0 {
		return nil, nil, usage("no backup set in "+o.Sets, "a set is a folder with pg_dump_mastodon_backup.sqlc in it; pass its parent with --sets")
	}
	desk := newReading(sets, o.Sets, t)
	background, stop := context.WithCancel(ctx)
	var wg sync.WaitGroup
	wg.Go(func() { desk.openAll(background) })
	wg.Go(func() { desk.readAll(background) })
	a, err := ask(ctx, t, desk.question())
	stop()
	wg.Wait()
	if err != nil {
		return nil, nil, err
	}
	for _, row := range desk.rows {
		if row.set.Dir == a.Option {
			return row.set, row.report, nil
		}
	}
	return nil, nil, usage(fmt.Sprintf("no backup set %q", a.Option), "choose one of those in "+o.Sets)
}

// unreadable is a set whose dump can't even be begun with.
func unreadable(set *backupset.Set) error {
	f := workflow.Fail(set.Problem, "the backup set can't be used: "+set.Part(backupset.Dump).Name)
	f.Meaning = "Without its dump a set restores nothing. Choose another set, or take a good copy of the file."
	f.World, f.Exit = "Nothing was changed.", workflow.ExitBlocked
	return f
}

// reading is the table of sets while it is being filled.
type reading struct {
	dir  string
	task *workflow.Task

	mu   sync.Mutex
	rows []setRow

	screen sync.Mutex // held while the table is shown, so that no older one overtakes a newer
	told   time.Time
}

type setRow struct {
	set         *backupset.Set
	report      *backupset.Report
	done, total int64
	err         error
}

func newReading(sets []*backupset.Set, dir string, t *workflow.Task) *reading {
	d := &reading{dir: dir, task: t}
	for _, s := range sets {
		d.rows = append(d.rows, setRow{set: s, err: s.Problem})
	}
	return d
}

// opened is how many sets are opened ahead of their reading: more than any screen has lines.
const opened = 100

// openAll learns what takes no reading, such as the version. The newest set comes first.
func (d *reading) openAll(ctx context.Context) {
	for i := range min(opened, len(d.rows)) {
		row := d.row(i)
		if row.err != nil || ctx.Err() != nil {
			continue
		}
		if set, err := backupset.Open(row.set.Dir); err == nil && set.Problem == nil {
			d.change(i, func(r *setRow) { r.set = set })
			d.tell(false)
		}
	}
	if ctx.Err() == nil {
		d.tell(true)
	}
}

// readAll reads one set after the other; a set of its own is read side by side already.
func (d *reading) readAll(ctx context.Context) {
	for i := range d.rows {
		row := d.row(i)
		if row.err != nil || ctx.Err() != nil {
			continue
		}
		report, err := row.set.Read(ctx, backupset.Options{Progress: func(p backupset.Progress) {
			d.change(i, func(r *setRow) { r.done, r.total = p.Done, p.Total })
			d.tell(false)
		}})
		if ctx.Err() != nil {
			return
		}
		d.change(i, func(r *setRow) { r.report, r.err = report, err })
		d.tell(true)
	}
}

// tell shows the table as it is now; not more than five times a second, unless it must.
func (d *reading) tell(must bool) {
	d.screen.Lock()
	defer d.screen.Unlock()
	if must || time.Since(d.told) > 200*time.Millisecond {
		d.told = time.Now()
		d.task.Update(d.question())
	}
}

func (d *reading) row(i int) setRow {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.rows[i]
}

func (d *reading) change(i int, f func(*setRow)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	f(&d.rows[i])
}

func readWhole(ctx context.Context, t *workflow.Task, set *backupset.Set) (*backupset.Report, error) {
	report, err := set.Read(ctx, backupset.Options{Progress: func(p backupset.Progress) {
		t.Progress(workflow.Progress{ID: "read", Label: "reading", Done: p.Done, Total: p.Total, Unit: "bytes", Now: working(p)})
	}})
	if err != nil {
		return nil, fmt.Errorf("read the backup set %s: %w", set.Dir, err)
	}
	return report, nil
}

// working names the parts that are being read.
func working(p backupset.Progress) (now string) {
	for _, part := range p.Parts {
		if part.Over || part.Done == 0 {
			continue
		}
		if now != "" {
			now += ", "
		}
		now += string(part.Class)
	}
	return now
}

func levelOf(s backupset.Severity) workflow.Severity {
	switch s {
	case backupset.Damage:
		return workflow.SeverityBlocks
	case backupset.Warning:
		return workflow.SeverityWarns
	}
	return workflow.SeverityInfo
}
