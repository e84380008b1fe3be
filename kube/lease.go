package kube

import (
	"context"
	"fmt"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"mastodon-restore/internal/mastodon"
)

// leaseName is the lock's: one for each namespace.
const leaseName = "mastodon-restore"

// Holder returns who holds the lock; ok is false for nobody.
func (c *Cluster) Holder(ctx context.Context) (h mastodon.Holder, ok bool, err error) {
	lease, err := c.client.CoordinationV1().Leases(c.namespace).Get(ctx, leaseName, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return h, false, nil
	}
	if err != nil {
		return h, false, fmt.Errorf("look at the lock of namespace %s: %w", c.namespace, err)
	}
	h = holder(lease)
	return h, h.Run != "", nil
}

// Acquire takes or renews the lock for h.Run. It returns a *[mastodon.HeldError] when another run
// has it. A lock does not run out: a run that was cut off still owns what it has half done, until
// it is resumed or given up.
func (c *Cluster) Acquire(ctx context.Context, h mastodon.Holder) error {
	leases := c.client.CoordinationV1().Leases(c.namespace)
	for {
		lease, err := leases.Get(ctx, leaseName, metav1.GetOptions{})
		switch {
		case apierrors.IsNotFound(err):
			lease = &coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{Name: leaseName, Namespace: c.namespace}}
			fill(lease, h)
			_, err = leases.Create(ctx, lease, metav1.CreateOptions{})
		case err == nil:
			if now := holder(lease); now.Run != "" && now.Run != h.Run {
				return &mastodon.HeldError{Namespace: c.namespace, Holder: now}
			}
			fill(lease, h)
			_, err = leases.Update(ctx, lease, metav1.UpdateOptions{}) // bound to what we have read
		}
		// Somebody was faster, or an answer to us was lost: look again.
		if apierrors.IsConflict(err) || apierrors.IsAlreadyExists(err) || apierrors.IsNotFound(err) && !namespaceGone(err) {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			continue
		}
		if err != nil {
			return fmt.Errorf("take the lock of namespace %s: %w", c.namespace, err)
		}
		return nil
	}
}

// namespaceGone tells the absence of a namespace from that of a lease.
func namespaceGone(err error) bool {
	status, ok := err.(apierrors.APIStatus) //nolint:errorlint // as client-go returns it
	return ok && status.Status().Details != nil && status.Status().Details.Kind == "namespaces"
}

// Release gives the lock back when run holds it.
func (c *Cluster) Release(ctx context.Context, run string) error {
	leases := c.client.CoordinationV1().Leases(c.namespace)
	for {
		lease, err := leases.Get(ctx, leaseName, metav1.GetOptions{})
		if apierrors.IsNotFound(err) || err == nil && holder(lease).Run != run {
			return nil
		}
		if err == nil {
			err = leases.Delete(ctx, leaseName, metav1.DeleteOptions{Preconditions: &metav1.Preconditions{
				UID: &lease.UID, ResourceVersion: &lease.ResourceVersion,
			}})
		}
		if apierrors.IsConflict(err) && ctx.Err() == nil {
			continue
		}
		if err != nil && !apierrors.IsNotFound(err) {
			return fmt.Errorf("give back the lock of namespace %s: %w", c.namespace, err)
		}
		return nil
	}
}

func fill(lease *coordinationv1.Lease, h mastodon.Holder) {
	now := metav1.NowMicro()
	if old := holder(lease); old.Run == h.Run && h.Since == "" {
		h.Since = old.Since
	}
	if h.Since == "" {
		h.Since = now.UTC().Format(time.RFC3339)
	}
	lease.Spec.HolderIdentity, lease.Spec.RenewTime = &h.Run, &now
	if since, err := time.Parse(time.RFC3339, h.Since); err == nil {
		acquired := metav1.NewMicroTime(since)
		lease.Spec.AcquireTime = &acquired
	}
	if lease.Annotations == nil {
		lease.Annotations = make(map[string]string)
	}
	lease.Annotations[prefix+"who"] = h.Who
	lease.Annotations[prefix+"step"] = h.Step
	lease.Annotations[prefix+"since"] = h.Since
}

func holder(lease *coordinationv1.Lease) mastodon.Holder {
	if lease.Spec.HolderIdentity == nil || *lease.Spec.HolderIdentity == "" {
		return mastodon.Holder{}
	}
	h := mastodon.Holder{
		Run: *lease.Spec.HolderIdentity, Who: lease.Annotations[prefix+"who"],
		Step: lease.Annotations[prefix+"step"], Since: lease.Annotations[prefix+"since"],
	}
	if lease.Spec.RenewTime != nil {
		h.Renewed = lease.Spec.RenewTime.UTC().Format(time.RFC3339)
	}
	return h
}
