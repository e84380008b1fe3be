package restore

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"mastodon-restore/internal/mastodon"
	"mastodon-restore/workflow"
)

func (r *Restore) reopen() workflow.Step {
	s := r.openStep(workflow.Step{
		ID: "reopen", Title: "reopen",
		Explain: workflow.Explain{
			Why:    "Only a database that was compared with the dump, and files that arrived whole, go live. Web comes first: Sidekiq would publish what is due the minute it starts.",
			ByHand: "kubectl scale deployment … --replicas=N for web, then every sidekiq, then streaming; kubectl patch cronjob … suspend=false",
			Risk:   "Web may need long for its first start when the volume's ownership is set file by file.",
			Undo:   "mastodon-restore undo RUN closes it again and brings the old database back",
		},
		Run: func(ctx context.Context, t *workflow.Task) error {
			if err := r.leaveVolumes(ctx, t); err != nil {
				return err
			}
			return r.open(ctx, t, r.waitReady)
		},
	})
	holds := s.Holds
	s.Holds = func(ctx context.Context, t *workflow.Task) error {
		if f := r.Facts.Restored; f == nil || !f.Checked || !f.Swapped {
			return r.card(errors.New("the restored database was not compared with the dump"), "not opened")
		}
		return holds(ctx, t)
	}
	return s
}

// leaveVolumes removes the utility pod where the volume can be mounted on one node at a time:
// web may be placed on another.
func (r *Restore) leaveVolumes(ctx context.Context, t *workflow.Task) error {
	c, found := r.Facts.Instance.SystemClaim()
	if !found || !c.SingleNode() {
		return nil
	}
	t.Log("removing the utility pod: %s can be mounted on one node at a time", c.Name)
	if err := r.World.Cluster.Remove(ctx, PodOf(r.Run)); err != nil {
		return r.card(err, "remove the utility pod")
	}
	return nil
}

// waiting waits for all replicas of some workloads.
type waiting func(ctx context.Context, t *workflow.Task, workloads []mastodon.Workload) error

// open scales everything to the remembered replicas, web first, and takes our notes away.
func (r *Restore) open(ctx context.Context, t *workflow.Task, ready waiting) error {
	if r.Facts.Quiesced == nil {
		return nil
	}
	i := r.Facts.Instance
	for _, stage := range [][]mastodon.Workload{append([]mastodon.Workload{i.Web}, i.MoreWeb...), i.Sidekiq, i.Streaming} {
		for _, w := range stage {
			n := r.replicas(w)
			if err := r.World.Cluster.Scale(ctx, w, n); err != nil {
				return r.card(err, "scale "+w.Name)
			}
			t.Log("%s: 0 to %d", w.Name, n)
		}
		if err := ready(ctx, t, stage); err != nil {
			return err
		}
	}
	for _, c := range i.CronJobs {
		if err := r.World.Cluster.Suspend(ctx, c, r.Facts.Quiesced.Suspended[c.Name], map[string]string{noteRun: "", noteSuspended: ""}); err != nil {
			return r.card(err, "take CronJob "+c.Name+" up again")
		}
	}
	for _, w := range i.Workloads() {
		if err := r.World.Cluster.Annotate(ctx, w, map[string]string{noteRun: "", noteReplicas: ""}); err != nil {
			return r.card(err, "take our notes off "+w.Name)
		}
	}
	r.Facts.Reopened = true
	if err := t.Save(); err != nil {
		return err
	}
	return t.Opened()
}

// replicas is how many a workload gets back. Web gets one at least: a restored server answers.
func (r *Restore) replicas(w mastodon.Workload) int {
	n := r.Facts.Quiesced.Replicas[w.Name]
	if n == 0 && w.Name == r.Facts.Instance.Web.Name {
		return 1
	}
	return n
}

// waitReady is patient, and then it is a failure: a restored server answers.
func (r *Restore) waitReady(ctx context.Context, t *workflow.Task, workloads []mastodon.Workload) error {
	return r.wait(ctx, t, "the server does not become ready", func(ctx context.Context) ([]string, error) {
		return r.unready(ctx, t, workloads)
	})
}

// hope is how long a server that is opened as it was before may take to become ready.
const hope = 2 * time.Minute

// openAsBefore opens a server as it was before the run. It may well have been broken, which is what
// restores are for: that it does not become ready is told, and is no failure.
func (r *Restore) openAsBefore(ctx context.Context, t *workflow.Task) error {
	missing := r.Facts.Before.Missing
	if len(missing) == 0 {
		return r.open(ctx, t, r.hopeReady)
	}
	t.LogAt(workflow.SeverityWarns, "the server is opened with the database from before, which lacks %s: nobody waits until it is ready", strings.Join(missing, ", "))
	return r.open(ctx, t, func(context.Context, *workflow.Task, []mastodon.Workload) error { return nil })
}

func (r *Restore) hopeReady(ctx context.Context, t *workflow.Task, workloads []mastodon.Workload) error {
	for began := t.Now(); ; {
		left, err := r.unready(ctx, t, workloads)
		if err != nil {
			return r.card(err, "look whether the server is ready")
		}
		if len(left) == 0 {
			return nil
		}
		if t.Now().Sub(began) > min(hope, r.World.Patience) {
			t.LogAt(workflow.SeverityWarns, "opened as before, but not ready: %s", strings.Join(left, "; "))
			return nil
		}
		if err := pause(ctx, r.World.Poll); err != nil {
			return err
		}
	}
}

// unready lists the workloads that lack ready replicas.
func (r *Restore) unready(ctx context.Context, t *workflow.Task, workloads []mastodon.Workload) (left []string, err error) {
	for _, w := range workloads {
		state, err := r.World.Cluster.Workload(ctx, w)
		if err != nil {
			return nil, err
		}
		want := r.replicas(w)
		t.Progress(workflow.Progress{ID: w.Name, Label: w.Name, Done: int64(state.Ready), Total: int64(want), Unit: "replicas"})
		if state.Ready < want {
			left = append(left, strings.Join(append([]string{fmt.Sprintf("%s %d of %d ready", w.Name, state.Ready, want)}, state.Problems...), ", "))
		}
	}
	return left, nil
}
