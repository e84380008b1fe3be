package kube

import (
	"context"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// ImageNodes lists the nodes that have an image already, and those that take pods. Who may not
// look at nodes learns of those only that run pods of the namespace. Kubelets report no more than
// their 50 biggest images: a node that is not in the first list may have it all the same.
func (c *Cluster) ImageNodes(ctx context.Context, image string) (having, ready []string, err error) {
	want := full(image)
	pods, err := c.client.CoreV1().Pods(c.namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, nil, fmt.Errorf("list pods in namespace %s: %w", c.namespace, err)
	}
	used := make(map[string]bool)
	for _, pod := range pods.Items {
		if pod.Spec.NodeName != "" && pod.Status.Phase == corev1.PodRunning {
			used[pod.Spec.NodeName] = used[pod.Spec.NodeName] || runs(&pod, want)
		}
	}
	nodes, err := c.client.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	if err != nil && !denied(err) {
		return nil, nil, fmt.Errorf("list nodes: %w", err)
	}
	if err == nil {
		for _, node := range nodes.Items {
			used[node.Name] = used[node.Name] || keeps(&node, want)
			if takesPods(&node) {
				ready = append(ready, node.Name)
			}
		}
	}
	for node, has := range used {
		if has {
			having = append(having, node)
		}
		if denied(err) {
			ready = append(ready, node)
		}
	}
	slices.Sort(having)
	slices.Sort(ready)
	return having, ready, nil
}

// runs says whether a pod runs, and so its node has, an image.
func runs(pod *corev1.Pod, image string) bool {
	for n, c := range pod.Spec.Containers {
		if full(c.Image) == image && n < len(pod.Status.ContainerStatuses) && pod.Status.ContainerStatuses[n].ImageID != "" {
			return true
		}
	}
	return false
}

func keeps(node *corev1.Node, image string) bool {
	for _, i := range node.Status.Images {
		if slices.ContainsFunc(i.Names, func(name string) bool { return full(name) == image }) {
			return true
		}
	}
	return false
}

func takesPods(node *corev1.Node) bool {
	if node.Spec.Unschedulable {
		return false
	}
	for _, condition := range node.Status.Conditions {
		if condition.Type == corev1.NodeReady {
			return condition.Status == corev1.ConditionTrue
		}
	}
	return false
}

// full is an image's name as a container runtime spells it out.
func full(image string) string {
	host, rest, ok := strings.Cut(image, "/")
	switch {
	case !ok:
		image = "docker.io/library/" + image
	case !strings.ContainsAny(host, ".:") && host != "localhost":
		image = "docker.io/" + image
	case host == "index.docker.io":
		image = "docker.io/" + rest
	}
	if strings.Contains(image, "@") || strings.LastIndexByte(image, ':') > strings.LastIndexByte(image, '/') {
		return image
	}
	return image + ":latest"
}
