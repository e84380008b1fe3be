package kube

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"mastodon-restore/internal/mastodon"
)

// pod is a pod of ours with a status, and an event about it.
func pod(status, event string) string {
	manifest := `
apiVersion: v1
kind: Pod
metadata: {name: utility, namespace: fedi, uid: uid-1, labels: {mastodon-restore/run: k7q2}}
spec:
  nodeName: node1
  restartPolicy: Never
  containers: [{name: mastodon, image: "ghcr.io/mastodon/mastodon:v4.6.3"}]
  volumes: [{name: system, persistentVolumeClaim: {claimName: social-mastodon-system}}]
status: ` + status
	if event == "" {
		return manifest
	}
	return manifest + `
---
apiVersion: v1
kind: Event
type: Warning
metadata: {name: e1, namespace: fedi}
involvedObject: {kind: Pod, name: utility, uid: uid-1}
lastTimestamp: "2026-01-01T00:00:10Z"
` + event
}

func TestPodThatDoesNotStartSaysWhy(t *testing.T) {
	waits := func(reason, message string) string {
		return fmt.Sprintf(`{phase: Pending, containerStatuses: [{name: mastodon, image: x, imageID: "", ready: false, restartCount: 0, state: {waiting: {reason: %s, message: %q}}}]}`, reason, message)
	}
	starting := waits("ContainerCreating", "")
	for name, test := range map[string]struct {
		status, event string
		want          []string
	}{
		"no node has room": {
			`{phase: Pending, conditions: [{type: PodScheduled, status: "False", reason: Unschedulable, message: "0/2 nodes are available: 2 Insufficient memory. preemption: 0/2 nodes are available"}]}`, "",
			[]string{"no node takes it: 0/2 nodes are available: 2 Insufficient memory; free memory on a node, or add a node"},
		},
		"its volume is elsewhere": {
			`{phase: Pending, conditions: [{type: PodScheduled, status: "False", reason: Unschedulable, message: "0/2 nodes are available: 1 node(s) had volume node affinity conflict, 1 node(s) were unschedulable."}]}`, "",
			[]string{"no node takes it: 0/2 nodes are available: 1 node(s) had volume node affinity conflict, 1 node(s) were unschedulable; a volume can be mounted on certain nodes only, and those do not take the pod: bring the volume's node back, or free room on it"},
		},
		"its image is gone": {
			waits("ImagePullBackOff", "Back-off pulling image"), "",
			[]string{"container mastodon waits (ImagePullBackOff, image ghcr.io/mastodon/mastodon:v4.6.3): Back-off pulling image; the image cannot be fetched: is its name right, is the registry reachable, is the pull secret there?"},
		},
		"a Secret is gone": {
			waits("CreateContainerConfigError", `secret "social-redis" not found`), "",
			[]string{`container mastodon waits (CreateContainerConfigError, image ghcr.io/mastodon/mastodon:v4.6.3): secret "social-redis" not found; a ConfigMap, Secret or key that it refers to is not there, or it may not run as its user: restore what the message names`},
		},
		"a volume cannot be mounted": {
			starting, "reason: FailedMount\nmessage: 'MountVolume.SetUp failed for volume \"ca\" : configmap \"database-ca\" not found'",
			[]string{`FailedMount: MountVolume.SetUp failed for volume "ca" : configmap "database-ca" not found; the node cannot mount a volume: the message says which; is its storage reachable, is its Secret or ConfigMap there?`},
		},
		"a volume is held by another node": {
			starting, "reason: FailedAttachVolume\nmessage: 'Multi-Attach error for volume \"pv-system\" Volume is already used by pod(s) social-mastodon-web-6c4-aaaaa'",
			[]string{"the volume of claim social-mastodon-system is attached to node node2, where pod social-mastodon-web-6c4-aaaaa (node node2) has it; wait until that pod is gone, or delete it"},
		},
		"it was killed for its memory": {
			`{phase: Running, containerStatuses: [{name: mastodon, image: x, imageID: "", ready: false, restartCount: 0, state: {terminated: {reason: OOMKilled, exitCode: 137}}}]}`, "",
			[]string{"container mastodon has ended: it was killed as it used more memory than its limit, or than the node had"},
		},
		"it is on its way": {starting, "", nil},
		"an old event is not today's reason": {
			`{phase: Running, containerStatuses: [{name: mastodon, image: x, imageID: "", ready: false, restartCount: 0, state: {running: {startedAt: "2026-01-01T00:01:00Z"}}}]}`,
			"reason: FailedMount\nmessage: timed out", nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newAPIServer(t, "chart.yaml")
			s.add(pod(test.status, test.event))
			state, err := s.cluster(Options{}).Pod(t.Context(), "utility")
			require.NoError(t, err)
			require.True(t, state.Exists)
			require.False(t, state.Ready)
			require.Equal(t, test.want, state.Problems)
		})
	}
}

