package main

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"mastodon-restore/workflow"
	"mastodon-restore/workflow/restore"
)

func (s *settings) undoCommand() *cobra.Command {
	return s.followCommand(kindUndo, "Bring the server back to how it was before a run: the old database, open",
		(*restore.Restore).Undo, (*restore.Restore).CanUndo)
}

func (s *settings) dismissCommand() *cobra.Command {
	return s.followCommand(kindDismiss, "Drop the database that a run kept from before",
		(*restore.Restore).Dismiss, (*restore.Restore).CanDismiss)
}

func (s *settings) followCommand(kind, short string, plan func(*restore.Restore) workflow.Plan, can func(*restore.Restore) error) *cobra.Command {
	c := &cobra.Command{
		Use:   kind + " RUN",
		Short: short,
		Args:  oneRun,
		RunE: func(c *cobra.Command, args []string) error {
			return s.follow(c.Context(), args[0], kind, plan, can)
		},
	}
	s.clusterFlags(c)
	s.faceFlags(c)
	c.Flags().StringVar(&s.Confirm, "confirm", "", "the server's domain: consent without being asked")
	return c
}

// follow begins a run that takes up what an earlier one left.
func (s *settings) follow(ctx context.Context, of, kind string, plan func(*restore.Restore) workflow.Plan, can func(*restore.Restore) error) error {
	s.notChosen()
	if err := s.prepare(); err != nil {
		return err
	}
	se, err := newRun(s.face(), s.Flags)
	if err != nil {
		return err
	}
	if err := s.takeUp(ctx, se, of, kind, plan, can); err != nil {
		se.discard()
		return err
	}
	return se.execute(ctx)
}

// takeUp prepares the session's run on what run of left, and keeps everybody else from working on
// that one.
func (s *settings) takeUp(ctx context.Context, se *session, of, kind string, plan func(*restore.Restore) workflow.Plan, can func(*restore.Restore) error) error {
	if err := se.adopt(of); err != nil {
		return err
	}
	parent, err := se.store.Read(of)
	if err != nil {
		return err
	}
	if parent.Header.Parent != "" || parent.Header.Kind == kindPlan {
		return usagef("run %s is not a restore, but %s; mastodon-restore runs lists all", of, parent.Header.Kind)
	}
	if by, done := takenUp(parent, kindUndo); done {
		return usagef("run %s was undone by run %s", of, by)
	}
	if by, done := takenUp(parent, kindDismiss); done {
		return usagef("run %s was dismissed by run %s: the database from before is gone", of, by)
	}
	by, err := underWay(se.store, of)
	if err != nil {
		return err
	}
	if by != "" {
		return usagef("run %s has begun to take run %s up and has not ended; go on with mastodon-restore resume %s", by, of, by)
	}
	facts, err := factsOf(parent)
	if err != nil {
		return err
	}
	if err := can(restore.NewUndo(of, restore.World{}, facts)); err != nil {
		return &usageError{err}
	}
	w, err := s.worldOf(ctx, se, parent, facts)
	if err != nil {
		return err
	}
	r := restore.NewUndo(of, w, facts)
	if err := rejoined(ctx, r); err != nil {
		return err
	}
	se.run.Plan, se.run.State = plan(r), &r.Facts
	if err := se.run.Begin(workflow.Header{Tool: version, Kind: kind, Parent: of, Practice: parent.Header.Practice}); err != nil {
		return err
	}
	return se.aim(parent.Target)
}

// aim says what the run works on: the target is known before the first step.
func (s *session) aim(target workflow.Target) error {
	e := workflow.Event{Type: workflow.EventTarget, Time: time.Now(), Run: s.run.ID, Target: &target}
	if err := s.run.Journal.Append(e); err != nil {
		return err
	}
	s.run.Feed.Observe(e)
	return nil
}

// adopt locks the journal of the run that this one takes up.
func (s *session) adopt(parent string) error {
	journal, _, err := open(s.store, parent)
	if err != nil {
		return err
	}
	s.parent, s.close = journal, append(s.close, journal.Close)
	return nil
}

// tellParent writes into the journal of the run that was taken up what became of it: it can't be
// taken up again, and there is nothing to resume.
func (s *session) tellParent(run workflow.Snapshot) {
	kind, parent := run.Header.Kind, run.Header.Parent
	note := workflow.Event{Type: workflow.EventNote, Time: run.Updated, Run: parent, Step: kind, Key: keyRun, Value: run.Run}
	exit := workflow.Event{Type: workflow.EventExit, Time: run.Updated, Run: parent, Exit: &workflow.ExitStatus{Code: workflow.ExitInterrupted, Name: "undone"}}
	before, err := s.store.Read(parent)
	if err == nil {
		err = s.parent.Append(note)
	}
	if err == nil && kind == kindUndo && !before.Ended() {
		err = s.parent.Append(exit)
	}
	if err != nil {
		// The world is as it should be; only the list of runs says less than it could.
		s.run.Log(workflow.SeverityWarns, "run %s does not know of it: %v", parent, err)
	}
}

// underWay names the unfinished run that takes up what a run left, if there is one.
func underWay(st workflow.Store, of string) (string, error) {
	runs, _, err := st.List()
	for _, run := range runs {
		if run.Header.Parent == of && !run.Ended() {
			return run.Run, nil
		}
	}
	return "", err
}

const keyRun = "run"

// takenUp says which run of this kind has taken up what a run left.
func takenUp(run workflow.Snapshot, kind string) (by string, done bool) {
	by, done = run.Notes[kind+"/"+keyRun]
	return by, done
}
