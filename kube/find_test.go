package kube

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"mastodon-restore/internal/mastodon"
)

func TestInstanceOfTheOfficialChart(t *testing.T) {
	found, err := newAPIServer(t, "chart.yaml").cluster(Options{}).Instances(t.Context())
	require.NoError(t, err)
	require.Len(t, found, 1)
	i := found[0]
	require.Equal(t, "social", i.Name)
	require.Equal(t, mastodon.FlavourChart, i.Flavour)
	require.Equal(t, "example.social", i.Domain)
	require.Equal(t, "4.6.3", i.Version)
	require.Equal(t, mastodon.Workload{Kind: "Deployment", Name: "social-mastodon-web", Component: mastodon.Web, Container: "mastodon-web"}, i.Web)
	require.Equal(t, []mastodon.Workload{
		{Kind: "Deployment", Name: "social-mastodon-sidekiq-all-queues", Component: mastodon.Sidekiq, Container: "mastodon"},
		{Kind: "Deployment", Name: "social-mastodon-sidekiq-scheduler", Component: mastodon.Sidekiq, Container: "mastodon"},
	}, i.Sidekiq)
	require.Equal(t, []mastodon.Workload{
		{Kind: "Deployment", Name: "social-mastodon-streaming", Component: mastodon.Streaming, Container: "mastodon-streaming"},
	}, i.Streaming)
	require.Equal(t, []mastodon.CronJob{
		{Name: "nightly-tar", Schedule: "@daily", Suspended: true},
		{Name: "social-mastodon-media-remove", Schedule: "0 0 * * 0"},
	}, i.CronJobs, "of the release, or on its volumes; not the certificates'")
	require.Equal(t, "/opt/mastodon/public/system", i.SystemPath)
	require.Equal(t, []mastodon.Claim{
		{
			Name: "social-mastodon-assets", MountPath: "/opt/mastodon/public/assets", AccessModes: []string{"ReadWriteOnce"},
			Class: "block", Phase: "Bound", Capacity: "10Gi", Source: "local", Nodes: []string{"node2"},
		},
		{
			Name: "social-mastodon-system", MountPath: "/opt/mastodon/public/system", AccessModes: []string{"ReadWriteOnce"},
			Class: "block", Phase: "Bound", Capacity: "100Gi", Source: "csi driver.longhorn.io", System: true,
			AttachedTo: "node2", Users: []string{"social-mastodon-web-6c4-aaaaa"},
		},
	}, i.Claims)
	require.False(t, i.S3)
	require.True(t, i.Elasticsearch)
	require.Equal(t, mastodon.Database{
		Host: "social-postgresql", Port: "5432", Name: "mastodon_production", User: "mastodon",
		StatefulSet: "social-postgresql", Pod: "social-postgresql-0", Container: "postgresql",
		Image: "docker.io/bitnamilegacy/postgresql:16.2.0-debian-12-r6", Admin: true, AdminUser: "postgres",
	}, i.Database)
	require.Equal(t, []string{
		"Flux Kustomization flux-system/apps",
		"HorizontalPodAutoscaler web (of social-mastodon-web)",
		"KEDA ScaledObject queues (of social-mastodon-sidekiq-all-queues)",
	}, i.Managers)
	require.Empty(t, i.Problems)
	require.Equal(t, "very-secret-database", i.Env["DB_PASS"])
	require.Equal(t, "very-secret-otp", i.Env["OTP_SECRET"])
}

func TestInstanceOfTheNewChart(t *testing.T) {
	found, err := newAPIServer(t, "helm-charts.yaml").cluster(Options{}).Instances(t.Context())
	require.NoError(t, err)
	require.Len(t, found, 1)
	i := found[0]
	require.Equal(t, mastodon.FlavourHelmCharts, i.Flavour)
	require.True(t, i.S3)
	require.Empty(t, i.Claims)
	require.Empty(t, i.Streaming)
	require.Equal(t, []string{"Argo CD application fediverse"}, i.Managers)
	require.Equal(t, mastodon.Database{Host: "db-pooler", Port: "5432", Name: "mastodon", User: "mastodonn", External: true}, i.Database)
	require.Equal(t, "very-secret-key-base", i.Env["SECRET_KEY_BASE"])
}

