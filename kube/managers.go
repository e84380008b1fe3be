package kube

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// managers names the controllers that may scale an instance's workloads up behind our back.
func (c *Cluster) managers(ctx context.Context, group []member) ([]string, error) {
	var found []string
	add := func(names ...string) {
		for _, n := range names {
			if n != "" && !slices.Contains(found, n) {
				found = append(found, n)
			}
		}
	}
	targets := make(map[string]bool)
	for _, m := range group {
		targets[m.kind+"/"+m.meta.Name] = true
		add(gitOps(m.meta)...)
	}
	scalers, err := c.autoscalers(ctx, targets)
	if err != nil {
		return nil, err
	}
	add(scalers...)
	return found, nil
}

// gitOps reads the marks that Argo CD, Flux and operators leave on what they manage.
func gitOps(meta metav1.ObjectMeta) []string {
	var found []string
	if id := meta.Annotations["argocd.argoproj.io/tracking-id"]; id != "" {
		application, _, _ := strings.Cut(id, ":")
		found = append(found, "Argo CD application "+application)
	} else if name := meta.Labels["argocd.argoproj.io/instance"]; name != "" {
		found = append(found, "Argo CD application "+name)
	}
	for group, kind := range map[string]string{"kustomize": "Kustomization", "helm": "HelmRelease"} {
		mark := group + ".toolkit.fluxcd.io/"
		if name := meta.Labels[mark+"name"]; name != "" {
			found = append(found, fmt.Sprintf("Flux %s %s/%s", kind, meta.Labels[mark+"namespace"], name))
		}
	}
	if owner := metav1.GetControllerOfNoCopy(&meta); owner != nil {
		found = append(found, fmt.Sprintf("operator of %s %s", owner.Kind, owner.Name))
	}
	slices.Sort(found)
	return found
}

// autoscalers lists those that target the workloads. Clusters without them, or that do not show
// them to us, have none to fear or we learn of them while we wait for pods to go.
func (c *Cluster) autoscalers(ctx context.Context, targets map[string]bool) ([]string, error) {
	var found []string
	list, err := c.client.AutoscalingV2().HorizontalPodAutoscalers(c.namespace).List(ctx, metav1.ListOptions{})
	if err != nil && !denied(err) {
		return nil, fmt.Errorf("list horizontalpodautoscalers: %w", err)
	}
	if err == nil {
		for _, h := range list.Items {
			if ref := h.Spec.ScaleTargetRef; targets[ref.Kind+"/"+ref.Name] {
				found = append(found, fmt.Sprintf("HorizontalPodAutoscaler %s (of %s)", h.Name, ref.Name))
			}
		}
	}
	keda, err := c.scaledObjects(ctx, targets)
	return append(found, keda...), err
}

// scaledObjects asks for KEDA's, which may scale up from zero. Theirs is no API of Kubernetes: the
// answer is read by hand.
func (c *Cluster) scaledObjects(ctx context.Context, targets map[string]bool) ([]string, error) {
	body, err := c.client.CoreV1().RESTClient().Get().
		AbsPath("/apis/keda.sh/v1alpha1/namespaces/" + c.namespace + "/scaledobjects").DoRaw(ctx)
	if denied(err) || apierrors.IsMethodNotSupported(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list scaledobjects: %w", err)
	}
	var list struct {
		Items []struct {
			Metadata struct{ Name string }
			Spec     struct {
				ScaleTargetRef struct{ Kind, Name string }
			}
		}
	}
	if err := json.Unmarshal(body, &list); err != nil {
		return nil, fmt.Errorf("read scaledobjects: %w", err)
	}
	var found []string
	for _, o := range list.Items {
		ref := o.Spec.ScaleTargetRef
		if ref.Kind == "" {
			ref.Kind = deployment
		}
		if targets[ref.Kind+"/"+ref.Name] {
			found = append(found, fmt.Sprintf("KEDA ScaledObject %s (of %s)", o.Metadata.Name, ref.Name))
		}
	}
	return found, nil
}
