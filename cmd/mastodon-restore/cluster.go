package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"mastodon-restore/kube"
	"mastodon-restore/workflow"
	"mastodon-restore/workflow/restore"
)

var _ restore.Cluster = (*kube.Cluster)(nil)

// scratch is the folder that a utility pod's containers share.
const scratch = "/restore"

// firstLook bounds what is asked of a cluster before a face shows that we wait for it.
const firstLook = 15 * time.Second

// world is a real cluster for a restore.
func world(cluster restore.Cluster) restore.World {
	return restore.World{Cluster: cluster, Scratch: scratch, Who: who(), Resume: resumeCommand}
}

// connect reaches the cluster and settles the namespace.
func (s *settings) connect(ctx context.Context, se *session) (*kube.Cluster, error) {
	kube.LogTo(se.log())
	cluster, err := kube.Connect(ctx, kube.Options{
		Kubeconfig: s.kubeconfig, Context: s.context, Namespace: s.namespace, UserAgent: "mastodon-restore/" + version,
		Waiting: se.waiting,
	})
	switch {
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return nil, err // it may do well later
	case err != nil:
		return nil, &usageError{err}
	}
	if _, chosen := cluster.Namespace(); chosen {
		return cluster, nil
	}
	return s.findNamespace(ctx, cluster)
}

// findNamespace takes the only namespace with a Mastodon in it, where none was named.
func (s *settings) findNamespace(ctx context.Context, cluster *kube.Cluster) (*kube.Cluster, error) {
	ctx, cancel := context.WithTimeout(ctx, firstLook)
	defer cancel()
	names, err := cluster.FindNamespaces(ctx)
	switch {
	case err != nil, len(names) == 0:
		return cluster, nil // the default one; the first step says what it lacks
	case len(names) == 1:
		return cluster.In(names[0]), nil
	}
	return nil, usagef("Mastodon runs in several namespaces: %s; choose one with -n", strings.Join(names, ", "))
}

// waiting tells why the cluster keeps us waiting: on the log, and before there is one to be seen,
// on standard error.
func (s *session) waiting(reason string, since time.Duration) {
	level, text := workflow.SeverityWarns, fmt.Sprintf("the cluster does not answer (%s), waiting: %s", since.Round(time.Second), reason)
	if reason == "" {
		level, text = workflow.SeverityInfo, "the cluster answers again"
	}
	s.run.Log(level, "%s", text)
	if !s.begun.Load() {
		fmt.Fprintln(os.Stderr, "mastodon-restore:", text)
	}
}

// way is how a run reaches its cluster, as far as flags and environment say so: whoever resumes it
// need not say it again. It names files, it holds no keys.
type way struct {
	Kubeconfig string `json:"kubeconfig,omitempty"`
	Context    string `json:"context,omitempty"`
	Namespace  string `json:"namespace,omitempty"`
}

// wayFile, in a run's folder, holds its way.
const wayFile = "cluster.json"

// keepWay writes the way of a new run into its folder.
func (s *settings) keepWay(se *session) error {
	w := way{Kubeconfig: s.kubeconfig, Context: s.context, Namespace: s.namespace}
	if v := os.Getenv("KUBECONFIG"); w.Kubeconfig == "" && v != "" && len(filepath.SplitList(v)) == 1 {
		w.Kubeconfig = v
	}
	if w.Kubeconfig != "" {
		path, err := filepath.Abs(w.Kubeconfig)
		if err != nil {
			return fmt.Errorf("find the kubeconfig: %w", err)
		}
		w.Kubeconfig = path
	}
	text, err := json.Marshal(w)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(se.run.Folder, wayFile), append(text, '\n'), 0o600)
}

// findWay fills in what no flag says: from the run's way, then from what the run found. Where that
// leads elsewhere than the run went, it is refused.
func (s *settings) findWay(st workflow.Store, run string, facts restore.Facts) error {
	var w way
	text, err := os.ReadFile(filepath.Join(st.Path(run), wayFile))
	if err == nil {
		err = json.Unmarshal(text, &w)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("read how run %s reached its cluster: %w", run, err)
	}
	s.kubeconfig = first(s.kubeconfig, w.Kubeconfig)
	s.context = first(s.context, w.Context)
	if id := facts.Identity; s.context == "" && id.Context != inCluster {
		s.context = id.Context
	}
	s.namespace = first(s.namespace, w.Namespace, facts.Identity.Namespace)
	return nil
}

// inCluster is what package kube calls the way from inside a pod. It has no context to name.
const inCluster = "in-cluster"

func first(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}
