package kube

import (
	"context"
	"fmt"
	"maps"
	"slices"

	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// passes adds to our labels those by which NetworkPolicies let the web pod through, as the
// utility pod talks to the same database and the same Redis. A label that would make us a member
// of a Service is left out: rather no connection, which preflight finds, than visitors.
func (c *Cluster) passes(ctx context.Context, web, own map[string]string) (map[string]string, error) {
	policies, err := c.client.NetworkingV1().NetworkPolicies(c.namespace).List(ctx, metav1.ListOptions{})
	if denied(err) {
		return own, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list networkpolicies: %w", err)
	}
	if len(policies.Items) == 0 {
		return own, nil
	}
	services, err := c.client.CoreV1().Services(c.namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, fmt.Errorf("list services in namespace %s: %w", c.namespace, err)
	}
	for _, p := range policies.Items {
		for _, asked := range admitted(p.Spec, web) {
			more := maps.Clone(own)
			maps.Copy(more, asked)
			member := false
			for _, s := range services.Items {
				member = member || matches(s.Spec.Selector, more)
			}
			if !member {
				own = more
			}
		}
	}
	return own, nil
}

// admitted are the sets of labels by which a policy lets the web pod in, or lets it out.
func admitted(p networkingv1.NetworkPolicySpec, web map[string]string) []map[string]string {
	var selectors []*metav1.LabelSelector
	for _, rule := range p.Ingress {
		for _, peer := range rule.From {
			if peer.NamespaceSelector == nil {
				selectors = append(selectors, peer.PodSelector)
			}
		}
	}
	if slices.Contains(p.PolicyTypes, networkingv1.PolicyTypeEgress) && len(p.Egress) > 0 {
		selectors = append(selectors, &p.PodSelector)
	}
	var sets []map[string]string
	for _, s := range selectors {
		if s != nil && len(s.MatchExpressions) == 0 && matches(s.MatchLabels, web) {
			sets = append(sets, s.MatchLabels)
		}
	}
	return sets
}