func TestVolumeThatNobodyUsesIsStillHeld(t *testing.T) {
	s := newAPIServer(t, "chart.yaml")
	delete(s.objects, "/api/v1/namespaces/fedi/pods/social-mastodon-web-6c4-aaaaa")
	s.add(pod("{phase: Pending}", "reason: FailedAttachVolume\nmessage: 'Multi-Attach error for volume \"pv-system\" Volume is already exclusively attached to one node'"))
	state, err := s.cluster(Options{}).Pod(t.Context(), "utility")
	require.NoError(t, err)
	require.Equal(t, []string{"the volume of claim social-mastodon-system is attached to node node2, though no pod uses it any more; wait until that node lets go of it (up to 6 minutes), or, if the node is off for good, delete its VolumeAttachment"}, state.Problems)
}

func TestPodOfADeadNodeSaysSo(t *testing.T) {
	s := newAPIServer(t)
	s.add("apiVersion: v1\nkind: Node\nmetadata: {name: node1}\nstatus: {conditions: [{type: Ready, status: Unknown, reason: NodeStatusUnknown}]}")
	gone := time.Now().Add(-time.Minute).UTC().Format(time.RFC3339)
	s.add("apiVersion: v1\nkind: Pod\nmetadata: {name: utility, namespace: fedi, deletionTimestamp: \"" + gone + "\"}\nspec: {nodeName: node1}\nstatus: {phase: Running}")
	state, err := s.cluster(Options{}).Pod(t.Context(), "utility")
	require.NoError(t, err)
	require.Equal(t, []string{"node node1 is not ready (NodeStatusUnknown); if the machine is off for good: kubectl delete pod --force -n fedi utility"}, state.Problems)
}

func TestPodThatIsNotThereIsNoError(t *testing.T) {
	state, err := newAPIServer(t).cluster(Options{}).Pod(t.Context(), "utility")
	require.NoError(t, err)
	require.Equal(t, mastodon.PodState{}, state)
}

func TestReadyPodHasNoProblems(t *testing.T) {
	s := newAPIServer(t)
	s.add(pod(`{phase: Running, conditions: [{type: Ready, status: "True"}]}`, "reason: FailedMount\nmessage: it did not work at first"))
	state, err := s.cluster(Options{}).Pod(t.Context(), "utility")
	require.NoError(t, err)
	require.Equal(t, mastodon.PodState{Exists: true, Ready: true, Node: "node1", Run: "k7q2", UID: "uid-1"}, state)
}

func TestWorkloadWithoutItsPodsSaysWhy(t *testing.T) {
	s := newAPIServer(t, "chart.yaml")
	now := time.Now().UTC().Format(time.RFC3339)
	s.add(`
apiVersion: v1
kind: Event
type: Warning
reason: FailedCreate
metadata: {name: e2, namespace: fedi}
involvedObject: {kind: ReplicaSet, name: social-mastodon-streaming-5d8}
lastTimestamp: "` + now + `"
message: 'pods "x" is forbidden: exceeded quota: small'`)
	state, err := s.cluster(Options{}).Workload(t.Context(), streaming)
	require.NoError(t, err)
	require.Equal(t, []string{`its pods cannot be made: pods "x" is forbidden: exceeded quota: small; the namespace's quota is used up: free some of it (kubectl describe quota), or raise it`}, state.Problems)
}

func TestDiagnosisBearsNotToSee(t *testing.T) {
	s := newAPIServer(t, "chart.yaml")
	s.forbidden = []string{"events", "nodes"}
	s.add(pod("{phase: Pending}", "reason: FailedMount\nmessage: unseen"))
	state, err := s.cluster(Options{}).Pod(t.Context(), "utility")
	require.NoError(t, err)
	require.Empty(t, state.Problems)
}
