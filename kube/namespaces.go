package kube

import (
	"context"
	"slices"

	"mastodon-restore/internal/mastodon"
)

// FindNamespaces lists the namespaces that have a Mastodon server in them, as far as images, labels
// and commands tell. It needs leave to list workloads in all namespaces.
func (c *Cluster) FindNamespaces(ctx context.Context) ([]string, error) {
	all, err := c.workloads(ctx, "")
	if err != nil {
		return nil, err
	}
	var names []string
	for _, w := range all {
		if r, ok := classify(w.meta.Name, w.template); ok && r.proven && r.component == mastodon.Web {
			names = append(names, w.meta.Namespace)
		}
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}
