package kube

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"mastodon-restore/internal/mastodon"
)

// runLabel is the label that says which run a pod was made for.
const runLabel = prefix + "run"

// every is how often we look while we wait for a pod to go.
const every = 500 * time.Millisecond

// DryRun asks the API server whether the utility pod would be admitted; nothing is made.
func (c *Cluster) DryRun(ctx context.Context, i mastodon.Instance, p mastodon.UtilityPod) error {
	pod, err := c.utilityPod(ctx, i, p)
	if err != nil {
		return err
	}
	_, err = c.client.CoreV1().Pods(c.namespace).Create(ctx, pod, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
	if apierrors.IsAlreadyExists(err) { // our own, of a run that goes on
		return nil
	}
	if err != nil {
		return refused(fmt.Errorf("try to create pod %s: %w", p.Name, err))
	}
	return nil
}

// Ensure makes the utility pod unless this run's own is there already and has not ended. It waits
// for one that is on its way out, and does not wait for the new one to be ready.
func (c *Cluster) Ensure(ctx context.Context, i mastodon.Instance, p mastodon.UtilityPod) error {
	pods := c.client.CoreV1().Pods(c.namespace)
	for {
		old, err := pods.Get(ctx, p.Name, metav1.GetOptions{})
		if err == nil {
			if old.Labels[runLabel] != p.Run {
				return fmt.Errorf("make pod %s: one of that name is there already, and not of run %s; delete it: kubectl -n %s delete pod %s", p.Name, p.Run, c.namespace, p.Name)
			}
			if old.DeletionTimestamp == nil && !over(old) {
				return nil
			}
			if err := c.Remove(ctx, p.Name); err != nil {
				return err
			}
		} else if !apierrors.IsNotFound(err) {
			return fmt.Errorf("look for pod %s: %w", p.Name, err)
		}
		pod, err := c.utilityPod(ctx, i, p)
		if err != nil {
			return err
		}
		if err := c.beside(ctx, i, pod); err != nil {
			return fmt.Errorf("look where the volumes are in use: %w", err)
		}
		_, err = pods.Create(ctx, pod, metav1.CreateOptions{})
		if apierrors.IsAlreadyExists(err) { // made after all, by a request whose answer was lost
			continue
		}
		if err != nil {
			return refused(fmt.Errorf("create pod %s: %w", p.Name, err))
		}
		return nil
	}
}

// over says that a utility pod is of no use any more. Its containers sleep for ever: one that has
// ended was killed, and takes the other's company with it.
func over(pod *corev1.Pod) bool {
	if ended(pod) {
		return true
	}
	for _, s := range pod.Status.ContainerStatuses {
		if s.State.Terminated != nil {
			return true
		}
	}
	return false
}

// Pod says how a pod is, and why it is not ready.
func (c *Cluster) Pod(ctx context.Context, name string) (mastodon.PodState, error) {
	pod, err := c.client.CoreV1().Pods(c.namespace).Get(ctx, name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return mastodon.PodState{}, nil
	}
	if err != nil {
		return mastodon.PodState{}, fmt.Errorf("get pod %s: %w", name, err)
	}
	state := mastodon.PodState{
		Exists: true, Ready: ready(pod), Ended: over(pod),
		Node: pod.Spec.NodeName, Run: pod.Labels[runLabel], UID: string(pod.UID),
	}
	if !state.Ready {
		state.Problems = c.podProblems(ctx, pod)
	}
	return state, nil
}

func ready(pod *corev1.Pod) bool {
	if pod.DeletionTimestamp != nil {
		return false
	}
	for _, c := range pod.Status.Conditions {
		if c.Type == corev1.PodReady {
			return c.Status == corev1.ConditionTrue
		}
	}
	return false
}

// Remove deletes a pod of ours and waits until it is gone. A pod that is not there is no error.
func (c *Cluster) Remove(ctx context.Context, name string) error {
	pods := c.client.CoreV1().Pods(c.namespace)
	pod, err := pods.Get(ctx, name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look for pod %s: %w", name, err)
	}
	if pod.Labels[runLabel] == "" {
		return fmt.Errorf("remove pod %s: it is none of ours", name)
	}
	uid := pod.UID
	err = pods.Delete(ctx, name, metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &uid}})
	if err != nil && !apierrors.IsNotFound(err) && !apierrors.IsConflict(err) {
		return fmt.Errorf("delete pod %s: %w", name, err)
	}
	for {
		pod, err := pods.Get(ctx, name, metav1.GetOptions{})
		if apierrors.IsNotFound(err) || err == nil && pod.UID != uid {
			return nil
		}
		if err != nil {
			return fmt.Errorf("wait until pod %s is gone: %w", name, err)
		}
		if c.line.sleep(ctx, every) != nil {
			return fmt.Errorf("wait until pod %s is gone: it is still on node %s: %w", name, pod.Spec.NodeName, context.Cause(ctx))
		}
	}
}
