package restore

import (
	"context"
	"fmt"

	"mastodon-restore/internal/postgres"
	"mastodon-restore/workflow"
)

// Undo takes back the run whose facts r has: close, rename the databases back, reopen. A run that
// swapped nothing is only opened again.
func (r *Restore) Undo() workflow.Plan {
	if !r.Facts.swapped() || r.Facts.Options.Database == DatabaseInPlace {
		return workflow.Plan{r.abandon()}
	}
	return r.undoSwap()
}

func (r *Restore) undoSwap() workflow.Plan {
	return workflow.Plan{r.undoConsent(), r.quiesce(), r.utility(), r.swapBack(), r.undoReopen()}
}

// UndoLike is the undo that a journal recorded: the facts have moved on since it was planned.
func (r *Restore) UndoLike(recorded []workflow.StepInfo) workflow.Plan {
	if len(recorded) == 1 {
		return workflow.Plan{r.abandon()}
	}
	return r.undoSwap()
}

// CanDismiss says why there is nothing to drop; nil means that there is.
func (r *Restore) CanDismiss() error {
	if !r.Facts.swapped() || r.Facts.Options.Database == DatabaseInPlace {
		return fmt.Errorf("run %s kept no database", r.Run)
	}
	return nil
}

// CanUndo says why a run can't be undone; nil means that it can.
func (r *Restore) CanUndo() error {
	switch {
	case r.Facts.Quiesced == nil:
		return fmt.Errorf("run %s changed nothing", r.Run)
	case r.Facts.swapped() && r.Facts.Options.Database == DatabaseInPlace:
		return fmt.Errorf("run %s restored in place; the old database's dump is %s: restore it with pg_restore", r.Run, r.Facts.Restored.Saved)
	}
	return nil
}

// NewUndo prepares the undo of a run, under the undo's own name but with the run's facts.
func NewUndo(of string, world World, facts Facts) *Restore {
	r := New(of, world, facts.Options)
	r.Facts = facts
	r.Facts.Reopened = false
	return r
}

func (r *Restore) abandon() workflow.Step {
	return workflow.Step{
		ID: "give-up", Title: "reopen as before",
		Explain: workflow.Explain{Why: "Nothing of this run went live: the server is opened with the old database.", Risk: "None.", ByHand: "kubectl scale …", Undo: "Restore again."},
		Run: func(ctx context.Context, t *workflow.Task) error {
			if err := r.acquire(ctx, "undo"); err != nil {
				return err
			}
			if err := r.giveUp(ctx, t); err != nil {
				return err
			}
			return t.Report(workflow.Report{
				Headline: fmt.Sprintf("%s is open as it was before run %s: nothing of that went live.", r.Facts.Instance.Domain, r.Run),
				Kept:     []workflow.Field{{Name: "files", Value: "what had arrived on the volume stays there"}},
			})
		},
	}
}

func (r *Restore) undoConsent() workflow.Step {
	return workflow.Step{
		ID: "plan", Title: "plan",
		Explain: workflow.Explain{Why: "An undo replaces data too: what was written since the restore.", Risk: "None yet.", ByHand: "-", Undo: "-"},
		Run: func(ctx context.Context, t *workflow.Task) error {
			domain := r.Facts.Instance.Domain
			f := workflow.Forecast{
				Steps:  []workflow.ForecastStep{{Text: "close: " + r.workloadWords()}, {Text: "rename the databases back"}, {Text: "reopen"}},
				Closed: "1-3 min", Total: "1-3 min",
				Replaced: "the restored database, with everything written since",
				Kept:     "the restored database as " + r.undone() + "; every file",
				Undo:     "rename them again, or restore again",
			}
			err := consentTo(ctx, t, workflow.Question{ID: "consent", Kind: workflow.KindConsent, Title: "Undo run " + r.Run, Flag: "--confirm " + domain, Expect: domain, Forecast: &f,
				Options: []workflow.Option{{ID: "go", Label: "go on"}, {ID: quit, Label: "leave"}}})
			if err != nil {
				return err
			}
			// How many replicas there are now is remembered anew, and caches are cleared anew.
			r.Facts.Quiesced, r.Facts.Settled = nil, nil
			return nil
		},
	}
}

// undone is the name under which the restored database is kept after an undo.
func (r *Restore) undone() string { return r.Facts.Instance.Database.Name + "_undone_" + r.Run }

