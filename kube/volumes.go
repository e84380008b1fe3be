package kube

import (
	"context"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/selection"

	"mastodon-restore/internal/mastodon"
)

// denied says that we may not look, which is no reason to stop: volumes and nodes belong to the
// cluster, not to the namespace.
func denied(err error) bool { return apierrors.IsForbidden(err) || apierrors.IsNotFound(err) }

// volume adds to a claim what its volume tells, as far as we may look.
func (c *Cluster) volume(ctx context.Context, name string, claim *mastodon.Claim) error {
	pv, err := c.client.CoreV1().PersistentVolumes().Get(ctx, name, metav1.GetOptions{})
	if denied(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("get persistentvolume %s: %w", name, err)
	}
	claim.Source = medium(pv.Spec.PersistentVolumeSource)
	if pv.Spec.NodeAffinity != nil && pv.Spec.NodeAffinity.Required != nil {
		if claim.Nodes, err = c.mountable(ctx, *pv.Spec.NodeAffinity.Required); err != nil {
			return err
		}
	}
	if claim.SingleNode() && pv.Spec.CSI != nil {
		claim.AttachedTo, err = c.attached(ctx, name)
	}
	return err
}

// medium is what a volume is made of.
func medium(s corev1.PersistentVolumeSource) string {
	switch {
	case s.CSI != nil:
		return "csi " + s.CSI.Driver
	case s.NFS != nil:
		return "nfs"
	case s.HostPath != nil:
		return "hostPath"
	case s.Local != nil:
		return "local"
	case s.CephFS != nil:
		return "cephfs"
	case s.ISCSI != nil:
		return "iscsi"
	case s.RBD != nil:
		return "rbd"
	}
	return "other"
}

// mountable lists the nodes that a volume's affinity allows; none means all of them.
func (c *Cluster) mountable(ctx context.Context, s corev1.NodeSelector) ([]string, error) {
	nodes, err := c.client.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	if denied(err) {
		return named(s), nil
	}
	if err != nil {
		return nil, fmt.Errorf("list nodes: %w", err)
	}
	var fit []string
	for _, node := range nodes.Items {
		if slices.ContainsFunc(s.NodeSelectorTerms, func(t corev1.NodeSelectorTerm) bool { return takes(t, &node) }) {
			fit = append(fit, node.Name)
		}
	}
	if len(fit) == len(nodes.Items) {
		return nil, nil
	}
	if len(fit) == 0 { // its node is gone
		return named(s), nil
	}
	return fit, nil
}

// takes says whether a node fits a term, all of whose expressions must hold.
func takes(t corev1.NodeSelectorTerm, node *corev1.Node) bool {
	return all(t.MatchExpressions, labels.Set(node.Labels)) &&
		all(t.MatchFields, labels.Set{"metadata.name": node.Name})
}

func all(expressions []corev1.NodeSelectorRequirement, set labels.Set) bool {
	operators := map[corev1.NodeSelectorOperator]selection.Operator{
		corev1.NodeSelectorOpIn: selection.In, corev1.NodeSelectorOpNotIn: selection.NotIn,
		corev1.NodeSelectorOpExists: selection.Exists, corev1.NodeSelectorOpDoesNotExist: selection.DoesNotExist,
		corev1.NodeSelectorOpGt: selection.GreaterThan, corev1.NodeSelectorOpLt: selection.LessThan,
	}
	for _, e := range expressions {
		r, err := labels.NewRequirement(e.Key, operators[e.Operator], e.Values)
		if err != nil || !r.Matches(set) {
			return false
		}
	}
	return true
}

// named are the nodes that an affinity itself names.
func named(s corev1.NodeSelector) []string {
	var names []string
	for _, t := range s.NodeSelectorTerms {
		for _, e := range slices.Concat(t.MatchExpressions, t.MatchFields) {
			if e.Operator == corev1.NodeSelectorOpIn && (e.Key == corev1.LabelHostname || e.Key == "metadata.name") {
				names = append(names, e.Values...)
			}
		}
	}
	return names
}

// attached is the node a volume is attached to now; empty for none.
func (c *Cluster) attached(ctx context.Context, volume string) (string, error) {
	list, err := c.client.StorageV1().VolumeAttachments().List(ctx, metav1.ListOptions{})
	if denied(err) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("list volumeattachments: %w", err)
	}
	for _, a := range list.Items {
		if a.Status.Attached && a.Spec.Source.PersistentVolumeName != nil && *a.Spec.Source.PersistentVolumeName == volume {
			return a.Spec.NodeName, nil
		}
	}
	return "", nil
}
