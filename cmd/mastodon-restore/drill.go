package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"mastodon-restore/internal/backupset"
	"mastodon-restore/internal/postgres"
	"mastodon-restore/internal/practice"
	"mastodon-restore/workflow"
	"mastodon-restore/workflow/restore"
)

var _ restore.Cluster = (*practice.Cluster)(nil)

// practiceFile, in a run's folder, says where its practice cluster is.
const practiceFile = "practice"

func (s *settings) drillCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "drill",
		Short: "Practise the whole restore on a cluster inside this program",
		Long: `Practise the whole restore on a cluster inside this program: the same steps and scripts, real
archives, and a real private PostgreSQL where one is installed. Nothing outside a temporary folder
is touched. Faults that can be practised with --fault:

` + faultWords(),
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return s.drill(c.Context()) },
	}
	s.restoreFlags(c)
	s.faceFlags(c)
	f := c.Flags()
	f.BoolVar(&s.fast, "fast", false, "without the pauses that a person reads in")
	f.StringVar(&s.fault, "fault", "", "something that goes wrong half way, to be practised")
	f.BoolVar(&s.simulate, "simulate-database", false, "take the simulated database although PostgreSQL is installed")
	return c
}

func faultWords() string {
	var b strings.Builder
	for _, f := range practice.Faults() {
		fmt.Fprintf(&b, "  %-12s %s\n", f.Name, f.Means)
	}
	return b.String()
}

func (s *settings) drill(ctx context.Context) error {
	if err := s.prepare(); err != nil {
		return err
	}
	cluster, err := practice.Open(ctx, practice.Options{Fast: s.fast, Fault: s.fault, Simulate: s.simulate, Told: func(what string) {
		if s.face() != faceJSON {
			fmt.Fprintln(os.Stderr, "mastodon-restore:", what)
		}
	}})
	if err != nil {
		return err
	}
	if s.Set == "" {
		s.Sets = cluster.SetDir()
	}
	if s.Headless && s.Set == "" {
		// Nobody is there to choose: take what a person would take first.
		if s.Set, err = newestSet(s.Sets); err != nil {
			return errors.Join(err, cluster.Destroy())
		}
	}
	if s.Headless && s.Confirm == "" {
		s.Confirm = practice.Domain
	}
	se, err := newRun(s.face(), s.Flags)
	if err != nil {
		return errors.Join(err, cluster.Destroy())
	}
	if err := os.WriteFile(filepath.Join(se.run.Folder, practiceFile), []byte(cluster.Dir()), 0o600); err != nil {
		return errors.Join(err, cluster.Destroy())
	}
	se.close = append(se.close, se.leavePractice(cluster))
	r := restore.New(se.run.ID, practiceWorld(cluster), s.Options)
	se.run.Plan, se.run.State = r.Plan(), &r.Facts
	if err := se.run.Begin(workflow.Header{Tool: version, Kind: kindRestore, Practice: cluster.Simulated()}); err != nil {
		return errors.Join(err, cluster.Destroy())
	}
	return se.execute(ctx)
}

// practiceWorld is the practice cluster for a restore.
func practiceWorld(c *practice.Cluster) restore.World {
	w := restore.World{Cluster: c, Scratch: c.Scratch(), Who: who(), Resume: resumeCommand, Poll: 200 * time.Millisecond, StreamPatience: 8 * time.Second, BatchBytes: 256 << 10}
	if sim := c.Simulation(); sim != nil {
		w.Database = func(s postgres.Server) restore.Database { return sim.Reach(s) }
	}
	return w
}

// leavePractice deletes the practice cluster when its run has ended, and leaves it to be resumed
// otherwise.
func (s *session) leavePractice(c *practice.Cluster) func() error {
	return func() error {
		if snap := s.run.Feed.Snapshot(); snap.Exit != nil && snap.Exit.Resume == "" {
			return c.Destroy()
		}
		c.Leave()
		return nil
	}
}

// reopenPractice goes on with the practice cluster of a run.
func reopenPractice(ctx context.Context, se *session, run workflow.Snapshot) (restore.World, error) {
	of := run.Run
	if run.Header.Parent != "" {
		of = run.Header.Parent
	}
	dir, err := os.ReadFile(filepath.Join(se.store.Path(of), practiceFile))
	if errors.Is(err, fs.ErrNotExist) {
		return restore.World{}, usagef("run %s has no practice cluster any more; begin a new drill", of)
	}
	if err != nil {
		return restore.World{}, err
	}
	cluster, err := practice.Reopen(ctx, string(dir))
	if err != nil {
		return restore.World{}, &usageError{err}
	}
	se.close = append(se.close, se.leavePractice(cluster))
	return practiceWorld(cluster), nil
}

// newestSet is the newest set of a folder that can be opened.
func newestSet(dir string) (string, error) {
	sets, err := backupset.Find(dir)
	if err != nil {
		return "", err
	}
	for _, s := range sets {
		if s.Problem == nil {
			return s.Dir, nil
		}
	}
	return "", fmt.Errorf("no backup set in %s can be opened", dir)
}
