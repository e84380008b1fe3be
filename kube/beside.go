package kube

import (
	"context"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"mastodon-restore/internal/mastodon"
)

// beside ties a pod to the node on which a claim is in use that one node at a time can mount. The
// scheduler would not: it lets the pod wait elsewhere, for a volume that is never let go of.
func (c *Cluster) beside(ctx context.Context, i mastodon.Instance, pod *corev1.Pod) error {
	var single []string
	for _, claim := range i.Claims {
		if claim.SingleNode() {
			single = append(single, claim.Name)
		}
	}
	if len(single) == 0 {
		return nil
	}
	pods, err := c.client.CoreV1().Pods(c.namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	for _, other := range pods.Items {
		if other.Name == pod.Name || ended(&other) || other.Spec.NodeName == "" || !mountsAny(other.Spec, single) {
			continue
		}
		onNode(pod, other.Spec.NodeName)
		return nil
	}
	return nil
}

func mountsAny(spec corev1.PodSpec, claims []string) bool {
	return slices.ContainsFunc(spec.Volumes, func(v corev1.Volume) bool {
		return v.PersistentVolumeClaim != nil && slices.Contains(claims, v.PersistentVolumeClaim.ClaimName)
	})
}

// onNode adds the node's name to every alternative of the pod's node affinity.
func onNode(pod *corev1.Pod, node string) {
	if pod.Spec.Affinity == nil {
		pod.Spec.Affinity = &corev1.Affinity{}
	}
	affinity := pod.Spec.Affinity
	if affinity.NodeAffinity == nil {
		affinity.NodeAffinity = &corev1.NodeAffinity{}
	} else {
		affinity.NodeAffinity = affinity.NodeAffinity.DeepCopy()
	}
	required := affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution
	if required == nil || len(required.NodeSelectorTerms) == 0 {
		required = &corev1.NodeSelector{NodeSelectorTerms: []corev1.NodeSelectorTerm{{}}}
		affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution = required
	}
	for n := range required.NodeSelectorTerms {
		term := &required.NodeSelectorTerms[n]
		term.MatchFields = append(term.MatchFields, corev1.NodeSelectorRequirement{Key: "metadata.name", Operator: corev1.NodeSelectorOpIn, Values: []string{node}})
	}
}
