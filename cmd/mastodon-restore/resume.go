package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"mastodon-restore/internal/practice"
	"mastodon-restore/workflow"
	"mastodon-restore/workflow/restore"
)

func (s *settings) resumeCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "resume [RUN]",
		Short: "Go on with a run that was interrupted or stopped (default: the newest, one that left a server closed first)",
		Args:  oneRunOrNone,
		RunE: func(c *cobra.Command, args []string) error {
			switch {
			case s.detached && s.output != "text":
				return usagef("--detach writes sentences into a file; leave out --output %s", s.output)
			case s.detached:
				return s.detach(c.OutOrStdout(), args)
			}
			return s.resume(c.Context(), args)
		},
	}
	s.clusterFlags(c)
	s.faceFlags(c)
	c.Flags().StringVar(&s.Confirm, "confirm", "", "the server's domain, where the run was cut off before the consent")
	c.Flags().StringSliceVar(&s.Accept, "accept", nil, "preflight checks that are accepted although they block, by ID")
	c.Flags().BoolVar(&s.detached, "detach", false, "go on in the background, whatever becomes of this terminal; status shows how far it is")
	return c
}

func (s *settings) resume(ctx context.Context, args []string) error {
	s.notChosen()
	if err := s.prepare(); err != nil {
		return err
	}
	st, err := store()
	if err != nil {
		return err
	}
	id, err := unfinished(st, args)
	if err != nil {
		return err
	}
	journal, events, err := open(st, id)
	if err != nil {
		return err
	}
	se, err := openSession(st, s.face(), s.Flags, id, journal)
	if err != nil {
		return err
	}
	if err := s.rejoin(ctx, se, events); err != nil {
		se.shut()
		return err
	}
	_, se.from = se.run.Feed.Events(0)
	return se.execute(ctx)
}

// open opens a run for more work, so that nobody else works on it.
func open(st workflow.Store, id string) (*workflow.Journal, []workflow.Event, error) {
	journal, events, err := st.Open(id)
	switch {
	case errors.Is(err, workflow.ErrNoRun):
		return nil, nil, unknownRun(err)
	case errors.Is(err, workflow.ErrLocked):
		return nil, nil, fmt.Errorf("run %s: %w; mastodon-restore status %s shows where it is", id, workflow.ErrLocked, id)
	}
	return journal, events, err
}

func unknownRun(err error) error {
	return &usageError{fmt.Errorf("%w; mastodon-restore runs lists them", err)}
}

// rejoin builds the run's plan on the world it belongs to and folds in what its journal says.
func (s *settings) rejoin(ctx context.Context, se *session, events []workflow.Event) error {
	run := workflow.Fold(events)
	switch {
	case run.Run == "":
		return usagef("run %s never began: nothing was changed by it", se.run.ID)
	case run.Ended():
		return usagef("run %s has ended (%s): there is nothing to go on with", run.Run, stateWords(run, true))
	}
	facts, err := factsOf(run)
	if err != nil {
		return err
	}
	if s.Headless && s.Confirm == "" && run.Header.Practice != "" && run.Header.Kind == kindRestore {
		se.flags.Confirm = practice.Domain // as the drill had it
	}
	name := run.Run
	if parent := run.Header.Parent; parent != "" {
		name = parent
		if err := se.adopt(parent); err != nil {
			return err
		}
	}
	w, err := s.worldOf(ctx, se, run, facts)
	if err != nil {
		return err
	}
	r := restore.New(name, w, facts.Options)
	r.Facts = facts
	if err := rejoined(ctx, r); err != nil {
		return err
	}
	se.run.Plan, se.run.State = planOf(r, run.Header), &r.Facts
	if err := se.run.Resume(events); err != nil {
		return &usageError{err}
	}
	return nil
}

// planOf is the plan of a run that its journal describes.
func planOf(r *restore.Restore, h workflow.Header) workflow.Plan {
	switch h.Kind {
	case kindUndo:
		return r.UndoLike(h.Plan)
	case kindDismiss:
		return r.Dismiss()
	case kindPlan:
		return r.Look()
	}
	return r.Plan()
}

// rejoined finds the server and the set again. What is not as it was is refused.
func rejoined(ctx context.Context, r *restore.Restore) error {
	err := r.Rejoin(ctx)
	if err == nil || ctx.Err() != nil {
		return err
	}
	return &usageError{err}
}

// worldOf is the cluster of a run: a practice cluster where it was one, else the one it began with,
// unless flags name another (Rejoin then compares).
func (s *settings) worldOf(ctx context.Context, se *session, run workflow.Snapshot, facts restore.Facts) (restore.World, error) {
	if run.Header.Practice != "" {
		return reopenPractice(ctx, se, first(run.Header.Parent, run.Run))
	}
	if err := s.findWay(se.store, first(run.Header.Parent, run.Run), facts); err != nil {
		return restore.World{}, err
	}
	cluster, err := s.connect(ctx, se)
	if err != nil {
		return restore.World{}, err
	}
	return world(cluster), nil
}

// factsOf reads a run's facts back.
func factsOf(run workflow.Snapshot) (f restore.Facts, err error) {
	if len(run.State) == 0 {
		return f, nil
	}
	if err := json.Unmarshal(run.State, &f); err != nil {
		return f, fmt.Errorf("read the facts of run %s: %w", run.Run, err)
	}
	return f, nil
}

// unfinished is the named run, or the one to go on with: the newest that left a real server closed,
// else the newest that closed any, else the newest that has not ended. A look at the plan is begun
// anew, not resumed.
func unfinished(st workflow.Store, args []string) (string, error) {
	if len(args) == 1 {
		return args[0], nil
	}
	runs, _, err := st.List()
	if err != nil {
		return "", err
	}
	best, urgency := "", 0
	for _, run := range runs {
		if u := urgencyOf(run); u > urgency {
			best, urgency = run.Run, u
		}
	}
	if best == "" {
		return "", usagef("no run in %s waits to be resumed; mastodon-restore runs lists all", st.Dir)
	}
	return best, nil
}

func urgencyOf(run workflow.Snapshot) int {
	switch {
	case run.Ended(), run.Header.Kind == kindPlan:
		return 0
	case run.Closed.Open() && run.Header.Practice == "":
		return 3
	case run.Closed.Open():
		return 2
	}
	return 1
}
