package practice

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"mastodon-restore/internal/mastodon"
)

// Scratch is a folder for the containers of a utility pod to share. Whoever runs a restore here
// gives it as the pod's scratch folder, since a path in a pod is one of this machine.
func (c *Cluster) Scratch() string { return filepath.Join(c.dir, "scratch") }

// DryRun checks what an API server would check.
func (c *Cluster) DryRun(ctx context.Context, i mastodon.Instance, p mastodon.UtilityPod) error {
	switch {
	case i.Name != Release:
		return notFound("instance", i.Name)
	case p.Name == "" || strings.ToLower(p.Name) != p.Name || len(p.Name) > 63:
		return fmt.Errorf("pod %q is invalid: metadata.name must be a lower case name of at most 63 characters", p.Name)
	case p.Scratch != "" && !c.owns(p.Scratch):
		return fmt.Errorf("pod %s: the scratch folder %s is not in the practice cluster; give it %s", p.Name, p.Scratch, c.Scratch())
	}
	return ctx.Err()
}

// Ensure makes the pod unless this run's own is there already.
func (c *Cluster) Ensure(ctx context.Context, i mastodon.Instance, p mastodon.UtilityPod) error {
	if err := c.DryRun(ctx, i, p); err != nil {
		return err
	}
	return c.change(ctx, func(st *state) error {
		if have := st.pod(p.Name); have != nil {
			switch {
			case have.Run != p.Run:
				return fmt.Errorf("pod %s is there already and belongs to %s", p.Name, orNobody(have.Run))
			case !have.Gone.IsZero():
				return fmt.Errorf("pod %s is being deleted", p.Name)
			}
			return nil
		}
		if err := st.emptyScratch(p); err != nil {
			return err
		}
		made := &pod{Name: p.Name, UID: newUID(), Run: p.Run, Node: nodes[0], Ready: time.Now().Add(c.pace.utility), Scratch: p.Scratch}
		if c.fault != nil && c.fault.begin != nil && !st.Fault.Struck {
			c.fault.begin(made)
			st.Fault.Struck = true
		}
		st.Pods = append(st.Pods, made)
		return nil
	})
}

// emptyScratch makes the folder that the pod's containers share, with nothing in it.
func (st *state) emptyScratch(p mastodon.UtilityPod) error {
	if p.Scratch == "" {
		return nil
	}
	for _, other := range st.Pods {
		if other.Scratch == p.Scratch {
			return fmt.Errorf("make pod %s: pod %s is there still and has the scratch folder %s; delete it first", p.Name, other.Name, p.Scratch)
		}
	}
	if err := os.RemoveAll(p.Scratch); err != nil {
		return fmt.Errorf("make pod %s: %w", p.Name, err)
	}
	if err := os.MkdirAll(p.Scratch, 0o755); err != nil {
		return fmt.Errorf("make pod %s: %w", p.Name, err)
	}
	return nil
}

func orNobody(run string) string {
	if run == "" {
		return "no run"
	}
	return "run " + run
}

// Pod looks at a pod.
func (c *Cluster) Pod(ctx context.Context, name string) (mastodon.PodState, error) {
	st, err := c.current(ctx)
	if err != nil {
		return mastodon.PodState{}, err
	}
	p := st.pod(name)
	if p == nil {
		return mastodon.PodState{}, nil
	}
	got := mastodon.PodState{Exists: true, Ready: p.ready(time.Now()), Node: p.Node, Run: p.Run, UID: p.UID}
	switch {
	case p.Stuck != "":
		got.Problems = []string{p.Stuck}
	case !p.Gone.IsZero():
		got.Problems = []string{"the pod is being deleted"}
	}
	return got, nil
}

// Remove deletes a pod, ends what runs in it, and waits until it is gone.
func (c *Cluster) Remove(ctx context.Context, name string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := c.delete(name, c.pace.stop, nil); err != nil {
		return err
	}
	for {
		st, err := c.current(ctx)
		if err != nil {
			return err
		}
		if st.pod(name) == nil {
			return nil
		}
		if err := sleep(ctx, c.pace.look); err != nil {
			return fmt.Errorf("wait until pod %s is gone: %w", name, err)
		}
	}
}

// delete marks a pod as gone after a while. Its processes end now, and its scratch folder with
// them; lost is what their callers hear, if not an exit code.
func (c *Cluster) delete(name string, after time.Duration, lost error) error {
	var gone *pod
	err := c.store.change(func(st *state) error {
		p := st.pod(name)
		if p == nil || !p.Gone.IsZero() {
			return nil
		}
		p.Gone = time.Now().Add(after)
		gone = p
		return nil
	})
	if err != nil || gone == nil {
		return err
	}
	c.processes.end(func(p *process) bool { return p.uid == gone.UID }, lost)
	if gone.Scratch == "" {
		return nil
	}
	endJobs(gone.Scratch)
	if err := os.RemoveAll(gone.Scratch); err != nil {
		return fmt.Errorf("empty the scratch folder of pod %s: %w", name, err)
	}
	return nil
}

// owns says whether a path is in the cluster's folder.
func (c *Cluster) owns(path string) bool {
	rel, err := filepath.Rel(c.dir, path)
	return err == nil && rel != "." && filepath.IsLocal(rel)
}
