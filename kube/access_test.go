package kube

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"sigs.k8s.io/yaml"

	"mastodon-restore/internal/mastodon"
)

func TestDeniedListsWhatARestoreCannotDoWithout(t *testing.T) {
	s := newAPIServer(t)
	c := s.cluster(Options{})
	refused, asked, err := c.Denied(t.Context())
	require.NoError(t, err)
	require.Empty(t, refused)
	require.Equal(t, 24, asked)

	s.forbidden = []string{"patch deployments", "create pods/exec", "list nodes", "list events"}
	refused, _, err = c.Denied(t.Context())
	require.NoError(t, err)
	require.Equal(t, []string{"patch deployments", "create pods/exec"}, refused, "what is optional is not asked for")
}

// Whatever the verbs of this package ask of the server must be among its permissions.
func TestPermissionsCoverWhatIsDone(t *testing.T) {
	s := newAPIServer(t, "chart.yaml")
	c := s.cluster(Options{})
	i := only(t, c)
	_, err := c.Identity(t.Context())
	require.NoError(t, err)
	_, err = c.Workload(t.Context(), i.Web)
	require.NoError(t, err)
	require.NoError(t, c.Scale(t.Context(), i.Web, 0))
	require.NoError(t, c.Suspend(t.Context(), i.CronJobs[0], true, nil))
	_, err = c.RunningJobs(t.Context(), i)
	require.NoError(t, err)
	require.NoError(t, c.Ensure(t.Context(), i, utility))
	_, err = c.Pod(t.Context(), utility.Name)
	require.NoError(t, err)
	require.NoError(t, c.Remove(t.Context(), utility.Name))
	require.NoError(t, c.Acquire(t.Context(), mastodon.Holder{Run: "k7q2"}))
	require.NoError(t, c.Acquire(t.Context(), mastodon.Holder{Run: "k7q2"}))
	require.NoError(t, c.Release(t.Context(), "k7q2"))

	allowed := map[string]bool{}
	for _, p := range Permissions() {
		for _, verb := range p.Verbs {
			allowed[verb+" "+p.Group+"/"+p.Resource] = true
		}
	}
	for _, asked := range s.asked {
		method, path, _ := strings.Cut(asked, " ")
		parts := strings.Split(strings.Trim(path, "/"), "/")
		group, rest := "", parts[2:]
		if parts[0] == "apis" {
			group, rest = parts[1], parts[3:]
		}
		if strings.HasPrefix(rest[0], "selfsubject") {
			continue // everybody may ask that
		}
		if len(rest) > 2 && rest[0] == "namespaces" {
			rest = rest[2:]
		}
		require.True(t, allowed[verb(method, len(rest) > 1)+" "+group+"/"+rest[0]], asked)
	}
}

func TestRoleIsAManifest(t *testing.T) {
	for _, document := range strings.Split(Role("fedi"), "---\n") {
		var role struct {
			Kind     string
			Metadata struct{ Namespace string }
			Rules    []struct{ APIGroups, Resources, Verbs []string }
		}
		require.NoError(t, yaml.UnmarshalStrict([]byte(document), &struct {
			APIVersion string `json:"apiVersion"`
			Kind       any    `json:"kind"`
			Metadata   any    `json:"metadata"`
			Rules      any    `json:"rules"`
		}{}))
		require.NoError(t, yaml.Unmarshal([]byte(document), &role))
		require.NotEmpty(t, role.Rules)
		require.Equal(t, role.Kind == "Role", role.Metadata.Namespace == "fedi")
		for _, r := range role.Rules {
			require.Len(t, r.Resources, 1)
			require.NotEmpty(t, r.Verbs)
		}
	}
}

func TestImageNodes(t *testing.T) {
	s := newAPIServer(t, "chart.yaml")
	s.add("apiVersion: v1\nkind: Node\nmetadata: {name: node3}\nspec: {unschedulable: true}\nstatus: {conditions: [{type: Ready, status: 'True'}]}")
	s.add("apiVersion: v1\nkind: Node\nmetadata: {name: node4}\nstatus: {conditions: [{type: Ready, status: 'False'}]}")
	having, ready, err := s.cluster(Options{}).ImageNodes(t.Context(), "ghcr.io/mastodon/mastodon:v4.6.3")
	require.NoError(t, err)
	require.Equal(t, []string{"node1", "node2"}, having, "one has it, the other runs it")
	require.Equal(t, []string{"node1", "node2"}, ready)

	s.forbidden = []string{"nodes"}
	having, ready, err = s.cluster(Options{}).ImageNodes(t.Context(), "ghcr.io/mastodon/mastodon:v4.6.3")
	require.NoError(t, err)
	require.Equal(t, []string{"node2"}, having)
	require.Equal(t, []string{"node2"}, ready)
}

func TestImageNamesAreSpeltOut(t *testing.T) {
	for short, long := range map[string]string{
		"postgres":                   "docker.io/library/postgres:latest",
		"postgres:15":                "docker.io/library/postgres:15",
		"bitnami/postgresql:16":      "docker.io/bitnami/postgresql:16",
		"ghcr.io/mastodon/mastodon":  "ghcr.io/mastodon/mastodon:latest",
		"127.0.0.1:5001/mastodon:v4": "127.0.0.1:5001/mastodon:v4",
		"localhost/own@sha256:12":    "localhost/own@sha256:12",
	} {
		require.Equal(t, long, full(short))
	}
}
