package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"mastodon-restore/internal/postgres"
	"mastodon-restore/internal/practice"
	"mastodon-restore/workflow"
	"mastodon-restore/workflow/restore"
)

var _ restore.Cluster = (*practice.Cluster)(nil)

// practiceFile, in a run's folder, says where its practice cluster is.
const practiceFile = "practice"

// practiceLasts is how long the cluster of a drill that nobody resumes is kept.
const practiceLasts = 24 * time.Hour

// practiceWorld is the practice cluster for a restore.
func practiceWorld(c *practice.Cluster) restore.World {
	w := restore.World{
		Cluster: c, Scratch: c.Scratch(), Who: who(), Resume: resumeCommand,
		// What goes wrong in practice is to be seen soon.
		Poll: 200 * time.Millisecond, Patience: 45 * time.Second, StreamPatience: 8 * time.Second, BatchBytes: 256 << 10,
	}
	if sim := c.Simulation(); sim != nil {
		w.Database = func(s postgres.Server) restore.Database { return sim.Reach(s) }
	}
	return w
}

// leavePractice leaves the cluster of a run that can be resumed running for a while. After a
// restore it is kept, at rest, for undo and dismiss to be practised; after those it has served.
func (s *session) leavePractice(c *practice.Cluster) func() error {
	return func() error {
		snap := s.run.Feed.Snapshot()
		if snap.Exit == nil || snap.Exit.Resume != "" {
			c.Leave()
			return nil
		}
		well := snap.Exit.Code == workflow.ExitDone || snap.Exit.Code == workflow.ExitWarnings
		if well == (snap.Header.Kind == kindRestore) {
			return c.Close()
		}
		return errors.Join(c.Destroy(), os.Remove(s.practiceFile(first(snap.Header.Parent, s.run.ID))))
	}
}

func (s *session) practiceFile(run string) string {
	return filepath.Join(s.store.Path(run), practiceFile)
}

// reopenPractice goes on with the practice cluster of a run.
func reopenPractice(ctx context.Context, se *session, of string) (restore.World, error) {
	dir, err := os.ReadFile(se.practiceFile(of))
	if errors.Is(err, fs.ErrNotExist) {
		return restore.World{}, usagef("run %s has no practice cluster any more; begin a new drill", of)
	}
	if err != nil {
		return restore.World{}, fmt.Errorf("find the practice cluster of run %s: %w", of, err)
	}
	cluster, err := practice.Reopen(ctx, string(dir))
	if err != nil {
		return restore.World{}, &usageError{err}
	}
	se.close = append(se.close, se.leavePractice(cluster))
	return practiceWorld(cluster), nil
}

// sweepPractice deletes the practice clusters of drills that have ended, or that nobody has gone on
// with for a day. What can't be deleted is left: it is in a temporary folder.
func sweepPractice(ctx context.Context, st workflow.Store) {
	runs, _, err := st.List()
	if err != nil {
		return
	}
	for _, run := range runs {
		name := filepath.Join(st.Path(run.Run), practiceFile)
		dir, err := os.ReadFile(name)
		if err != nil || !run.Ended() && time.Since(run.Updated) < practiceLasts {
			continue
		}
		journal, _, err := st.Open(run.Run)
		if err != nil {
			continue // somebody works on it
		}
		if cluster, err := practice.Reopen(ctx, string(dir)); err == nil {
			_ = cluster.Destroy()
		}
		_ = os.Remove(name)
		_ = journal.Close()
	}
}