func TestOperatorsDatabaseIsFoundByItsPods(t *testing.T) {
	s := newAPIServer(t, "helm-charts.yaml")
	s.add(`
apiVersion: v1
kind: ConfigMap
metadata: {name: mastodon-env, namespace: fedi}
data: {DB_HOST: db-rw, DB_NAME: mastodon, LOCAL_DOMAIN: new.example}
---
apiVersion: v1
kind: Service
metadata: {name: db-rw, namespace: fedi}
spec: {clusterIP: 10.0.0.9, selector: {cnpg.io/cluster: db, cnpg.io/instanceRole: primary}}
---
apiVersion: v1
kind: Secret
metadata: {name: db-superuser, namespace: fedi}
stringData: {password: very-secret-admin}
---
apiVersion: v1
kind: Pod
metadata: {name: db-2, namespace: fedi, labels: {cnpg.io/cluster: db, cnpg.io/instanceRole: primary}}
spec: {containers: [{name: postgres, image: "ghcr.io/cloudnative-pg/postgresql:17"}]}
status: {phase: Running}`)
	found, err := s.cluster(Options{}).Instances(t.Context())
	require.NoError(t, err)
	require.Equal(t, mastodon.Database{
		Host: "db-rw", Port: "5432", Name: "mastodon", User: "mastodonn",
		Pod: "db-2", Container: "postgres", Image: "ghcr.io/cloudnative-pg/postgresql:17", Admin: true, AdminUser: "postgres",
	}, found[0].Database)
}

func TestInstanceOfBitnamisChart(t *testing.T) {
	found, err := newAPIServer(t, "bitnami.yaml").cluster(Options{}).Instances(t.Context())
	require.NoError(t, err)
	require.Len(t, found, 1)
	i := found[0]
	require.Equal(t, mastodon.FlavourBitnami, i.Flavour)
	require.Equal(t, "toot-mastodon-web", i.Web.Name)
	require.Equal(t, "toot-mastodon-sidekiq", i.Sidekiq[0].Name)
	require.Equal(t, "toot-mastodon-streaming", i.Streaming[0].Name)
	require.Equal(t, "4.4.3", i.Version)
	require.Equal(t, "/opt/bitnami/mastodon/public/system", i.SystemPath)
	system, ok := i.SystemClaim()
	require.True(t, ok, "the one volume holds public/system, though it is mounted elsewhere")
	require.Equal(t, "toot-mastodon", system.Name)
	require.Equal(t, mastodon.Database{
		Host: "toot-postgresql", Port: "5432", Name: "bitnami_mastodon", User: "bn_mastodon",
		StatefulSet: "toot-postgresql", Pod: "toot-postgresql-0", Container: "postgresql",
		Image: "docker.io/bitnami/postgresql:17.0.0-debian-12-r0", Admin: true, AdminUser: "postgres", StartupProbe: true,
	}, i.Database)
}

func TestInstancesWrittenByHand(t *testing.T) {
	found, err := newAPIServer(t, "manifests.yaml").cluster(Options{}).Instances(t.Context())
	require.NoError(t, err)
	require.Len(t, found, 2, "neither the forum nor the exporter is a Mastodon")
	hand, test := found[0], found[1]

	require.Equal(t, "hand.example", hand.Domain)
	require.Equal(t, mastodon.FlavourManifests, hand.Flavour)
	require.Equal(t, "web", hand.Web.Name)
	require.Equal(t, "web-canary", hand.MoreWeb[0].Name)
	require.Equal(t, []string{"stray", "workers"}, names(hand.Sidekiq))
	require.Equal(t, []string{"streaming"}, names(hand.Streaming))
	require.Empty(t, hand.Version, "a digest does not tell")
	require.Equal(t, "/mastodon/public/system", hand.SystemPath)
	require.Equal(t, []mastodon.Claim{{
		Name: "volume media", MountPath: "/mastodon/public/system", AccessModes: []string{"ReadWriteMany"}, Phase: "Bound", Source: "nfs", System: true,
	}}, hand.Claims)
	require.Equal(t, []string{"Secret nowhere is not there, which the environment of web needs"}, hand.Problems)
	require.Equal(t, "very-secret-base-$x-$(UNKNOWN)", hand.Env["SECRET_KEY_BASE"])
	require.Equal(t, mastodon.Database{
		Host: "postgres", Via: "pgbouncer.fedi.svc.cluster.local", Port: "5432", Name: "mastodon_production", User: "mastodon",
		StatefulSet: "postgres", Pod: "postgres-0", Container: "db", Image: "postgres:15-alpine", Admin: true, AdminUser: "mastodon",
	}, hand.Database)

	require.Equal(t, "test.example", test.Domain)
	require.Equal(t, mastodon.Workload{Kind: "StatefulSet", Name: "test-web", Component: mastodon.Web, Container: "rails"}, test.Web)
	require.Equal(t, []string{"stray"}, names(test.Sidekiq), "what belongs to nobody in particular is closed with each")
	require.Equal(t, mastodon.Database{Host: "db.example.org", Port: "6543", Name: "testing", User: "tester", External: true}, test.Database)
}

