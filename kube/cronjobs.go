package kube

import (
	"context"
	"fmt"
	"slices"

	batchv1 "k8s.io/api/batch/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"mastodon-restore/internal/mastodon"
)

const cronJob = "CronJob"

// CronJob says how a CronJob is.
func (c *Cluster) CronJob(ctx context.Context, job mastodon.CronJob) (mastodon.CronJobState, error) {
	found, err := c.client.BatchV1().CronJobs(c.namespace).Get(ctx, job.Name, metav1.GetOptions{})
	if err != nil {
		return mastodon.CronJobState{}, fmt.Errorf("get cronjob %s: %w", job.Name, err)
	}
	return mastodon.CronJobState{Suspended: suspended(found), Annotations: ours(found.Annotations)}, nil
}

func suspended(job *batchv1.CronJob) bool { return job.Spec.Suspend != nil && *job.Spec.Suspend }

// Suspend sets spec.suspend and, in the same request, annotations of our own prefix.
func (c *Cluster) Suspend(ctx context.Context, job mastodon.CronJob, suspend bool, annotations map[string]string) error {
	change := map[string]any{"spec": map[string]any{"suspend": suspend}}
	if len(annotations) > 0 {
		change["metadata"] = map[string]any{"annotations": merge(annotations)}
	}
	if err := c.patch(ctx, cronJob, job.Name, change); err != nil {
		return fmt.Errorf("set suspend of cronjob %s to %t: %w", job.Name, suspend, err)
	}
	return nil
}

// RunningJobs lists the Jobs with pods at work that are the instance's: of its CronJobs, of its
// release, with its image or on its volumes.
func (c *Cluster) RunningJobs(ctx context.Context, i mastodon.Instance) ([]string, error) {
	jobs, err := c.client.BatchV1().Jobs(c.namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, fmt.Errorf("list jobs: %w", err)
	}
	var running []string
	for _, job := range jobs.Items {
		if working(&job) && jobOf(&job, i) {
			running = append(running, job.Name)
		}
	}
	slices.Sort(running)
	return running, nil
}

func jobOf(job *batchv1.Job, i mastodon.Instance) bool {
	if owner := metav1.GetControllerOf(job); owner != nil && owner.Kind == cronJob {
		return slices.ContainsFunc(i.CronJobs, func(c mastodon.CronJob) bool { return c.Name == owner.Name })
	}
	return worksFor(job.ObjectMeta, job.Spec.Template, i)
}

// working says that pods of the job run, or are about to end and may still write.
func working(job *batchv1.Job) bool {
	return job.Status.Active > 0 || job.Status.Terminating != nil && *job.Status.Terminating > 0
}
