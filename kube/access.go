package kube

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	authorizationv1 "k8s.io/api/authorization/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Permission is something this program does to a cluster.
type Permission struct {
	Group    string // empty for the core group
	Resource string // with its subresource: pods/exec
	Verbs    []string
	Why      string
	// Optional permissions tell more, and nothing fails without them.
	Optional bool
	// ClusterWide resources belong to no namespace.
	ClusterWide bool
}

// Permissions is all that a restore asks of the API server, in the order it does.
func Permissions() []Permission {
	return []Permission{
		{"", "namespaces", []string{"get"}, "tell this cluster and namespace from others", true, true},
		{"", "configmaps", []string{"get"}, "read the web pod's environment", false, false},
		{"", "secrets", []string{"get"}, "read the web pod's environment", false, false},
		{"apps", "deployments", []string{"get", "list", "patch"}, "find the server, close and reopen it", false, false},
		{"apps", "statefulsets", []string{"get", "list", "patch"}, "find PostgreSQL; close and reopen servers made of StatefulSets", false, false},
		{"batch", "cronjobs", []string{"get", "list", "patch"}, "suspend what writes on a schedule", false, false},
		{"batch", "jobs", []string{"list"}, "wait for what is writing", false, false},
		{"", "services", []string{"get", "list"}, "find PostgreSQL, and stay out of what visitors are sent to", false, false},
		{"", "persistentvolumeclaims", []string{"get"}, "find the media volume", false, false},
		{"", "pods", []string{"get", "list", "create", "delete"}, "see that nothing writes; make and remove the utility pod", false, false},
		{"", "pods/exec", []string{"create"}, "work in the utility pod", false, false},
		{"coordination.k8s.io", "leases", []string{"get", "create", "update", "delete"}, "hold the lock", false, false},
		{"", "events", []string{"list"}, "say why a pod does not start", true, false},
		{"", "pods/exec", []string{"get"}, "work in the utility pod over WebSocket, on servers that ask for this", true, false},
		{"networking.k8s.io", "networkpolicies", []string{"list"}, "get through to PostgreSQL and Redis", true, false},
		{"autoscaling", "horizontalpodautoscalers", []string{"list"}, "warn of what scales up behind our back", true, false},
		{"keda.sh", "scaledobjects", []string{"list"}, "warn of what scales up behind our back", true, false},
		{"", "nodes", []string{"get", "list"}, "say which nodes have the image and can mount the volumes", true, true},
		{"", "persistentvolumes", []string{"get"}, "say what the volumes are and which nodes can mount them", true, true},
		{"storage.k8s.io", "volumeattachments", []string{"list"}, "say which node holds a volume", true, true},
	}
}

// Denied lists what we may not do of what a restore cannot do without, such as "patch deployments".
func (c *Cluster) Denied(ctx context.Context) (refused []string, asked int, err error) {
	type question struct {
		verb string
		of   Permission
	}
	var questions []question
	for _, p := range Permissions() {
		for _, verb := range p.Verbs {
			if !p.Optional {
				questions = append(questions, question{verb, p})
			}
		}
	}
	answers, errs := make([]bool, len(questions)), make([]error, len(questions))
	var wait sync.WaitGroup
	for n, q := range questions {
		wait.Go(func() { answers[n], errs[n] = c.may(ctx, q.verb, q.of) })
	}
	wait.Wait()
	for n, q := range questions {
		if errs[n] != nil {
			return nil, 0, fmt.Errorf("ask what we may do: %w", errs[n])
		}
		if !answers[n] {
			refused = append(refused, q.verb+" "+q.of.Resource)
		}
	}
	return refused, len(questions), nil
}

func (c *Cluster) may(ctx context.Context, verb string, p Permission) (bool, error) {
	resource, sub, _ := strings.Cut(p.Resource, "/")
	attributes := &authorizationv1.ResourceAttributes{
		Namespace: c.namespace, Verb: verb, Group: p.Group, Resource: resource, Subresource: sub,
	}
	if p.ClusterWide {
		attributes.Namespace = ""
	}
	review, err := c.client.AuthorizationV1().SelfSubjectAccessReviews().Create(ctx, &authorizationv1.SelfSubjectAccessReview{
		Spec: authorizationv1.SelfSubjectAccessReviewSpec{ResourceAttributes: attributes},
	}, metav1.CreateOptions{})
	if err != nil {
		return false, err
	}
	return review.Status.Allowed, nil
}

// Role writes the permissions as manifests: a Role for the namespace and a ClusterRole for what
// belongs to none. Without a namespace the Role names none.
func Role(namespace string) string {
	var b strings.Builder
	head := "apiVersion: rbac.authorization.k8s.io/v1\nkind: %s\nmetadata:\n  name: mastodon-restore\n%srules:\n"
	for _, wide := range []bool{false, true} {
		if wide {
			fmt.Fprintf(&b, "---\n"+head, "ClusterRole", "")
		} else {
			where := ""
			if namespace != "" {
				where = "  namespace: " + namespace + "\n"
			}
			fmt.Fprintf(&b, head, "Role", where)
		}
		rules := slices.DeleteFunc(Permissions(), func(p Permission) bool { return p.ClusterWide != wide })
		for _, p := range rules {
			why := p.Why
			if p.Optional {
				why += " (optional)"
			}
			fmt.Fprintf(&b, "  # %s\n  - apiGroups: [%q]\n    resources: [%s]\n    verbs: [%s]\n", why, p.Group, p.Resource, strings.Join(p.Verbs, ", "))
		}
	}
	return b.String()
}
