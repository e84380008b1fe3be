package main

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"mastodon-restore/internal/backupset"
	"mastodon-restore/workflow"
	"mastodon-restore/workflow/restore"
)

// The kinds of runs, as their journals name them.
const (
	kindRestore = "restore"
	kindPlan    = "plan"
	kindUndo    = "undo"
	kindDismiss = "dismiss"
)

func (s *settings) restoreCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "restore",
		Short: "Restore a server (the same as no command)",
		Args:  cobra.NoArgs,
		RunE:  func(c *cobra.Command, _ []string) error { return s.restore(c.Context()) },
	}
	s.clusterFlags(c)
	s.restoreFlags(c)
	s.faceFlags(c)
	return c
}

func (s *settings) planCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "plan",
		Short: "Everything up to the plan: choose, read the set, run the checks; nothing is changed",
		Args:  cobra.NoArgs,
		RunE:  func(c *cobra.Command, _ []string) error { return s.plan(c.Context()) },
	}
	s.clusterFlags(c)
	s.restoreFlags(c)
	s.faceFlags(c)
	return c
}

func (s *settings) restore(ctx context.Context) error {
	return s.start(ctx, kindRestore, (*restore.Restore).Plan)
}

// plan is a restore that ends before the consent; it needs no screen to be looked through.
func (s *settings) plan(ctx context.Context) error {
	s.plain = true
	return s.start(ctx, kindPlan, (*restore.Restore).Look)
}

func (s *settings) start(ctx context.Context, kind string, plan func(*restore.Restore) workflow.Plan) error {
	if err := s.prepare(); err != nil {
		return err
	}
	se, err := newRun(s.face(), s.Flags)
	if err != nil {
		return err
	}
	if err := s.begin(ctx, se, kind, plan); err != nil {
		se.discard()
		return err
	}
	return se.execute(ctx)
}

// begin prepares the session's run on a real cluster and writes the first line of its journal.
func (s *settings) begin(ctx context.Context, se *session, kind string, plan func(*restore.Restore) workflow.Plan) error {
	cluster, err := s.connect(ctx, se)
	if err != nil {
		return err
	}
	if err := s.keepWay(se); err != nil {
		return err
	}
	r := restore.New(se.run.ID, world(cluster), s.Options)
	se.run.Plan, se.run.State = plan(r), &r.Facts
	return se.run.Begin(workflow.Header{Tool: version, Kind: kind})
}

// prepare checks the flags and fills in what follows from where we are. Paths become whole ones: a
// run may be resumed from another folder.
func (s *settings) prepare() error {
	if err := s.check(); err != nil {
		return err
	}
	if s.Set == "" && s.Sets == "" {
		s.Sets = "."
	}
	for _, path := range []*string{&s.Set, &s.Sets} {
		if *path == "" {
			continue
		}
		whole, err := filepath.Abs(*path)
		if err != nil {
			return fmt.Errorf("find the folder %s: %w", *path, err)
		}
		*path = whole
	}
	s.Headless = s.headless()
	return s.checkSet()
}

// checkSet refuses a folder that is no set before anything is made or asked for it. A set with a
// damaged dump is for the run to judge: that blocks, and is no wrong usage.
func (s *settings) checkSet() error {
	if s.Set == "" {
		return nil
	}
	if _, err := backupset.Open(s.Set); err != nil {
		return usagef("%w; pass the folder that holds pg_dump_mastodon_backup.sqlc with --set", err)
	}
	return nil
}
