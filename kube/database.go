package kube

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"mastodon-restore/internal/mastodon"
)

var (
	postgresImage = regexp.MustCompile(`(?i)postgres|postgis|timescale|spilo`)
	notTheServer  = regexp.MustCompile(`(?i)exporter|bouncer|pgcat|pgadmin|backup|operator|repmgr-exporter`)
)

// server is PostgreSQL inside the namespace.
type server struct {
	statefulSet string
	pod         string
	spec        corev1.PodSpec
	labels      map[string]string
	container   corev1.Container
}

// database finds where an instance's PostgreSQL is.
func (c *Cluster) database(ctx context.Context, r *resolver, i mastodon.Instance, all []workload) (mastodon.Database, error) {
	db := settings(i.Env)
	found, direct, err := c.server(ctx, db.Host, i.Name, all)
	if err != nil || found == nil {
		db.External = true
		return db, err
	}
	if !direct {
		host, err := c.serviceOf(ctx, found.labels)
		if err != nil {
			return db, err
		}
		if host != "" {
			db.Via, db.Host = db.Host, host
		}
	}
	db.StatefulSet, db.Pod, db.Container = found.statefulSet, found.pod, found.container.Name
	db.Image, db.StartupProbe = found.container.Image, found.container.StartupProbe != nil
	admin, err := c.admin(ctx, r, *found)
	db.Admin, db.AdminUser = admin.source != nil, admin.user
	return db, err
}

// settings are the database's, as Mastodon and Bitnami's image read them.
func settings(env mastodon.Env) mastodon.Database {
	db := mastodon.Database{
		Host: cmp.Or(env["DB_HOST"], env["MASTODON_DATABASE_HOST"]),
		Port: cmp.Or(env["DB_PORT"], env["MASTODON_DATABASE_PORT_NUMBER"]),
		Name: cmp.Or(env["DB_NAME"], env["MASTODON_DATABASE_NAME"]),
		User: cmp.Or(env["DB_USER"], env["MASTODON_DATABASE_USER"], env["MASTODON_DATABASE_USERNAME"]),
	}
	if u, err := url.Parse(env["DATABASE_URL"]); err == nil && u.Host != "" { // Rails prefers it
		db.Host, db.Port = cmp.Or(u.Hostname(), db.Host), cmp.Or(u.Port(), db.Port)
		db.Name = cmp.Or(strings.TrimPrefix(u.Path, "/"), db.Name)
		db.User = cmp.Or(u.User.Username(), db.User)
	}
	db.Port, db.Name, db.User = cmp.Or(db.Port, "5432"), cmp.Or(db.Name, "mastodon_production"), cmp.Or(db.User, "mastodon")
	return db
}

// server finds PostgreSQL behind a host name. direct is false when the name leads elsewhere, such
// as to a pooler, and labels or images had to tell. A nil server is somewhere else.
func (c *Cluster) server(ctx context.Context, host, release string, all []workload) (found *server, direct bool, err error) {
	service, local := serviceName(host, c.namespace)
	if host != "" && !local {
		return nil, false, nil
	}
	if local {
		s, err := c.client.CoreV1().Services(c.namespace).Get(ctx, service, metav1.GetOptions{})
		if err != nil && !apierrors.IsNotFound(err) {
			return nil, false, fmt.Errorf("get service %s: %w", service, err)
		}
		if err != nil || len(s.Spec.Selector) == 0 { // a name outside, or an address of one
			return nil, false, nil
		}
		if found, err := c.selected(ctx, s.Spec.Selector, all); found != nil || err != nil {
			return found, true, err
		}
	}
	return labelled(release, all), false, nil
}

// serviceName is the Service a host name means; ok is false for names of other places.
func serviceName(host, namespace string) (name string, ok bool) {
	parts := strings.Split(strings.TrimSuffix(host, "."), ".")
	switch {
	case host == "" || strings.HasPrefix(host, "/"):
		return "", false
	case len(parts) == 1:
		return parts[0], host != "localhost"
	case parts[1] == namespace && (len(parts) == 2 || parts[2] == "svc"):
		return parts[0], true
	}
	return "", false
}

// selected is the PostgreSQL that a Service's selector takes: a StatefulSet's, a Deployment's, or
// an operator's pod.
func (c *Cluster) selected(ctx context.Context, selector map[string]string, all []workload) (*server, error) {
	for _, kind := range []string{statefulSet, deployment} {
		for _, w := range all {
			if w.kind == kind && matches(selector, w.template.Labels) {
				if s := postgresOf(w); s != nil {
					return s, nil
				}
			}
		}
	}
	list, err := c.client.CoreV1().Pods(c.namespace).List(ctx, metav1.ListOptions{LabelSelector: metav1.FormatLabelSelector(&metav1.LabelSelector{MatchLabels: selector})})
	if err != nil {
		return nil, fmt.Errorf("list pods of the database: %w", err)
	}
	for _, pod := range list.Items {
		if container, ok := postgresIn(pod.Spec); ok && !ended(&pod) {
			return &server{pod: pod.Name, spec: pod.Spec, labels: pod.Labels, container: container}, nil
		}
	}
	return nil, nil
}

// labelled is the PostgreSQL of a release, or else the only one there is.
func labelled(release string, all []workload) *server {
	var only []*server
	for _, w := range all {
		s := postgresOf(w)
		if s == nil || w.kind != statefulSet {
			continue
		}
		if w.template.Labels[labelInstance] == release && w.template.Labels[labelComponent] != "read" {
			return s
		}
		only = append(only, s)
	}
	if len(only) == 1 {
		return only[0]
	}
	return nil
}

// serviceOf is a Service that leads to pods with these labels, one with an address of its own
// rather than a headless one.
func (c *Cluster) serviceOf(ctx context.Context, labels map[string]string) (string, error) {
	list, err := c.client.CoreV1().Services(c.namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return "", fmt.Errorf("list services in namespace %s: %w", c.namespace, err)
	}
	name := ""
	for _, s := range list.Items {
		if matches(s.Spec.Selector, labels) && (name == "" || s.Spec.ClusterIP != corev1.ClusterIPNone) {
			name = s.Name
		}
	}
	return name, nil
}

func postgresOf(w workload) *server {
	container, ok := postgresIn(w.template.Spec)
	if !ok {
		return nil
	}
	s := &server{spec: w.template.Spec, labels: w.template.Labels, container: container}
	if w.kind == statefulSet {
		s.statefulSet, s.pod = w.meta.Name, w.meta.Name+"-0"
	}
	return s
}

func postgresIn(spec corev1.PodSpec) (corev1.Container, bool) {
	i := slices.IndexFunc(spec.Containers, func(c corev1.Container) bool {
		image := repository(c.Image)
		return (postgresImage.MatchString(image) || postgresImage.MatchString(c.Name)) &&
			!notTheServer.MatchString(image) && !notTheServer.MatchString(c.Name)
	})
	if i < 0 {
		return corev1.Container{}, false
	}
	return spec.Containers[i], true
}