func names(workloads []mastodon.Workload) (found []string) {
	for _, w := range workloads {
		found = append(found, w.Name)
	}
	return found
}

func TestServerInPiecesIsFoundAllTheSame(t *testing.T) {
	s := newAPIServer(t, "chart.yaml")
	for _, path := range []string{
		"/api/v1/namespaces/fedi/configmaps/social-mastodon-env",
		"/api/v1/namespaces/fedi/persistentvolumeclaims/social-mastodon-system",
		"/api/v1/namespaces/fedi/services/social-postgresql",
		"/api/v1/namespaces/fedi/pods/social-mastodon-web-6c4-aaaaa",
	} {
		delete(s.objects, path)
	}
	found, err := s.cluster(Options{}).Instances(t.Context())
	require.NoError(t, err)
	require.Len(t, found, 1)
	i := found[0]
	require.Len(t, i.Sidekiq, 2, "labels still tell")
	require.Len(t, i.Streaming, 1)
	require.Equal(t, "social-postgresql", i.Database.StatefulSet)
	require.Equal(t, "5432", i.Database.Port)
	require.Contains(t, i.Problems, "ConfigMap social-mastodon-env is not there, which the environment of social-mastodon-web needs")
	system, _ := i.SystemClaim()
	require.Equal(t, "Missing", system.Phase)
}

func TestFindingBearsNotToSeeWhatIsTheClusters(t *testing.T) {
	s := newAPIServer(t, "chart.yaml")
	s.forbidden = []string{"nodes", "persistentvolumes", "volumeattachments", "horizontalpodautoscalers", "scaledobjects", "secrets"}
	found, err := s.cluster(Options{}).Instances(t.Context())
	require.NoError(t, err)
	require.Len(t, found, 1)
	require.Empty(t, found[0].Claims[0].Nodes)
	require.Contains(t, found[0].Problems, "Secret social-mastodon may not be read by us, which the environment of social-mastodon-web needs")
	require.True(t, found[0].Database.Admin, "a pod may refer to a Secret that we may not read")
}

func TestFindNamespaces(t *testing.T) {
	s := newAPIServer(t, "chart.yaml")
	s.add(`
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: other}
spec:
  selector: {matchLabels: {app: x}}
  template: {metadata: {labels: {app: x}}, spec: {containers: [{name: web, image: "ghcr.io/glitch-soc/mastodon:nightly"}]}}`)
	names, err := s.cluster(Options{}).FindNamespaces(t.Context())
	require.NoError(t, err)
	require.Equal(t, []string{"fedi", "other"}, names)
}

func TestNoSecretShowsInWhatAnInstancePrints(t *testing.T) {
	for _, fixture := range []string{"chart.yaml", "helm-charts.yaml", "bitnami.yaml", "manifests.yaml"} {
		found, err := newAPIServer(t, fixture).cluster(Options{}).Instances(t.Context())
		require.NoError(t, err)
		for _, i := range found {
			encoded, err := json.Marshal(i)
			require.NoError(t, err)
			for _, shown := range []string{string(encoded), fmt.Sprintf("%v %+v %#v", i, i, i)} {
				require.NotContains(t, shown, "very-secret", fixture)
			}
		}
	}
}
