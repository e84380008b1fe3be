package practice

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"mastodon-restore/internal/mastodon"
)

// The names of what is there, as mastodon/chart gives them to a release called mastodon.
const (
	Namespace = "mastodon"
	Release   = "mastodon"
	// Domain is the practice server's; .example can't be anybody's.
	Domain = "practice.example"

	image        = "ghcr.io/mastodon/mastodon:v4.5.0"
	databaseName = "mastodon_production"
	databaseRole = "mastodon"
	statefulSet  = "mastodon-postgresql"
	databasePod  = "mastodon-postgresql-0"
	databaseBox  = "postgresql"
	mediaRemove  = "mastodon-media-remove"
)

// deployments are the workloads that write, and how many replicas each has.
var deployments = []struct {
	mastodon.Workload
	replicas int
}{
	{mastodon.Workload{Kind: "Deployment", Name: "mastodon-web", Component: mastodon.Web, Container: "mastodon-web"}, 2},
	{mastodon.Workload{Kind: "Deployment", Name: "mastodon-sidekiq-all-queues", Component: mastodon.Sidekiq, Container: "mastodon"}, 1},
	{mastodon.Workload{Kind: "Deployment", Name: "mastodon-sidekiq-scheduler", Component: mastodon.Sidekiq, Container: "mastodon"}, 1},
	{mastodon.Workload{Kind: "Deployment", Name: "mastodon-streaming", Component: mastodon.Streaming, Container: "mastodon"}, 1},
}

// Identity says which practice cluster this is; Server holds its folder.
func (c *Cluster) Identity(ctx context.Context) (mastodon.Identity, error) {
	st, err := c.current(ctx)
	if err != nil {
		return mastodon.Identity{}, err
	}
	return mastodon.Identity{
		Context: "practice", Server: "practice://" + c.dir, ClusterUID: st.ClusterUID, Namespace: Namespace, NamespaceUID: st.NamespaceUID,
		Kubeconfig: "none: the practice cluster is inside this program", User: "practice",
	}, nil
}

// Instances returns the one server there is.
func (c *Cluster) Instances(ctx context.Context) ([]mastodon.Instance, error) {
	st, err := c.current(ctx)
	if err != nil {
		return nil, err
	}
	i := mastodon.Instance{
		Name: Release, Flavour: mastodon.FlavourChart, Domain: Domain, Image: image, Version: mastodon.VersionOf(image),
		SystemPath: c.system(), Env: environment(),
		Database: mastodon.Database{
			Host: statefulSet, Port: "5432", Name: databaseName, User: databaseRole,
			StatefulSet: statefulSet, Pod: databasePod, Container: databaseBox, Image: c.databaseImage(),
			Admin: true, AdminUser: "postgres", StartupProbe: true,
		},
	}
	for _, d := range deployments {
		switch d.Component {
		case mastodon.Web:
			i.Web = d.Workload
		case mastodon.Sidekiq:
			i.Sidekiq = append(i.Sidekiq, d.Workload)
		default:
			i.Streaming = append(i.Streaming, d.Workload)
		}
	}
	for name, job := range st.CronJobs {
		i.CronJobs = append(i.CronJobs, mastodon.CronJob{Name: name, Schedule: job.Schedule, Suspended: job.Suspended})
	}
	i.Claims = st.claims(c.system())
	return []mastodon.Instance{i}, nil
}

// claims are the volumes of the web pod; everything but streaming mounts them.
func (st *state) claims(system string) []mastodon.Claim {
	var users []string
	for _, p := range st.Pods {
		if w := st.Workloads[p.Owner]; w == nil || w.Component != mastodon.Streaming {
			users = append(users, p.Name)
		}
	}
	users = slices.DeleteFunc(users, func(name string) bool { return name == databasePod })
	claim := mastodon.Claim{
		Name: "mastodon-system", MountPath: system, AccessModes: []string{"ReadWriteMany"}, Class: "practice", Phase: "Bound",
		Capacity: "1Gi", System: true, Source: "a folder of this machine", Users: users,
	}
	assets := claim
	assets.Name, assets.MountPath, assets.System = "mastodon-assets", filepath.Join(filepath.Dir(system), "assets"), false
	return []mastodon.Claim{claim, assets}
}

// databaseImage is what a cluster would run that had this machine's PostgreSQL.
func (c *Cluster) databaseImage() string {
	return "docker.io/bitnamilegacy/postgresql:" + strconv.Itoa(c.major)
}

// current loads the state without the pods whose time is over.
func (c *Cluster) current(ctx context.Context) (*state, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	st, err := c.store.load()
	if err != nil {
		return nil, err
	}
	st.bury(time.Now())
	return st, nil
}

// Denied says that nothing is: whoever practises may do everything.
func (c *Cluster) Denied(ctx context.Context) (denied []string, asked int, err error) {
	return nil, len(verbs), ctx.Err()
}

// verbs are what a restore does to a cluster.
var verbs = []string{
	"get deployments", "patch deployments", "get statefulsets", "get cronjobs", "patch cronjobs", "list jobs",
	"list pods", "create pods", "delete pods", "create pods/exec", "create leases", "update leases",
}

// ImageNodes says that the web pod's image is on the nodes, and that others would be pulled.
func (c *Cluster) ImageNodes(ctx context.Context, wanted string) (having, ready []string, err error) {
	if wanted == image || wanted == c.databaseImage() {
		having = slices.Clone(nodes)
	}
	return having, slices.Clone(nodes), ctx.Err()
}

// notFound is what an API server says of what is not there.
func notFound(kind, name string) error {
	return fmt.Errorf("%s %q not found in namespace %s", kind, name, Namespace)
}
