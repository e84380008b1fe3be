package kube

import (
	"context"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"mastodon-restore/internal/mastodon"
)

// cronJobs lists the CronJobs that may write to the instance.
func (c *Cluster) cronJobs(ctx context.Context, i mastodon.Instance) ([]mastodon.CronJob, error) {
	list, err := c.client.BatchV1().CronJobs(c.namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, fmt.Errorf("list cronjobs in namespace %s: %w", c.namespace, err)
	}
	var found []mastodon.CronJob
	for _, job := range list.Items {
		if worksFor(job.ObjectMeta, job.Spec.JobTemplate.Spec.Template, i) {
			found = append(found, mastodon.CronJob{Name: job.Name, Schedule: job.Spec.Schedule, Suspended: suspended(&job)})
		}
	}
	return found, nil
}

// worksFor says whether a Job's pods may write to the instance: they mount a volume of it, or run
// Mastodon for its release or for nobody in particular.
func worksFor(meta metav1.ObjectMeta, template corev1.PodTemplateSpec, i mastodon.Instance) bool {
	for _, v := range template.Spec.Volumes {
		if v.PersistentVolumeClaim == nil {
			continue
		}
		if slices.ContainsFunc(i.Claims, func(c mastodon.Claim) bool { return c.Name == v.PersistentVolumeClaim.ClaimName }) {
			return true
		}
	}
	runs := slices.ContainsFunc(template.Spec.Containers, func(c corev1.Container) bool {
		return repository(c.Image) == repository(i.Image) || mastodonImage.MatchString(repository(c.Image))
	})
	of := release(template.Annotations, template.Labels)
	if of == "" {
		of = release(meta.Annotations, meta.Labels)
	}
	// Where the web workload names no release, i is called after the workload itself.
	return runs && (of == "" || of == i.Name || i.Name == i.Web.Name)
}
