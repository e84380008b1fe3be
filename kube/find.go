package kube

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"mastodon-restore/internal/mastodon"
)

// member is a workload of some Mastodon server.
type member struct {
	workload
	role
	env environment
}

func (m member) named() mastodon.Workload {
	return mastodon.Workload{Kind: m.kind, Name: m.meta.Name, Component: m.component, Container: m.container.Name}
}

func (m member) domain() string  { return m.env.values["LOCAL_DOMAIN"] }
func (m member) release() string { return release(m.meta.Annotations, m.template.Labels) }

// Instances finds the Mastodon servers of the namespace, whether they run or not.
func (c *Cluster) Instances(ctx context.Context) ([]mastodon.Instance, error) {
	all, err := c.workloads(ctx, c.namespace)
	if err != nil {
		return nil, err
	}
	r := c.resolver()
	members, err := r.members(ctx, all)
	if err != nil {
		return nil, err
	}
	var found []mastodon.Instance
	for _, group := range servers(members) {
		i, err := c.describe(ctx, r, group, all)
		if err != nil {
			return nil, err
		}
		found = append(found, i)
	}
	return found, nil
}

// members picks the workloads that are Mastodon's and resolves their environments.
func (r *resolver) members(ctx context.Context, all []workload) ([]member, error) {
	var members []member
	for _, w := range all {
		role, ok := classify(w.meta.Name, w.template)
		if !ok {
			continue
		}
		env, err := r.environment(ctx, role.container)
		if err != nil {
			return nil, err
		}
		if _, named := env.values["LOCAL_DOMAIN"]; role.proven || named {
			members = append(members, member{w, role, env})
		}
	}
	return members, nil
}

// servers sorts workloads by the server they are part of. What writes and belongs to nobody in
// particular is put down to every server: better closed in vain than left to write into a restore.
func servers(members []member) [][]member {
	var groups [][]member
	var rest []member
	for _, m := range members { // each domain is one server, whatever its labels
		if m.domain() == "" {
			rest = append(rest, m)
			continue
		}
		i := slices.IndexFunc(groups, func(g []member) bool { return g[0].domain() == m.domain() })
		if i < 0 {
			groups = append(groups, []member{m})
		} else {
			groups[i] = append(groups[i], m)
		}
	}
	var strays []member
	for _, m := range rest {
		i := slices.IndexFunc(groups, func(g []member) bool {
			return m.release() != "" && slices.ContainsFunc(g, func(o member) bool { return o.release() == m.release() })
		})
		switch {
		case i >= 0:
			groups[i] = append(groups[i], m)
		case m.component == mastodon.Web:
			groups = append(groups, []member{m})
		default:
			strays = append(strays, m)
		}
	}
	whole := groups[:0]
	for _, g := range groups {
		if slices.ContainsFunc(g, func(m member) bool { return m.component == mastodon.Web }) {
			whole = append(whole, g)
		} else {
			strays = append(strays, g...)
		}
	}
	for i := range whole {
		for _, m := range strays {
			if theirs(m, whole[i], whole) {
				whole[i] = append(whole[i], m)
			}
		}
	}
	return whole
}

// theirs says whether a stray workload is to be put down to a server: to the one of its release,
// or else to all.
func theirs(m member, group []member, all [][]member) bool {
	same := func(g []member) bool {
		return slices.ContainsFunc(g, func(o member) bool { return o.release() != "" && o.release() == m.release() })
	}
	return same(group) || !slices.ContainsFunc(all, same)
}

// describe makes an Instance of a server's workloads.
func (c *Cluster) describe(ctx context.Context, r *resolver, group []member, all []workload) (mastodon.Instance, error) {
	slices.SortStableFunc(group, func(a, b member) int { return strings.Compare(a.meta.Name, b.meta.Name) })
	i, web := mastodon.Instance{}, front(group)
	for n := range group {
		m := &group[n]
		switch {
		case m.component == mastodon.Sidekiq:
			i.Sidekiq = append(i.Sidekiq, m.named())
		case m.component == mastodon.Streaming:
			i.Streaming = append(i.Streaming, m.named())
		case m != web:
			i.MoreWeb = append(i.MoreWeb, m.named())
		}
	}
	env := web.env.values
	i.Web, i.Env = web.named(), env
	i.Name = cmp.Or(web.release(), web.meta.Name)
	i.Flavour = flavour(web.workload, web.container)
	i.Domain = cmp.Or(env["LOCAL_DOMAIN"], env["WEB_DOMAIN"])
	i.Image = web.container.Image
	i.Version = mastodon.VersionOf(i.Image)
	i.S3 = truth(env["S3_ENABLED"]) || truth(env["MASTODON_S3_ENABLED"])
	i.Elasticsearch = truth(env["ES_ENABLED"]) || truth(env["MASTODON_ELASTICSEARCH_ENABLED"])
	i.SystemPath = systemPath(web.container, env, i.Flavour)
	i.Problems = problemsOf(group)

	var err error
	if i.Claims, err = c.claims(ctx, web.template.Spec, web.container, i.SystemPath, i.Flavour); err != nil {
		return i, err
	}
	if i.Database, err = c.database(ctx, r, i, all); err != nil {
		return i, err
	}
	if i.CronJobs, err = c.cronJobs(ctx, i); err != nil {
		return i, err
	}
	i.Managers, err = c.managers(ctx, group)
	return i, err
}

// front is the web workload that stands for its server: one that has the media before a canary
// that does not.
func front(group []member) *member {
	var best *member
	for n := range group {
		m := &group[n]
		if m.component == mastodon.Web && (best == nil || mountsSystem(m.container) && !mountsSystem(best.container)) {
			best = m
		}
	}
	return best
}

// truth reads a flag as Mastodon and Bitnami's scripts do.
func truth(value string) bool {
	switch strings.ToLower(value) {
	case "true", "yes", "1":
		return true
	}
	return false
}

// problemsOf collects what is wrong with the workloads' environments.
func problemsOf(group []member) []string {
	var problems []string
	for _, m := range group {
		for _, p := range m.env.problems {
			p += ", which the environment of " + m.meta.Name + " needs"
			if !slices.Contains(problems, p) {
				problems = append(problems, p)
			}
		}
	}
	return problems
}
