package kube

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"mastodon-restore/internal/mastodon"
)

// rootCA is a ConfigMap that Kubernetes itself puts into every namespace.
const rootCA = "kube-root-ca.crt"

// Identity tells this cluster and namespace from every other. Who may not read namespaces is given
// the digest of the cluster's root certificate and the UID of the namespace's copy of it.
func (c *Cluster) Identity(ctx context.Context) (mastodon.Identity, error) {
	user, err := c.whoami(ctx)
	if err != nil {
		return mastodon.Identity{}, fmt.Errorf("ask the cluster who we are: %w", err)
	}
	id := mastodon.Identity{
		Context: c.access.context, Server: c.config.Host,
		Namespace: c.namespace, Kubeconfig: c.access.note, User: user,
	}
	if id.ClusterUID, err = c.clusterUID(ctx); err != nil {
		return mastodon.Identity{}, err
	}
	if id.NamespaceUID, err = c.namespaceUID(ctx); err != nil {
		return mastodon.Identity{}, err
	}
	return id, nil
}

func (c *Cluster) clusterUID(ctx context.Context) (string, error) {
	ns, err := c.client.CoreV1().Namespaces().Get(ctx, metav1.NamespaceSystem, metav1.GetOptions{})
	if err == nil {
		return string(ns.UID), nil
	}
	if !apierrors.IsForbidden(err) {
		return "", fmt.Errorf("identify the cluster: %w", err)
	}
	ca, caErr := c.client.CoreV1().ConfigMaps(c.namespace).Get(ctx, rootCA, metav1.GetOptions{})
	if caErr != nil {
		return "", fmt.Errorf("identify the cluster: %w; nor may we read ConfigMap %s: %w", err, rootCA, caErr)
	}
	digest := sha256.Sum256([]byte(ca.Data["ca.crt"]))
	return "ca-" + hex.EncodeToString(digest[:8]), nil
}

func (c *Cluster) namespaceUID(ctx context.Context) (string, error) {
	ns, err := c.client.CoreV1().Namespaces().Get(ctx, c.namespace, metav1.GetOptions{})
	switch {
	case err == nil:
		return string(ns.UID), nil
	case apierrors.IsNotFound(err):
		return "", fmt.Errorf("%w: %s is not in this cluster", mastodon.ErrNoNamespace, c.namespace)
	case !apierrors.IsForbidden(err):
		return "", fmt.Errorf("identify namespace %s: %w", c.namespace, err)
	}
	ca, caErr := c.client.CoreV1().ConfigMaps(c.namespace).Get(ctx, rootCA, metav1.GetOptions{})
	if caErr != nil {
		return "", fmt.Errorf("identify namespace %s: %w; nor may we read ConfigMap %s: %w", c.namespace, err, rootCA, caErr)
	}
	return "ca-" + string(ca.UID), nil
}
