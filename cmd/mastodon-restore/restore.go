package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"mastodon-restore/kube"
	"mastodon-restore/workflow"
	"mastodon-restore/workflow/restore"
)

var _ restore.Cluster = (*kube.Cluster)(nil)

// scratch is the folder that a utility pod's containers share.
const scratch = "/restore"

func (s *settings) restoreCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "restore",
		Short: "Restore a server (the same as no command)",
		Args:  cobra.NoArgs,
		RunE:  func(c *cobra.Command, _ []string) error { return s.restore(c) },
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
		RunE:  func(c *cobra.Command, _ []string) error { return s.plan(c) },
	}
	s.clusterFlags(c)
	s.restoreFlags(c)
	s.faceFlags(c)
	return c
}

func (s *settings) restore(c *cobra.Command) error {
	return s.start(c.Context(), "restore", func(r *restore.Restore) workflow.Plan { return r.Plan() })
}

// plan is a restore that ends before the consent; it needs no screen to be looked through.
func (s *settings) plan(c *cobra.Command) error {
	s.plain = true
	return s.start(c.Context(), "plan", func(r *restore.Restore) workflow.Plan { return r.Look() })
}

func (s *settings) start(ctx context.Context, kind string, plan func(*restore.Restore) workflow.Plan) error {
	if err := s.prepare(); err != nil {
		return err
	}
	se, err := newRun(s.face(), s.Flags)
	if err != nil {
		return err
	}
	cluster, err := s.connect(ctx, se)
	if err != nil {
		se.discard()
		return err
	}
	r := restore.New(se.run.ID, world(cluster), s.Options)
	se.run.Plan, se.run.State = plan(r), &r.Facts
	if err := se.run.Begin(workflow.Header{Tool: version, Kind: kind}); err != nil {
		return err
	}
	return se.execute(ctx)
}

// prepare checks the flags and fills in what follows from where we are.
func (s *settings) prepare() error {
	if err := s.check(); err != nil {
		return err
	}
	if s.Set == "" && s.Sets == "" {
		s.Sets = "."
	}
	s.Headless = s.headless()
	return nil
}

// world is a real cluster for a restore.
func world(cluster restore.Cluster) restore.World {
	return restore.World{Cluster: cluster, Scratch: scratch, Who: who(), Resume: resumeCommand}
}

// connect reaches the cluster and settles the namespace.
func (s *settings) connect(ctx context.Context, se *session) (*kube.Cluster, error) {
	kube.LogTo(se.log())
	cluster, err := kube.Connect(ctx, kube.Options{
		Kubeconfig: s.kubeconfig, Context: s.context, Namespace: s.namespace, UserAgent: "mastodon-restore/" + version,
		Waiting: func(reason string, since time.Duration) {
			if reason == "" {
				se.run.Log(workflow.SeverityInfo, "the cluster answers again, after %s", since.Round(time.Second))
				return
			}
			se.run.Log(workflow.SeverityWarns, "the cluster does not answer (%s), waiting: %s", since.Round(time.Second), reason)
		},
	})
	if err != nil {
		return nil, &usageError{err}
	}
	if _, chosen := cluster.Namespace(); chosen {
		return cluster, nil
	}
	return s.findNamespace(ctx, cluster)
}

// findNamespace takes the only namespace with a Mastodon in it, where none was named.
func (s *settings) findNamespace(ctx context.Context, cluster *kube.Cluster) (*kube.Cluster, error) {
	names, err := cluster.FindNamespaces(ctx)
	switch {
	case err != nil, len(names) == 0:
		return cluster, nil // the default one; the first step says what it lacks
	case len(names) == 1:
		return cluster.In(names[0]), nil
	}
	return nil, usagef("Mastodon runs in several namespaces: %s; choose one with -n", strings.Join(names, ", "))
}

// discard forgets a run that never began.
func (se *session) discard() {
	for _, c := range se.close {
		_ = c()
	}
	_ = se.store.Remove(se.run.ID)
}

// facts reads a run's facts back.
func factsOf(run workflow.Snapshot) (f restore.Facts, err error) {
	if len(run.State) == 0 {
		return f, nil
	}
	if err := decode(run.State, &f); err != nil {
		return f, fmt.Errorf("read the facts of run %s: %w", run.Run, err)
	}
	return f, nil
}
