package kube

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Every line here is an observation first, then what to do. What we may not look at is left out:
// a diagnosis never fails.

// unscheduled are why no node takes a pod.
var unscheduled = []advice{
	{"unbound immediate PersistentVolumeClaims", "a claim it mounts has no volume yet: kubectl get pvc"},
	{"persistentvolumeclaim", "a claim it mounts is not there: kubectl get pvc"},
	{"volume node affinity conflict", "a volume can be mounted on certain nodes only, and those do not take the pod: bring the volume's node back, or free room on it"},
	{"Insufficient memory", "free memory on a node, or add a node"},
	{"Insufficient cpu", "free CPU on a node, or add a node"},
	{"were unschedulable", "a node is cordoned: kubectl uncordon NODE"},
	{"untolerated taint", "the nodes are tainted, perhaps as not ready: kubectl describe nodes"},
	{"didn't match Pod's node affinity/selector", "no node has the labels that the web pod asks for: kubectl get nodes --show-labels"},
	{"Too many pods", "the nodes run as many pods as they may: add a node"},
	{"exceed max volume count", "the node has no room for another volume: detach one, or add a node"},
}

// waiting are why a container has not started, by Kubernetes' own reason.
var waiting = map[string]string{
	"ErrImagePull":               "the image cannot be fetched: is its name right, is the registry reachable, is the pull secret there?",
	"ImagePullBackOff":           "the image cannot be fetched: is its name right, is the registry reachable, is the pull secret there?",
	"InvalidImageName":           "correct the image's name",
	"ErrImageNeverPull":          "no node has the image, and it may not be fetched",
	"CreateContainerConfigError": "a ConfigMap, Secret or key that it refers to is not there, or it may not run as its user: restore what the message names",
	"CreateContainerError":       "the node cannot make the container: the message says why",
	"RunContainerError":          "the node cannot start the container: the message says why",
	"CrashLoopBackOff":           "it starts and ends again: kubectl logs POD --previous",
}

// podProblems says why a pod is not ready.
func (c *Cluster) podProblems(ctx context.Context, pod *corev1.Pod) []string {
	if pod.DeletionTimestamp != nil {
		return c.leaving(ctx, pod)
	}
	var found []string
	for _, condition := range pod.Status.Conditions {
		if condition.Type == corev1.PodScheduled && condition.Status == corev1.ConditionFalse {
			found = append(found, said("no node takes it", condition.Message, advise(unscheduled, condition.Message)))
		}
	}
	telling := len(found) > 0
	for _, s := range slices.Concat(pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses) {
		problem := containerProblem(pod, s)
		if problem != "" {
			found = append(found, problem)
			telling = telling || s.State.Running == nil
		}
	}
	if !telling { // the reason, if there is one, is among the events
		found = append(found, c.eventProblems(ctx, pod)...)
	}
	if pod.Spec.NodeName != "" {
		if p := c.nodeProblem(ctx, pod.Spec.NodeName); p != "" {
			found = append(found, p)
		}
	}
	return found
}

// said is an observation, Kubernetes' own words for it, and what to do.
func said(what, message, do string) string {
	for _, aside := range []string{" preemption:", " no new claims"} { // the scheduler's second thoughts
		message, _, _ = strings.Cut(message, aside)
	}
	if message = strings.TrimSuffix(strings.TrimSpace(message), "."); message != "" {
		what += ": " + message
	}
	if do != "" {
		what += "; " + do
	}
	return what
}

func containerProblem(pod *corev1.Pod, s corev1.ContainerStatus) string {
	if w := s.State.Waiting; w != nil {
		do, known := waiting[w.Reason]
		if !known {
			return ""
		}
		message := w.Message
		if w.Reason == "CrashLoopBackOff" {
			message = endOf(s.LastTerminationState.Terminated)
		}
		do = strings.Replace(do, "POD", fmt.Sprintf("-n %s %s -c %s", pod.Namespace, pod.Name, s.Name), 1)
		return said(fmt.Sprintf("container %s waits (%s, image %s)", s.Name, w.Reason, imageOf(pod, s)), message, do)
	}
	if t := s.State.Terminated; t != nil && (t.ExitCode != 0 || pod.Spec.RestartPolicy == corev1.RestartPolicyNever) {
		return "container " + s.Name + " has ended: " + endOf(t)
	}
	if t := s.LastTerminationState.Terminated; t != nil && !s.Ready {
		return fmt.Sprintf("container %s was started again (%d times): %s", s.Name, s.RestartCount, endOf(t))
	}
	return ""
}

// imageOf is the image that was asked for; the status may call it by another name.
func imageOf(pod *corev1.Pod, s corev1.ContainerStatus) string {
	for _, c := range slices.Concat(pod.Spec.InitContainers, pod.Spec.Containers) {
		if c.Name == s.Name {
			return c.Image
		}
	}
	return s.Image
}

// endOf says how a container ended.
func endOf(t *corev1.ContainerStateTerminated) string {
	switch {
	case t == nil:
		return ""
	case t.Reason == "OOMKilled":
		return "it was killed as it used more memory than its limit, or than the node had"
	case t.Signal != 0:
		return fmt.Sprintf("signal %d (%s)", t.Signal, t.Reason)
	}
	return fmt.Sprintf("exit code %d (%s)", t.ExitCode, t.Reason)
}

// leaving says why a pod that was deleted is still there. The deletion timestamp is when it should
// have gone.
func (c *Cluster) leaving(ctx context.Context, pod *corev1.Pod) []string {
	if time.Since(pod.DeletionTimestamp.Time) < 5*time.Second {
		return nil
	}
	var found []string
	if len(pod.Finalizers) > 0 {
		found = append(found, "it is kept by finalizers: "+strings.Join(pod.Finalizers, ", "))
	}
	if p := c.nodeProblem(ctx, pod.Spec.NodeName); p != "" {
		found = append(found, p+"; if the machine is off for good: kubectl delete pod --force -n "+pod.Namespace+" "+pod.Name)
	}
	if len(found) == 0 {
		found = append(found, fmt.Sprintf("it should have gone %s ago and is still ending on node %s", time.Since(pod.DeletionTimestamp.Time).Round(time.Second), pod.Spec.NodeName))
	}
	return found
}

// nodeProblem says so when a node does not answer; empty when it does, or nobody may know.
func (c *Cluster) nodeProblem(ctx context.Context, name string) string {
	node, err := c.client.CoreV1().Nodes().Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		return ""
	}
	for _, condition := range node.Status.Conditions {
		if condition.Type == corev1.NodeReady && condition.Status != corev1.ConditionTrue {
			return fmt.Sprintf("node %s is not ready (%s)", name, condition.Reason)
		}
	}
	return ""
}

// workloadProblems says why a workload has not the pods it should have.
func (c *Cluster) workloadProblems(ctx context.Context, w workload, pods []corev1.Pod) []string {
	var found []string
	add := func(who string, problems []string) {
		for _, p := range problems {
			if line := who + p; !slices.Contains(found, line) {
				found = append(found, line)
			}
		}
	}
	const enough = 3 // pods of one workload fail alike
	living := 0
	for n := range pods {
		pod := &pods[n]
		if ended(pod) {
			continue
		}
		living++
		if !ready(pod) && len(found) < enough {
			add("pod "+pod.Name+": ", c.podProblems(ctx, pod))
		}
	}
	if living < w.replicas {
		add("", c.creationProblems(ctx, w))
	}
	return found
}
