package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"mastodon-restore/internal/backupset"
	"mastodon-restore/internal/practice"
	"mastodon-restore/workflow"
	"mastodon-restore/workflow/restore"
)

func (s *settings) drillCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "drill",
		Short: "Practise the whole restore on a cluster inside this program",
		Long: `Practise the whole restore on a cluster inside this program: the same steps and scripts, real
archives, and a real private PostgreSQL where one is installed. Nothing outside of temporary folders
is touched. They stay after the drill, so that undo and dismiss can be practised, and go with the
next drill. Faults that can be practised with --fault:

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

func checkFault(name string) error {
	var names []string
	for _, f := range practice.Faults() {
		names = append(names, f.Name)
	}
	if name == "" || slices.Contains(names, name) {
		return nil
	}
	return usagef("--fault %s: choose one of %s", name, strings.Join(names, ", "))
}

func (s *settings) drill(ctx context.Context) error {
	if err := errors.Join(checkFault(s.fault), s.prepareDrill()); err != nil {
		return err
	}
	se, err := newRun(s.face(), s.Flags)
	if err != nil {
		return err
	}
	sweepPractice(ctx, se.store)
	if err := s.beginDrill(ctx, se); err != nil {
		se.discard()
		return err
	}
	return se.execute(ctx)
}

// prepareDrill is prepare; a set or sets that nobody names are those of the practice server, and
// where nobody can type its name, it need not be typed.
func (s *settings) prepareDrill() error {
	own := s.Set == "" && s.Sets == ""
	err := s.prepare()
	if own {
		s.Sets = ""
	}
	if s.Headless && s.Confirm == "" {
		s.Confirm = practice.Domain
	}
	return err
}

// beginDrill makes a practice cluster for the session's run and writes the first line of its
// journal.
func (s *settings) beginDrill(ctx context.Context, se *session) error {
	cluster, err := practice.Open(ctx, practice.Options{Fast: s.fast, Fault: s.fault, Simulate: s.simulate, Told: func(what string) {
		if s.face() != faceJSON {
			fmt.Fprintln(os.Stderr, "mastodon-restore:", what)
		}
	}})
	if err != nil {
		return err
	}
	if err := s.setUp(se, cluster); err != nil {
		return errors.Join(err, cluster.Destroy())
	}
	se.close = append(se.close, se.leavePractice(cluster))
	return nil
}

// setUp puts the run's plan on the cluster.
func (s *settings) setUp(se *session, cluster *practice.Cluster) error {
	if err := os.WriteFile(se.practiceFile(se.run.ID), []byte(cluster.Dir()), 0o600); err != nil {
		return err
	}
	if err := s.fillIn(cluster); err != nil {
		return err
	}
	w := practiceWorld(cluster)
	if s.fast {
		w.Patience, w.StreamPatience = 15*time.Second, time.Second
	}
	r := restore.New(se.run.ID, w, s.Options)
	se.run.Plan, se.run.State = r.Plan(), &r.Facts
	return se.run.Begin(workflow.Header{Tool: version, Kind: kindRestore, Practice: cluster.Simulated()})
}

// fillIn takes, where nobody is there to choose, what a person would take first.
func (s *settings) fillIn(cluster *practice.Cluster) (err error) {
	if s.Set == "" && s.Sets == "" {
		s.Sets = cluster.SetDir()
	}
	if s.Headless && s.Set == "" {
		s.Set, err = newestSet(s.Sets)
	}
	return err
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
	return "", usagef("no backup set in %s can be opened", dir)
}
