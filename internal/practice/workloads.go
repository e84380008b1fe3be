package practice

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"time"

	"mastodon-restore/internal/mastodon"
)

// Workload looks at a workload.
func (c *Cluster) Workload(ctx context.Context, w mastodon.Workload) (mastodon.WorkloadState, error) {
	st, err := c.current(ctx)
	if err != nil {
		return mastodon.WorkloadState{}, err
	}
	have := st.Workloads[w.Name]
	if have == nil {
		return mastodon.WorkloadState{}, notFound("deployments.apps", w.Name)
	}
	ill := ""
	if have.Component == mastodon.Web && have.Replicas > 0 {
		ill = c.health(ctx)
	}
	now, got := time.Now(), mastodon.WorkloadState{Replicas: have.Replicas, Annotations: maps.Clone(have.Annotations)}
	for _, p := range st.of(w.Name) {
		got.Pods = append(got.Pods, p.Name)
		switch {
		case !p.ready(now):
		case ill != "":
			got.Problems = append(got.Problems, fmt.Sprintf("%s is not ready: /health answers 500: %s", p.Name, ill))
		default:
			got.Ready++
		}
	}
	return got, nil
}

// health is what Mastodon's /health says when the database is not usable; empty when it is.
func (c *Cluster) health(ctx context.Context) string {
	missing := "relation \"users\" does not exist"
	if c.simulation != nil {
		if c.simulation.has(databaseName, "users") {
			return ""
		}
		return missing
	}
	out, err := c.server.sql(ctx, databaseName, "SELECT to_regclass('public.users') IS NOT NULL")
	switch {
	case err != nil:
		return fmt.Sprintf("database %q can't be asked", databaseName)
	case strings.TrimSpace(out) != "t":
		return missing
	}
	return ""
}

// Scale changes a workload's replicas and returns at once; the pods follow.
func (c *Cluster) Scale(ctx context.Context, w mastodon.Workload, replicas int) error {
	if replicas < 0 {
		return fmt.Errorf("scale %s: there can't be %d replicas", w.Name, replicas)
	}
	return c.change(ctx, func(st *state) error {
		if st.Workloads[w.Name] == nil {
			return notFound("deployments.apps", w.Name)
		}
		st.scale(w.Name, replicas, time.Now(), c.pace)
		return nil
	})
}

// Annotate sets annotations of a workload; an empty value takes one away.
func (c *Cluster) Annotate(ctx context.Context, w mastodon.Workload, annotations map[string]string) error {
	return c.change(ctx, func(st *state) error {
		have := st.Workloads[w.Name]
		if have == nil {
			return notFound("deployments.apps", w.Name)
		}
		annotate(&have.Annotations, annotations)
		return nil
	})
}

// CronJob looks at a CronJob.
func (c *Cluster) CronJob(ctx context.Context, j mastodon.CronJob) (mastodon.CronJobState, error) {
	st, err := c.current(ctx)
	if err != nil {
		return mastodon.CronJobState{}, err
	}
	have := st.CronJobs[j.Name]
	if have == nil {
		return mastodon.CronJobState{}, notFound("cronjobs.batch", j.Name)
	}
	return mastodon.CronJobState{Suspended: have.Suspended, Annotations: maps.Clone(have.Annotations)}, nil
}

// Suspend suspends a CronJob, or lets it go on.
func (c *Cluster) Suspend(ctx context.Context, j mastodon.CronJob, suspend bool, annotations map[string]string) error {
	return c.change(ctx, func(st *state) error {
		have := st.CronJobs[j.Name]
		if have == nil {
			return notFound("cronjobs.batch", j.Name)
		}
		have.Suspended = suspend
		annotate(&have.Annotations, annotations)
		return nil
	})
}

// RunningJobs lists none: the practice server's only CronJob runs on Sundays, and nobody waits
// for that.
func (c *Cluster) RunningJobs(ctx context.Context, _ mastodon.Instance) ([]string, error) {
	return nil, ctx.Err()
}

// Holder returns who holds the lock.
func (c *Cluster) Holder(ctx context.Context) (h mastodon.Holder, ok bool, err error) {
	st, err := c.current(ctx)
	if err != nil || st.Lease == nil {
		return mastodon.Holder{}, false, err
	}
	return *st.Lease, true, nil
}

// Acquire takes or renews the lock.
func (c *Cluster) Acquire(ctx context.Context, h mastodon.Holder) error {
	return c.change(ctx, func(st *state) error {
		now := time.Now().UTC().Format(time.RFC3339)
		h.Renewed = now
		switch {
		case st.Lease != nil && st.Lease.Run != h.Run:
			return &mastodon.HeldError{Namespace: Namespace, Holder: *st.Lease}
		case st.Lease != nil && st.Lease.Since != "":
			h.Since = st.Lease.Since
		case h.Since == "":
			h.Since = now
		}
		st.Lease = &h
		return nil
	})
}

// Release gives the lock back when run holds it.
func (c *Cluster) Release(ctx context.Context, run string) error {
	return c.change(ctx, func(st *state) error {
		if st.Lease != nil && st.Lease.Run == run {
			st.Lease = nil
		}
		return nil
	})
}

// change changes the state, the pods whose time is over taken out before.
func (c *Cluster) change(ctx context.Context, change func(*state) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return c.store.change(func(st *state) error {
		st.bury(time.Now())
		return change(st)
	})
}
