package kube

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
)

// telling are the events that explain a pod that does not start, with what to do.
var telling = map[string]string{
	"FailedScheduling":       "",
	"FailedMount":            "the node cannot mount a volume: the message says which; is its storage reachable, is its Secret or ConfigMap there?",
	"FailedAttachVolume":     "",
	"FailedMapVolume":        "the node cannot map a volume: the message says which",
	"FailedCreatePodSandBox": "the node's network or container runtime fails: kubectl describe node NODE",
	"NetworkNotReady":        "the node's network is not ready",
	"FailedBinding":          "no volume fits the claim: kubectl describe pvc",
	"ProvisioningFailed":     "the storage class cannot make a volume: kubectl describe pvc",
	"Failed":                 "",
	"Unhealthy":              "",
	"Evicted":                "the node ran out of memory or disk: free some",
	"Preempting":             "",
}

// failures are why a kubelet could not start a container, by the words of its event.
var failures = []advice{
	{"pull image", waiting["ErrImagePull"]},
	{"not found", waiting["CreateContainerConfigError"]},
}

// events lists an object's warnings, newest first, one for each reason.
func (c *Cluster) events(ctx context.Context, selector fields.Set) []corev1.Event {
	list, err := c.client.CoreV1().Events(c.namespace).List(ctx, metav1.ListOptions{FieldSelector: selector.String()})
	if err != nil {
		return nil
	}
	warnings := slices.DeleteFunc(list.Items, func(e corev1.Event) bool { return e.Type != corev1.EventTypeWarning })
	slices.SortStableFunc(warnings, func(a, b corev1.Event) int { return when(b).Compare(when(a)) })
	return warnings
}

func when(e corev1.Event) time.Time {
	latest := e.LastTimestamp.Time
	for _, t := range []time.Time{e.EventTime.Time, e.FirstTimestamp.Time, e.CreationTimestamp.Time} {
		if latest.IsZero() {
			latest = t
		}
	}
	if e.Series != nil && e.Series.LastObservedTime.After(latest) {
		latest = e.Series.LastObservedTime.Time
	}
	return latest
}

// eventProblems reads a pod's newest warnings. Those from before its containers ran do not count.
func (c *Cluster) eventProblems(ctx context.Context, pod *corev1.Pod) []string {
	var found, seen []string
	started := running(pod)
	for _, e := range c.events(ctx, fields.Set{"involvedObject.uid": string(pod.UID)}) {
		do, known := telling[e.Reason]
		if !known || slices.Contains(seen, e.Reason) || when(e).Before(started) {
			continue
		}
		seen = append(seen, e.Reason)
		switch e.Reason {
		case "FailedAttachVolume":
			found = append(found, c.attachProblem(ctx, pod, e.Message))
		case "FailedScheduling":
			found = append(found, said("no node takes it", e.Message, advise(unscheduled, e.Message)))
		default:
			do = strings.Replace(do, "NODE", pod.Spec.NodeName, 1)
			if e.Reason == "Failed" {
				do = advise(failures, e.Message)
			}
			found = append(found, said(e.Reason, e.Message, do))
		}
	}
	return found
}

// running is when the pod's last container started, if all of them have.
func running(pod *corev1.Pod) time.Time {
	var last time.Time
	for _, s := range pod.Status.ContainerStatuses {
		if s.State.Running == nil {
			return time.Time{}
		}
		if s.State.Running.StartedAt.After(last) {
			last = s.State.Running.StartedAt.Time
		}
	}
	return last
}

var attaching = regexp.MustCompile(`(?i)volume "([^"]+)"`)

// attachProblem says who holds the volume that cannot be attached.
func (c *Cluster) attachProblem(ctx context.Context, pod *corev1.Pod, message string) string {
	m := attaching.FindStringSubmatch(message)
	if m == nil {
		return said("a volume cannot be attached", message, "")
	}
	volume, claim := m[1], ""
	for _, v := range pod.Spec.Volumes {
		if v.PersistentVolumeClaim == nil {
			continue
		}
		pvc, err := c.client.CoreV1().PersistentVolumeClaims(c.namespace).Get(ctx, v.PersistentVolumeClaim.ClaimName, metav1.GetOptions{})
		if err == nil && pvc.Spec.VolumeName == volume {
			claim = pvc.Name
		}
	}
	if claim == "" || !strings.Contains(message, "Multi-Attach") {
		return said("a volume cannot be attached", message, "is its storage reachable, and its driver running?")
	}
	what := fmt.Sprintf("the volume of claim %s is attached to another node", claim)
	if node, err := c.attached(ctx, volume); err == nil && node != "" {
		what = fmt.Sprintf("the volume of claim %s is attached to node %s", claim, node)
	}
	holders := c.holders(ctx, claim, pod.Name)
	if len(holders) == 0 {
		return what + ", though no pod uses it any more; wait until that node lets go of it (up to 6 minutes), or, if the node is off for good, delete its VolumeAttachment"
	}
	return what + ", where " + strings.Join(holders, " and ") + " has it; wait until that pod is gone, or delete it"
}

// holders are the other pods that mount a claim, and where.
func (c *Cluster) holders(ctx context.Context, claim, except string) []string {
	pods, err := c.client.CoreV1().Pods(c.namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil
	}
	var holders []string
	for _, pod := range pods.Items {
		uses := slices.ContainsFunc(pod.Spec.Volumes, func(v corev1.Volume) bool {
			return v.PersistentVolumeClaim != nil && v.PersistentVolumeClaim.ClaimName == claim
		})
		if uses && pod.Name != except && !ended(&pod) && pod.Spec.NodeName != "" {
			holders = append(holders, fmt.Sprintf("pod %s (node %s)", pod.Name, pod.Spec.NodeName))
		}
	}
	return holders
}

// creationProblems says why a controller cannot make its pods, such as a quota.
func (c *Cluster) creationProblems(ctx context.Context, w workload) []string {
	set := fields.Set{"involvedObject.kind": statefulSet, "involvedObject.name": w.meta.Name, "reason": "FailedCreate"}
	if w.kind == deployment { // its ReplicaSets have names of their own
		set = fields.Set{"involvedObject.kind": "ReplicaSet", "reason": "FailedCreate"}
	}
	for _, e := range c.events(ctx, set) {
		owner := e.InvolvedObject.Name
		if owner != w.meta.Name && !strings.HasPrefix(owner, w.meta.Name+"-") || time.Since(when(e)) > 10*time.Minute {
			continue
		}
		return []string{said("its pods cannot be made", e.Message, advise(refusals, e.Message))}
	}
	return nil
}
