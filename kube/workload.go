package kube

import (
	"context"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"mastodon-restore/internal/mastodon"
)

// The kinds of workload that run a server.
const (
	deployment  = "Deployment"
	statefulSet = "StatefulSet"
)

// workload is what Deployments and StatefulSets have in common.
type workload struct {
	kind     string
	meta     metav1.ObjectMeta
	selector *metav1.LabelSelector
	template corev1.PodTemplateSpec
	replicas int
	ready    int
}

func ofDeployment(d *appsv1.Deployment) workload {
	return workload{deployment, d.ObjectMeta, d.Spec.Selector, d.Spec.Template, count(d.Spec.Replicas), int(d.Status.ReadyReplicas)}
}

func ofStatefulSet(s *appsv1.StatefulSet) workload {
	return workload{statefulSet, s.ObjectMeta, s.Spec.Selector, s.Spec.Template, count(s.Spec.Replicas), int(s.Status.ReadyReplicas)}
}

// count is a replica field's meaning: one where it is not set.
func count(replicas *int32) int {
	if replicas == nil {
		return 1
	}
	return int(*replicas)
}

// owns says whether a pod is this workload's. Selectors alone do not tell: hand-written ones
// overlap.
func (w workload) owns(pod *corev1.Pod) bool {
	owner := metav1.GetControllerOf(pod)
	if owner == nil {
		return false
	}
	if w.kind == statefulSet {
		return owner.Kind == statefulSet && owner.Name == w.meta.Name
	}
	return owner.Kind == "ReplicaSet" && owner.Name == w.meta.Name+"-"+pod.Labels[appsv1.DefaultDeploymentUniqueLabelKey]
}

// workloads lists the Deployments, then the StatefulSets of a namespace; empty for all.
func (c *Cluster) workloads(ctx context.Context, namespace string) ([]workload, error) {
	deployments, err := c.client.AppsV1().Deployments(namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, fmt.Errorf("list deployments%s: %w", in(namespace), err)
	}
	sets, err := c.client.AppsV1().StatefulSets(namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, fmt.Errorf("list statefulsets%s: %w", in(namespace), err)
	}
	var all []workload
	for i := range deployments.Items {
		all = append(all, ofDeployment(&deployments.Items[i]))
	}
	for i := range sets.Items {
		all = append(all, ofStatefulSet(&sets.Items[i]))
	}
	return all, nil
}

func in(namespace string) string {
	if namespace == "" {
		return " in all namespaces"
	}
	return " in namespace " + namespace
}

func (c *Cluster) workload(ctx context.Context, kind, name string) (workload, error) {
	switch kind {
	case deployment:
		d, err := c.client.AppsV1().Deployments(c.namespace).Get(ctx, name, metav1.GetOptions{})
		if err != nil {
			return workload{}, fmt.Errorf("get deployment %s: %w", name, err)
		}
		return ofDeployment(d), nil
	case statefulSet:
		s, err := c.client.AppsV1().StatefulSets(c.namespace).Get(ctx, name, metav1.GetOptions{})
		if err != nil {
			return workload{}, fmt.Errorf("get statefulset %s: %w", name, err)
		}
		return ofStatefulSet(s), nil
	}
	return workload{}, fmt.Errorf("get %s: a %s is nothing this program scales", name, kind)
}

// pods lists the workload's pods, ended ones and all.
func (c *Cluster) pods(ctx context.Context, w workload) ([]corev1.Pod, error) {
	selector, err := metav1.LabelSelectorAsSelector(w.selector)
	if err != nil {
		return nil, fmt.Errorf("read the selector of %s: %w", w.meta.Name, err)
	}
	list, err := c.client.CoreV1().Pods(c.namespace).List(ctx, metav1.ListOptions{LabelSelector: selector.String()})
	if err != nil {
		return nil, fmt.Errorf("list pods of %s: %w", w.meta.Name, err)
	}
	var own []corev1.Pod
	for _, pod := range list.Items {
		if w.owns(&pod) {
			own = append(own, pod)
		}
	}
	return own, nil
}

// ended says that nothing runs in the pod any more, though its object is there.
func ended(pod *corev1.Pod) bool {
	return pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed
}

// Workload says how a workload is, with every pod of it that may still write.
func (c *Cluster) Workload(ctx context.Context, name mastodon.Workload) (mastodon.WorkloadState, error) {
	w, err := c.workload(ctx, name.Kind, name.Name)
	if err != nil {
		return mastodon.WorkloadState{}, err
	}
	pods, err := c.pods(ctx, w)
	if err != nil {
		return mastodon.WorkloadState{}, err
	}
	state := mastodon.WorkloadState{Replicas: w.replicas, Ready: w.ready, Annotations: ours(w.meta.Annotations)}
	for _, pod := range pods {
		if !ended(&pod) {
			state.Pods = append(state.Pods, pod.Name)
		}
	}
	state.Problems = c.workloadProblems(ctx, w, pods)
	return state, nil
}

// matches says whether a plain selector, such as a Service's, takes the labels.
func matches(selector, set map[string]string) bool {
	return len(selector) > 0 && labels.SelectorFromSet(selector).Matches(labels.Set(set))
}
