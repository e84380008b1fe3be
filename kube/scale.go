package kube

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"mastodon-restore/internal/mastodon"
)

// prefix is before every label and annotation of ours.
const prefix = "mastodon-restore/"

// Scale sets a workload's replicas. It patches that one field: whoever changes another one at the
// same time loses nothing, and neither do we.
func (c *Cluster) Scale(ctx context.Context, w mastodon.Workload, replicas int) error {
	err := c.patch(ctx, w.Kind, w.Name, map[string]any{"spec": map[string]any{"replicas": replicas}})
	if err != nil {
		return fmt.Errorf("scale %s to %d: %w", w.Name, replicas, err)
	}
	return nil
}

// Annotate sets annotations of our own prefix; an empty value takes one away.
func (c *Cluster) Annotate(ctx context.Context, w mastodon.Workload, annotations map[string]string) error {
	err := c.patch(ctx, w.Kind, w.Name, map[string]any{"metadata": map[string]any{"annotations": merge(annotations)}})
	if err != nil {
		return fmt.Errorf("annotate %s: %w", w.Name, err)
	}
	return nil
}

// patch is a JSON merge patch: done twice, it is the same as done once.
func (c *Cluster) patch(ctx context.Context, kind, name string, change map[string]any) error {
	body, err := json.Marshal(change)
	if err != nil {
		return err
	}
	switch kind {
	case deployment:
		_, err = c.client.AppsV1().Deployments(c.namespace).Patch(ctx, name, types.MergePatchType, body, metav1.PatchOptions{})
	case statefulSet:
		_, err = c.client.AppsV1().StatefulSets(c.namespace).Patch(ctx, name, types.MergePatchType, body, metav1.PatchOptions{})
	case cronJob:
		_, err = c.client.BatchV1().CronJobs(c.namespace).Patch(ctx, name, types.MergePatchType, body, metav1.PatchOptions{})
	default:
		err = fmt.Errorf("a %s is nothing this program changes", kind)
	}
	return err
}

// merge is annotations as a merge patch wants them: our prefix before each, null for one to go.
func merge(annotations map[string]string) map[string]any {
	patch := make(map[string]any, len(annotations))
	for key, value := range annotations {
		if value == "" {
			patch[prefix+key] = nil
		} else {
			patch[prefix+key] = value
		}
	}
	return patch
}

// ours are the annotations of our prefix, the prefix taken off.
func ours(annotations map[string]string) map[string]string {
	var own map[string]string
	for key, value := range annotations {
		if name, ok := strings.CutPrefix(key, prefix); ok {
			if own == nil {
				own = make(map[string]string)
			}
			own[name] = value
		}
	}
	return own
}
