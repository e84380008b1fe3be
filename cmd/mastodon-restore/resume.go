package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"mastodon-restore/workflow"
	"mastodon-restore/workflow/restore"
)

func decode(data []byte, v any) error { return json.Unmarshal(data, v) }

func (s *settings) resumeCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "resume [RUN]",
		Short: "Go on with a run that was interrupted or stopped (default: the newest)",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return s.resume(c.Context(), args)
		},
	}
	s.clusterFlags(c)
	s.faceFlags(c)
	c.Flags().StringVar(&s.Confirm, "confirm", "", "the server's domain, where the run was cut off before the consent")
	c.Flags().StringSliceVar(&s.Accept, "accept", nil, "preflight checks that are accepted although they block, by ID")
	return c
}

func (s *settings) resume(ctx context.Context, args []string) error {
	s.cache, s.database = string(restore.CacheAfter), string(restore.DatabaseSwap) // the run's own count
	if err := s.prepare(); err != nil {
		return err
	}
	st, err := store()
	if err != nil {
		return err
	}
	run, err := choose(st, args, func(r workflow.Snapshot) bool { return !r.Ended() })
	if err != nil {
		return err
	}
	if run.Ended() {
		return usagef("run %s has ended (%s): there is nothing to go on with", run.Run, run.Exit.Name)
	}
	journal, events, err := st.Open(run.Run)
	if err != nil {
		return err
	}
	se, err := (&session{store: st, face: s.face(), flags: s.Flags}).begin(run.Run, journal)
	if err != nil {
		return err
	}
	facts, err := factsOf(run)
	if err != nil {
		return err
	}
	r, err := s.rejoin(ctx, se, run, facts)
	if err != nil {
		return err
	}
	se.run.State = &r.Facts
	if err := se.run.Resume(events); err != nil {
		return err
	}
	_, se.from = se.run.Feed.Events(0)
	return se.execute(ctx)
}

// rejoin builds the run's plan on the world it belongs to.
func (s *settings) rejoin(ctx context.Context, se *session, run workflow.Snapshot, facts restore.Facts) (*restore.Restore, error) {
	name := run.Run
	if run.Header.Parent != "" {
		name = run.Header.Parent
	}
	w, err := s.worldOf(ctx, se, run, facts)
	if err != nil {
		return nil, err
	}
	r := restore.New(name, w, facts.Options)
	r.Facts = facts
	if err := r.Rejoin(ctx); err != nil {
		return nil, &usageError{err}
	}
	switch run.Header.Kind {
	case kindUndo:
		se.run.Plan = r.UndoLike(run.Header.Plan)
	case "plan":
		se.run.Plan = r.Look()
	case "dismiss":
		se.run.Plan = r.Dismiss()
	default:
		se.run.Plan = r.Plan()
	}
	return r, nil
}

// worldOf is the cluster of a run: a practice cluster where it was one, else the context and
// namespace it began with, unless flags name others (Rejoin then compares).
func (s *settings) worldOf(ctx context.Context, se *session, run workflow.Snapshot, facts restore.Facts) (restore.World, error) {
	if run.Header.Practice != "" {
		return reopenPractice(ctx, se, run)
	}
	if s.context == "" {
		s.context = facts.Identity.Context
	}
	if s.namespace == "" {
		s.namespace = facts.Identity.Namespace
	}
	cluster, err := s.connect(ctx, se)
	if err != nil {
		return restore.World{}, err
	}
	return world(cluster), nil
}

// choose finds the named run, or the newest one that fits.
func choose(st workflow.Store, args []string, fits func(workflow.Snapshot) bool) (workflow.Snapshot, error) {
	if len(args) == 1 {
		run, err := st.Read(args[0])
		if errors.Is(err, workflow.ErrNoRun) {
			return run, &usageError{fmt.Errorf("%w; mastodon-restore runs lists them", err)}
		}
		return run, err
	}
	runs, _, err := st.List()
	if err != nil {
		return workflow.Snapshot{}, err
	}
	for _, run := range runs {
		if fits(run) {
			return run, nil
		}
	}
	return workflow.Snapshot{}, usagef("no such run in %s", st.Dir)
}
