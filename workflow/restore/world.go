package restore

import (
	"context"
	"fmt"

	"mastodon-restore/internal/mastodon"
	"mastodon-restore/internal/remote"
	"mastodon-restore/internal/transfer"
)

// Cluster is all a restore needs of the place where the server runs. Package kube and the
// practice cluster satisfy it.
type Cluster interface {
	Finder
	Workloads
	Schedules
	Lock
	Utility
	Survey
}

// Finder says where we are and what runs there.
type Finder interface {
	Identity(ctx context.Context) (mastodon.Identity, error)
	// Instances finds the Mastodon servers of the namespace.
	Instances(ctx context.Context) ([]mastodon.Instance, error)
}

// Workloads scales what writes.
type Workloads interface {
	Workload(ctx context.Context, w mastodon.Workload) (mastodon.WorkloadState, error)
	Scale(ctx context.Context, w mastodon.Workload, replicas int) error
	// Annotate sets annotations of our own prefix; an empty value takes one away.
	Annotate(ctx context.Context, w mastodon.Workload, annotations map[string]string) error
}

// Schedules keeps CronJobs and Jobs from writing.
type Schedules interface {
	CronJob(ctx context.Context, c mastodon.CronJob) (mastodon.CronJobState, error)
	// Suspend sets spec.suspend and, in the same request, annotations of our own prefix.
	Suspend(ctx context.Context, c mastodon.CronJob, suspend bool, annotations map[string]string) error
	// RunningJobs lists the instance's Jobs that have pods at work.
	RunningJobs(ctx context.Context, i mastodon.Instance) ([]string, error)
}

// Lock is one lock for the namespace, seen by every machine.
type Lock interface {
	// Holder returns who holds the lock; ok is false for nobody.
	Holder(ctx context.Context) (h mastodon.Holder, ok bool, err error)
	// Acquire takes or renews the lock for h.Run. It returns a *[HeldError] when another run
	// has it.
	Acquire(ctx context.Context, h mastodon.Holder) error
	// Release gives the lock back when run holds it.
	Release(ctx context.Context, run string) error
}

// HeldError says that another run holds the lock.
type HeldError = mastodon.HeldError

// Utility makes the pod the restore works in.
type Utility interface {
	// DryRun asks the API server whether the pod would be admitted; nothing is made.
	DryRun(ctx context.Context, i mastodon.Instance, p mastodon.UtilityPod) error
	// Ensure makes the pod unless this run's own is there already.
	Ensure(ctx context.Context, i mastodon.Instance, p mastodon.UtilityPod) error
	Pod(ctx context.Context, name string) (mastodon.PodState, error)
	// Remove deletes the pod and waits until it is gone. A pod that is not there is no error.
	Remove(ctx context.Context, name string) error
}

// Survey looks at things without changing them.
type Survey interface {
	// Denied lists what we may not do of what a restore does, such as "patch deployments".
	Denied(ctx context.Context) (denied []string, asked int, err error)
	// ImageNodes lists the nodes that have an image already, and those that could run a pod.
	ImageNodes(ctx context.Context, image string) (having, ready []string, err error)
	// Place is a container of a running pod, to run commands in.
	Place(pod, container string) remote.Place
}

// Files carries what is on this machine into a place; see package transfer for the promises.
type Files interface {
	Send(ctx context.Context, p remote.Place, archive string, to transfer.Destination, o transfer.Options) (transfer.Report, error)
	SendFile(ctx context.Context, p remote.Place, local, to string, o transfer.Options) (transfer.Report, error)
}

// overStreams is package transfer as it is.
type overStreams struct{}

func (overStreams) Send(ctx context.Context, p remote.Place, archive string, to transfer.Destination, o transfer.Options) (transfer.Report, error) {
	return transfer.Send(ctx, p, archive, to, o)
}

func (overStreams) SendFile(ctx context.Context, p remote.Place, local, to string, o transfer.Options) (transfer.Report, error) {
	return transfer.SendFile(ctx, p, local, to, o)
}

// PodOf is the name of a run's utility pod.
func PodOf(run string) string { return fmt.Sprintf("mastodon-restore-%s", run) }
