package kube

import (
	"testing"

	"github.com/stretchr/testify/require"

	"mastodon-restore/internal/mastodon"
)

func TestWorkloadKnowsItsPodsThatMayStillWrite(t *testing.T) {
	s := newAPIServer(t, "chart.yaml")
	s.add(`
apiVersion: v1
kind: Pod
metadata:
  name: neighbour
  namespace: fedi
  labels: {app.kubernetes.io/name: mastodon, app.kubernetes.io/instance: social, app.kubernetes.io/component: web, app.kubernetes.io/part-of: rails, pod-template-hash: abc}
  ownerReferences: [{apiVersion: apps/v1, kind: ReplicaSet, name: another-abc, uid: x, controller: true}]
status: {phase: Running}`)
	state, err := s.cluster(Options{}).Workload(t.Context(), web)
	require.NoError(t, err)
	require.Equal(t, 2, state.Replicas)
	require.Equal(t, []string{"social-mastodon-web-6c4-aaaaa"}, state.Pods, "neither the evicted one nor the neighbour's")
}

var web = mastodon.Workload{Kind: "Deployment", Name: "social-mastodon-web", Container: "mastodon-web"}

func TestScaleAndAnnotateChangeNothingElse(t *testing.T) {
	s := newAPIServer(t, "chart.yaml")
	c := s.cluster(Options{})
	require.NoError(t, c.Annotate(t.Context(), web, map[string]string{"replicas": "2", "run": "k7q2"}))
	require.NoError(t, c.Scale(t.Context(), web, 0))

	state, err := c.Workload(t.Context(), web)
	require.NoError(t, err)
	require.Zero(t, state.Replicas)
	require.Equal(t, map[string]string{"replicas": "2", "run": "k7q2"}, state.Annotations)

	require.NoError(t, c.Annotate(t.Context(), web, map[string]string{"replicas": ""}))
	state, err = c.Workload(t.Context(), web)
	require.NoError(t, err)
	require.Equal(t, map[string]string{"run": "k7q2"}, state.Annotations)
	o, _ := s.get("/apis/apps/v1/namespaces/fedi/deployments/social-mastodon-web")
	require.Equal(t, "apps", o["metadata"].(thing)["labels"].(thing)["kustomize.toolkit.fluxcd.io/name"])
}

func TestSetWithoutReplicasMeansOne(t *testing.T) {
	state, err := newAPIServer(t, "chart.yaml").cluster(Options{}).Workload(t.Context(), streaming)
	require.NoError(t, err)
	require.Equal(t, 1, state.Replicas)
}

func TestStatefulSetsScaleToo(t *testing.T) {
	s := newAPIServer(t, "manifests.yaml")
	c, w := s.cluster(Options{}), mastodon.Workload{Kind: "StatefulSet", Name: "test-web"}
	require.NoError(t, c.Scale(t.Context(), w, 0))
	state, err := c.Workload(t.Context(), w)
	require.NoError(t, err)
	require.Zero(t, state.Replicas)
}

func TestCronJobIsSuspendedWithItsNoteInOneRequest(t *testing.T) {
	s := newAPIServer(t, "chart.yaml")
	c, job := s.cluster(Options{}), mastodon.CronJob{Name: "social-mastodon-media-remove"}
	require.NoError(t, c.Suspend(t.Context(), job, true, map[string]string{"suspended-by": "k7q2"}))
	require.Equal(t, 1, s.requests("PATCH", ""))
	state, err := c.CronJob(t.Context(), job)
	require.NoError(t, err)
	require.Equal(t, mastodon.CronJobState{Suspended: true, Annotations: map[string]string{"suspended-by": "k7q2"}}, state)

	require.NoError(t, c.Suspend(t.Context(), job, false, map[string]string{"suspended-by": ""}))
	state, err = c.CronJob(t.Context(), job)
	require.NoError(t, err)
	require.Equal(t, mastodon.CronJobState{}, state)
}

func TestRunningJobs(t *testing.T) {
	s := newAPIServer(t, "chart.yaml")
	job := func(name, status, more, spec string) {
		s.add(`
apiVersion: batch/v1
kind: Job
metadata: {name: ` + name + `, namespace: fedi` + more + `}
spec: {template: {spec: {restartPolicy: Never, ` + spec + `}}}
status: {` + status + `}`)
	}
	mastodonPod := `containers: [{name: a, image: "ghcr.io/mastodon/mastodon:v4.6.3"}]`
	job("ours", "active: 1", `, ownerReferences: [{apiVersion: batch/v1, kind: CronJob, name: social-mastodon-media-remove, uid: x, controller: true}]`, mastodonPod)
	job("done", "succeeded: 1", "", mastodonPod)
	job("ending", "terminating: 1", "", mastodonPod)
	job("hook", "active: 1", `, labels: {app.kubernetes.io/instance: social}`, mastodonPod)
	job("theirs", "active: 1", `, labels: {app.kubernetes.io/instance: another}`, mastodonPod)
	job("certificates", "active: 1", "", `containers: [{name: a, image: certbot}]`)
	job("tar", "active: 1", "", `containers: [{name: a, image: alpine}], volumes: [{name: m, persistentVolumeClaim: {claimName: social-mastodon-system}}]`)
	c := s.cluster(Options{})
	found, err := c.Instances(t.Context())
	require.NoError(t, err)
	running, err := c.RunningJobs(t.Context(), found[0])
	require.NoError(t, err)
	require.Equal(t, []string{"ending", "hook", "ours", "tar"}, running)
}
