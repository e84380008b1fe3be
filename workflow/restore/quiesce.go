package restore

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"mastodon-restore/internal/mastodon"
	"mastodon-restore/workflow"
)

// Quiesced is what the server looked like before it was closed.
type Quiesced struct {
	Replicas  map[string]int  `json:"replicas"`  // by workload
	Suspended map[string]bool `json:"suspended"` // by CronJob
}

// The annotations that tell every machine what was, without their prefix.
const (
	noteRun       = "run"
	noteReplicas  = "replicas"
	noteSuspended = "suspended"
)

func (r *Restore) quiesce() workflow.Step {
	return workflow.Step{
		ID: "quiesce", Title: "scale down",
		Explain: workflow.Explain{
			Why:    "Whatever still writes to the database or the volumes would be lost or mixed into the restored data. Volumes that one node at a time can mount are let go of.",
			ByHand: "kubectl scale deployment … --replicas=0 for web, every sidekiq and streaming; kubectl patch cronjob … suspend; wait until kubectl get pods shows none",
			Risk:   "The server is closed from here on. How many replicas there were is in the journal and in annotations on each workload.",
			Undo:   "kubectl scale deployment … --replicas=N, with N from the annotation mastodon-restore/replicas; unsuspend the CronJobs",
		},
		Done: r.quiet,
		Run:  r.close,
	}
}

// quiet says whether nothing writes and everything that must be known for reopening is.
func (r *Restore) quiet(ctx context.Context, _ *workflow.Task) (bool, error) {
	if r.Facts.Quiesced == nil {
		return false, nil
	}
	if err := r.acquire(ctx, "quiesce"); err != nil {
		return false, err
	}
	busy, err := r.writers(ctx)
	return len(busy) == 0, err
}

// writers lists what could write: pods, workloads that would make some, Jobs, CronJobs.
func (r *Restore) writers(ctx context.Context) (busy []string, err error) {
	for _, w := range r.Facts.Instance.Workloads() {
		state, err := r.World.Cluster.Workload(ctx, w)
		if err != nil {
			return nil, err
		}
		switch {
		case state.Replicas > 0:
			busy = append(busy, fmt.Sprintf("%s is at %d", w.Name, state.Replicas))
		case len(state.Pods) > 0:
			busy = append(busy, fmt.Sprintf("%s still has %s", w.Name, strings.Join(state.Pods, ", ")))
		}
	}
	for _, c := range r.Facts.Instance.CronJobs {
		state, err := r.World.Cluster.CronJob(ctx, c)
		if err != nil {
			return nil, err
		}
		if !state.Suspended {
			busy = append(busy, c.Name+" is not suspended")
		}
	}
	jobs, err := r.World.Cluster.RunningJobs(ctx, r.Facts.Instance)
	for _, j := range jobs {
		busy = append(busy, "Job "+j+" is running")
	}
	return busy, err
}

func (r *Restore) acquire(ctx context.Context, step string) error {
	err := r.World.Cluster.Acquire(ctx, mastodon.Holder{Run: r.Run, Who: r.World.Who, Step: step})
	var held *HeldError
	if errors.As(err, &held) {
		return r.locked(held)
	}
	return err
}

func (r *Restore) close(ctx context.Context, t *workflow.Task) error {
	if err := r.acquire(ctx, "quiesce"); err != nil {
		return err
	}
	if err := r.remember(ctx, t); err != nil {
		return err
	}
	if err := t.Closed(); err != nil {
		return err
	}
	for _, c := range r.Facts.Instance.CronJobs {
		was := strconv.FormatBool(r.Facts.Quiesced.Suspended[c.Name])
		if err := r.World.Cluster.Suspend(ctx, c, true, map[string]string{noteRun: r.Run, noteSuspended: was}); err != nil {
			return r.card(err, "suspend CronJob "+c.Name)
		}
		t.Log("CronJob %s suspended", c.Name)
	}
	if err := r.waitForJobs(ctx, t); err != nil {
		return err
	}
	for _, w := range r.Facts.Instance.Workloads() {
		if err := r.World.Cluster.Scale(ctx, w, 0); err != nil {
			return r.card(err, "scale "+w.Name+" to 0")
		}
		t.Log("%s: %d to 0", w.Name, r.Facts.Quiesced.Replicas[w.Name])
	}
	return r.waitForQuiet(ctx, t)
}

// remember notes replicas and suspensions in the journal, then on each workload, before anything
// is scaled. A workload that an unfinished run left at 0 says itself how many it had.
func (r *Restore) remember(ctx context.Context, t *workflow.Task) error {
	if r.Facts.Quiesced == nil {
		q := &Quiesced{Replicas: map[string]int{}, Suspended: map[string]bool{}}
		for _, w := range r.Facts.Instance.Workloads() {
			state, err := r.World.Cluster.Workload(ctx, w)
			if err != nil {
				return err
			}
			q.Replicas[w.Name] = state.Replicas
			if n, err := strconv.Atoi(state.Annotations[noteReplicas]); err == nil && state.Replicas == 0 {
				t.Log("%s is at 0 since run %s, which noted %d before", w.Name, state.Annotations[noteRun], n)
				q.Replicas[w.Name] = n
			}
		}
		for _, c := range r.Facts.Instance.CronJobs {
			state, err := r.World.Cluster.CronJob(ctx, c)
			if err != nil {
				return err
			}
			q.Suspended[c.Name] = state.Suspended && state.Annotations[noteSuspended] != "false"
		}
		r.Facts.Quiesced = q
		if err := t.Save(); err != nil {
			return err
		}
	}
	for _, w := range r.Facts.Instance.Workloads() {
		notes := map[string]string{noteRun: r.Run, noteReplicas: strconv.Itoa(r.Facts.Quiesced.Replicas[w.Name])}
		if err := r.World.Cluster.Annotate(ctx, w, notes); err != nil {
			return r.card(err, "note the replicas on "+w.Name)
		}
	}
	return nil
}

func (r *Restore) waitForJobs(ctx context.Context, t *workflow.Task) error {
	return r.wait(ctx, t, "Jobs of the server are still running", func(ctx context.Context) ([]string, error) {
		return r.World.Cluster.RunningJobs(ctx, r.Facts.Instance)
	})
}

func (r *Restore) waitForQuiet(ctx context.Context, t *workflow.Task) error {
	all := int64(len(r.Facts.Instance.Workloads()))
	return r.wait(ctx, t, "the server's pods do not go away", func(ctx context.Context) ([]string, error) {
		busy, err := r.writers(ctx)
		t.Progress(workflow.Progress{ID: "closed", Label: "closed", Done: max(0, all-int64(len(busy))), Total: all, Unit: "workloads", Now: strings.Join(busy, "; ")})
		return busy, err
	})
}

// wait polls until nothing is left; after the patience it is a failure that names what is.
func (r *Restore) wait(ctx context.Context, t *workflow.Task, what string, left func(context.Context) ([]string, error)) error {
	began, said := t.Now(), ""
	for {
		list, err := left(ctx)
		if err != nil {
			return r.card(err, what)
		}
		if len(list) == 0 {
			return nil
		}
		if now := strings.Join(list, "; "); now != said {
			t.Log("waiting: %s", now)
			said = now
		}
		if t.Now().Sub(began) > r.World.Patience {
			f := r.card(fmt.Errorf("%s", said), what)
			f.Evidence = list
			return f
		}
		if err := pause(ctx, r.World.Poll); err != nil {
			return err
		}
	}
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
