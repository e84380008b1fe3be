package main

import (
	"context"

	"github.com/spf13/cobra"

	"mastodon-restore/workflow"
	"mastodon-restore/workflow/restore"
)

// The kinds of runs, as their journals name them.
const (
	kindRestore = "restore"
	kindUndo    = "undo"
	kindDismiss = "dismiss"
)

func (s *settings) undoCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "undo RUN",
		Short: "Bring the server back to how it was before a run: the old database, open",
		Args:  cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return s.follow(c.Context(), args[0], kindUndo, func(r *restore.Restore) (workflow.Plan, error) {
				return r.Undo(), r.CanUndo()
			})
		},
	}
	s.clusterFlags(c)
	s.faceFlags(c)
	c.Flags().StringVar(&s.Confirm, "confirm", "", "the server's domain: consent without being asked")
	return c
}

func (s *settings) dismissCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "dismiss RUN",
		Short: "Drop the database that a run kept from before",
		Args:  cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return s.follow(c.Context(), args[0], kindDismiss, func(r *restore.Restore) (workflow.Plan, error) {
				return r.Dismiss(), r.CanDismiss()
			})
		},
	}
	s.clusterFlags(c)
	s.faceFlags(c)
	c.Flags().StringVar(&s.Confirm, "confirm", "", "the server's domain: consent without being asked")
	return c
}

// follow begins a run that takes up what an earlier one left.
func (s *settings) follow(ctx context.Context, of, kind string, plan func(*restore.Restore) (workflow.Plan, error)) error {
	s.cache, s.database = string(restore.CacheAfter), string(restore.DatabaseSwap)
	if err := s.prepare(); err != nil {
		return err
	}
	st, err := store()
	if err != nil {
		return err
	}
	parent, err := choose(st, []string{of}, nil)
	if err != nil {
		return err
	}
	// Nobody may work on the earlier run meanwhile.
	busy, _, err := st.Open(of)
	if err != nil {
		return err
	}
	defer busy.Close()
	facts, err := factsOf(parent)
	if err != nil {
		return err
	}
	se, err := newRun(s.face(), s.Flags)
	if err != nil {
		return err
	}
	w, err := s.worldOf(ctx, se, parent, facts)
	if err != nil {
		se.discard()
		return err
	}
	r := restore.NewUndo(of, w, facts)
	p, err := plan(r)
	if err == nil {
		err = r.Rejoin(ctx)
	}
	if err != nil {
		se.discard()
		return &usageError{err}
	}
	se.run.Plan, se.run.State = p, &r.Facts
	if err := se.run.Begin(workflow.Header{Tool: version, Kind: kind, Parent: of, Practice: parent.Header.Practice}); err != nil {
		return err
	}
	return se.execute(ctx)
}
