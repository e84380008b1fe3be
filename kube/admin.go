package kube

import (
	"cmp"
	"context"
	"fmt"
	"path"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"mastodon-restore/internal/mastodon"
)

// admin is PostgreSQL's superuser and where a pod can have the password from; without a source
// nobody knows.
type admin struct {
	user   string
	source *corev1.EnvVar
}

// admin reads from the server's own pod template where its superuser's password is. Bitnami's
// image calls the superuser postgres and has an ordinary user beside it; the official image makes
// POSTGRES_USER the superuser.
func (c *Cluster) admin(ctx context.Context, r *resolver, s server) (admin, error) {
	if cluster := s.labels["cnpg.io/cluster"]; cluster != "" {
		return r.operators(ctx, cluster+"-superuser")
	}
	e, err := r.environment(ctx, s.container)
	if err != nil {
		return admin{}, err
	}
	user := cmp.Or(e.values["POSTGRES_USER"], e.values["POSTGRESQL_USERNAME"], "postgres")
	names := []string{"POSTGRES_POSTGRES_PASSWORD", "POSTGRESQL_POSTGRES_PASSWORD"}
	for _, name := range names {
		if source, err := r.password(ctx, e, s, name); source != nil || err != nil {
			return admin{"postgres", source}, err
		}
	}
	if strings.Contains(s.container.Image, "bitnami") && user != "postgres" {
		return admin{}, nil
	}
	for _, name := range []string{"POSTGRES_PASSWORD", "POSTGRESQL_PASSWORD"} {
		if source, err := r.password(ctx, e, s, name); source != nil || err != nil {
			return admin{user, source}, err
		}
	}
	return admin{}, nil
}

// operators is the Secret that CloudNativePG makes where superuser access is on.
func (r *resolver) operators(ctx context.Context, name string) (admin, error) {
	o, err := r.get(ctx, secret, name)
	if _, ok := o.data["password"]; !ok || err != nil {
		return admin{}, err
	}
	return admin{"postgres", &corev1.EnvVar{ValueFrom: keyOf(secret, name, "password")}}, nil
}

// password finds where a variable, or the file that its _FILE twin names, comes from.
func (r *resolver) password(ctx context.Context, e environment, s server, name string) (*corev1.EnvVar, error) {
	if source, ok := e.sources[name]; ok {
		return &source, nil
	}
	file := e.values[name+"_FILE"]
	if file == "" {
		return nil, nil
	}
	for _, m := range s.container.VolumeMounts {
		key, inside := strings.CutPrefix(path.Clean(file), path.Clean(m.MountPath)+"/")
		v, ok := volumeOf(s.spec, m.Name)
		if !inside || !ok || v.Secret == nil {
			continue
		}
		for _, item := range v.Secret.Items {
			if item.Path == key {
				key = item.Key
			}
		}
		o, err := r.get(ctx, secret, v.Secret.SecretName)
		if err != nil {
			return nil, err
		}
		if _, ok := o.data[key]; ok || o.hidden {
			return &corev1.EnvVar{ValueFrom: keyOf(secret, v.Secret.SecretName, key)}, nil
		}
	}
	return nil, nil
}

// serverOf reads the database's server again, from what an instance says of it; nil where it is
// outside the namespace or gone.
func (c *Cluster) serverOf(ctx context.Context, db mastodon.Database) (*server, error) {
	switch {
	case db.StatefulSet != "":
		w, err := c.workload(ctx, statefulSet, db.StatefulSet)
		if apierrors.IsNotFound(err) {
			return nil, nil
		}
		return postgresOf(w), err
	case db.Pod != "":
		pod, err := c.client.CoreV1().Pods(c.namespace).Get(ctx, db.Pod, metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			return nil, nil
		}
		if err != nil {
			return nil, fmt.Errorf("get pod %s: %w", db.Pod, err)
		}
		if container, ok := postgresIn(pod.Spec); ok {
			return &server{pod: pod.Name, spec: pod.Spec, labels: pod.Labels, container: container}, nil
		}
	}
	return nil, nil
}