func (r *Restore) swapBack() workflow.Step {
	return r.closedStep(workflow.Step{
		ID: "swap-back", Title: "old database back",
		Explain: workflow.Explain{Why: "Both renames happen in one transaction.", Risk: "None: neither database is changed.", ByHand: "ALTER DATABASE … RENAME TO …", Undo: "Rename them again."},
		Run: func(ctx context.Context, t *workflow.Task) error {
			swap := postgres.Swap{New: r.kept(), Live: r.Facts.Instance.Database.Name, Kept: r.undone(), Comment: r.mark("undone"), LiveComment: r.mark("brought back")}
			if err := again(ctx, t, func() error { return r.db(t).Swap(ctx, swap) }); err != nil {
				return r.card(err, "the old database could not be brought back")
			}
			return r.chores(ctx, t, []chore{{command: "tootctl cache clear", optional: true}})
		},
	})
}

func (r *Restore) undoReopen() workflow.Step {
	return r.lastStep(workflow.Step{
		ID: "reopen", Title: "reopen",
		Explain: workflow.Explain{Why: "The server is opened with the database it had before the restore.", Risk: "None.", ByHand: "kubectl scale …", Undo: "-"},
		Run: func(ctx context.Context, t *workflow.Task) error {
			if err := r.leaveVolumes(ctx, t); err != nil {
				return err
			}
			if err := r.openAsBefore(ctx, t); err != nil {
				return err
			}
			if err := r.World.Cluster.Remove(ctx, PodOf(r.Run)); err != nil {
				return r.card(err, "remove the utility pod")
			}
			if err := r.World.Cluster.Release(ctx, r.Run); err != nil {
				return r.card(err, "give the namespace's lock back")
			}
			return t.Report(workflow.Report{
				Headline: fmt.Sprintf("%s is open again, with the database from before run %s.", r.Facts.Instance.Domain, r.Run),
				Kept: []workflow.Field{
					{Name: r.undone(), Value: "the restored database and what was written to it; yours to drop"},
					{Name: "files", Value: "those of the backup stay on the volume"},
				},
			})
		},
	})
}

// Dismiss drops the database that a run kept from before.
func (r *Restore) Dismiss() workflow.Plan {
	return workflow.Plan{{
		ID: "dismiss", Title: "drop the old database",
		Explain: workflow.Explain{Why: "The restored server has proven itself; the space is wanted back.", Risk: "There is no undo after this.", ByHand: "DROP DATABASE " + r.kept(), Undo: "None."},
		Run: func(ctx context.Context, t *workflow.Task) error {
			db, ok := r.serverDB(t)
			if !ok {
				return usage("the database is outside the namespace", "drop it there: DROP DATABASE "+r.kept())
			}
			if err := r.consentToDrop(ctx, t); err != nil {
				return err
			}
			if err := again(ctx, t, func() error { return db.Drop(ctx, r.kept()) }); err != nil {
				return r.card(err, r.kept()+" could not be dropped")
			}
			t.Log("dropped %s", r.kept())
			return t.Report(workflow.Report{Headline: fmt.Sprintf("%s is dropped: run %s can't be undone any more.", r.kept(), r.Run)})
		},
	}}
}

func (r *Restore) consentToDrop(ctx context.Context, t *workflow.Task) error {
	domain := r.Facts.Instance.Domain
	f := workflow.Forecast{Steps: []workflow.ForecastStep{{Text: "drop database " + r.kept()}}, Replaced: "the database from before run " + r.Run, Kept: "the running server, as it is", Undo: "none"}
	return consentTo(ctx, t, workflow.Question{ID: "consent", Kind: workflow.KindConsent, Title: "Dismiss run " + r.Run, Flag: "--confirm " + domain, Expect: domain, Forecast: &f,
		Options: []workflow.Option{{ID: "go", Label: "go on"}, {ID: quit, Label: "leave"}}})
}

// consentTo asks for the server's name and takes nothing else.
func consentTo(ctx context.Context, t *workflow.Task, q workflow.Question) error {
	a, err := ask(ctx, t, q)
	if err == nil && a.Text != q.Expect {
		err = usage(fmt.Sprintf("the server is %s, not %q", q.Expect, a.Text), "run again with --confirm "+q.Expect)
	}
	return err
}
