package kube

import (
	"bytes"
	"context"
	"flag"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"sigs.k8s.io/yaml"

	"mastodon-restore/internal/mastodon"
)

var update = flag.Bool("update", false, "write the golden files anew")

const utilityPath = "/api/v1/namespaces/fedi/pods/mastodon-restore-k7q2"

var utility = mastodon.UtilityPod{Name: "mastodon-restore-k7q2", Run: "k7q2", PostgresImage: "postgres:16", Scratch: "/restore"}

// only is the one instance of a fixture.
func only(t *testing.T, c *Cluster) mastodon.Instance {
	t.Helper()
	found, err := c.Instances(t.Context())
	require.NoError(t, err)
	require.NotEmpty(t, found)
	return found[0]
}

func TestUtilityPodIsTheWebPodAsleep(t *testing.T) {
	for _, flavour := range []string{"chart", "helm-charts", "bitnami", "manifests"} {
		t.Run(flavour, func(t *testing.T) {
			s := newAPIServer(t, flavour+".yaml")
			c := s.cluster(Options{})
			require.NoError(t, c.Ensure(t.Context(), only(t, c), utility))
			made, ok := s.get(utilityPath)
			require.True(t, ok)
			for _, field := range []string{"resourceVersion", "uid", "creationTimestamp"} {
				delete(made["metadata"].(thing), field)
			}
			delete(made, "status")
			got, err := yaml.Marshal(made)
			require.NoError(t, err)
			require.False(t, bytes.Contains(got, []byte("very-secret")))
			golden := "testdata/utility-" + flavour + ".golden.yaml"
			if *update {
				require.NoError(t, os.WriteFile(golden, got, 0o644))
			}
			want, err := os.ReadFile(golden)
			require.NoError(t, err)
			require.Equal(t, string(want), string(got))
		})
	}
}

func TestUtilityPodIsNoServicesMember(t *testing.T) {
	for _, flavour := range []string{"chart", "bitnami", "manifests"} {
		s := newAPIServer(t, flavour+".yaml")
		c := s.cluster(Options{})
		require.NoError(t, c.Ensure(t.Context(), only(t, c), utility))
		made, _ := s.get(utilityPath)
		for path, o := range s.objects {
			if !strings.Contains(path, "/services/") {
				continue
			}
			selector := map[string]string{}
			for k, v := range o["spec"].(thing)["selector"].(thing) {
				selector[k] = v.(string)
			}
			require.False(t, matches(selector, labelsOf(made)), path)
		}
	}
}

func TestDryRunMakesNothing(t *testing.T) {
	s := newAPIServer(t, "chart.yaml")
	c := s.cluster(Options{})
	require.NoError(t, c.DryRun(t.Context(), only(t, c), utility))
	_, made := s.get(utilityPath)
	require.False(t, made)
}

func TestRefusalOfThePodSaysWhatToDo(t *testing.T) {
	for _, test := range []struct{ message, do string }{
		{`pods "x" is forbidden: exceeded quota: small, requested: cpu=100m`, "quota is used up"},
		{`pods "x" is forbidden: violates PodSecurity "restricted:latest"`, "PodSecurity level"},
		{`admission webhook "validate.kyverno.svc" denied the request`, "an admission policy of the cluster"},
		{`pods is forbidden: User "tester" cannot create resource "pods"`, "ask the cluster's administrator"},
	} {
		s := newAPIServer(t, "chart.yaml")
		c := s.cluster(Options{})
		i := only(t, c)
		s.fault = func(w http.ResponseWriter, r *http.Request) bool {
			if r.Method != http.MethodPost {
				return false
			}
			say(w, 403, "Forbidden", test.message)
			return true
		}
		require.ErrorContains(t, c.DryRun(t.Context(), i, utility), test.do)
		require.ErrorContains(t, c.Ensure(t.Context(), i, utility), test.do)
	}
}

func TestEnsureKeepsItsOwnPodAndReplacesOneThatHasEnded(t *testing.T) {
	s := newAPIServer(t, "chart.yaml")
	c := s.cluster(Options{})
	i := only(t, c)
	require.NoError(t, c.Ensure(t.Context(), i, utility))
	first, err := c.Pod(t.Context(), utility.Name)
	require.NoError(t, err)
	require.NoError(t, c.Ensure(t.Context(), i, utility))
	second, err := c.Pod(t.Context(), utility.Name)
	require.NoError(t, err)
	require.Equal(t, first.UID, second.UID)

	o, _ := s.get(utilityPath)
	o["status"] = thing{"phase": "Running", "containerStatuses": []any{
		thing{"name": "mastodon", "state": thing{"terminated": thing{"reason": "OOMKilled", "exitCode": 137}}},
	}}
	s.put(utilityPath, o)
	state, err := c.Pod(t.Context(), utility.Name)
	require.NoError(t, err)
	require.True(t, state.Ended, "one container of the two is enough")
	require.NoError(t, c.Ensure(t.Context(), i, utility))
	third, err := c.Pod(t.Context(), utility.Name)
	require.NoError(t, err)
	require.NotEqual(t, first.UID, third.UID)
	require.False(t, third.Ended)
}

func TestPodsOfOthersAreLeftAlone(t *testing.T) {
	s := newAPIServer(t, "chart.yaml")
	s.add("apiVersion: v1\nkind: Pod\nmetadata: {name: mastodon-restore-k7q2, namespace: fedi}")
	c := s.cluster(Options{})
	require.ErrorContains(t, c.Ensure(t.Context(), only(t, c), utility), "not of run k7q2; delete it: kubectl -n fedi delete pod mastodon-restore-k7q2")
	require.ErrorContains(t, c.Remove(t.Context(), utility.Name), "it is none of ours")
	_, there := s.get(utilityPath)
	require.True(t, there)
}

func TestPodWhoseCreationWasNotHeardOfIsTaken(t *testing.T) {
	s := newAPIServer(t, "chart.yaml")
	c := s.cluster(Options{})
	i := only(t, c)
	done := false
	s.fault = func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method != http.MethodPost || done {
			return false
		}
		done = true
		s.ServeHTTP(&unheard{header: http.Header{}}, r)
		hangUp(w, r)
		return true
	}
	require.NoError(t, c.Ensure(t.Context(), i, utility))
	require.Equal(t, 2, s.requests("POST", "/pods")-1, "the lost one, served within itself, and the one that met it")
}

func TestRemoveWaitsUntilThePodIsGone(t *testing.T) {
	s := newAPIServer(t, "chart.yaml")
	c := s.cluster(Options{})
	require.NoError(t, c.Remove(t.Context(), utility.Name), "a pod that is not there is no error")
	require.NoError(t, c.Ensure(t.Context(), only(t, c), utility))
	s.fault = func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method == http.MethodDelete { // its node is away: the pod stays
			say(w, 200, "", "")
		}
		return r.Method == http.MethodDelete
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	require.ErrorIs(t, c.Remove(ctx, utility.Name), context.DeadlineExceeded)
	s.mu.Lock()
	s.fault = nil
	s.mu.Unlock()
	require.NoError(t, c.Remove(t.Context(), utility.Name))
	_, there := s.get(utilityPath)
	require.False(t, there)
}
