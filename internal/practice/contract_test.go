package practice_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"mastodon-restore/internal/mastodon"
	"mastodon-restore/internal/remote"
	"mastodon-restore/workflow/restore"
)

// contract is what a restore relies on of any cluster with a broken server in it. scratch is a
// folder that a utility pod may have.
func contract(t *testing.T, c restore.Cluster, scratch string) {
	ctx, i := t.Context(), instance(t, c)
	ready := func(w mastodon.Workload) mastodon.WorkloadState {
		state, err := c.Workload(ctx, w)
		require.NoError(t, err)
		return state
	}
	for _, promise := range []struct {
		name string
		kept func(t *testing.T)
	}{
		{"the identity tells this namespace from any other, every time alike", func(t *testing.T) {
			a, err := c.Identity(ctx)
			require.NoError(t, err)
			b, err := c.Identity(ctx)
			require.NoError(t, err)
			require.Equal(t, a, b)
			require.NotEmpty(t, a.ClusterUID)
			require.NotEmpty(t, a.NamespaceUID)
		}},
		{"the instance names its workloads, volume and database", func(t *testing.T) {
			require.NotEmpty(t, i.Sidekiq)
			require.NotEmpty(t, i.Streaming)
			require.NotEmpty(t, i.Domain)
			claim, ok := i.SystemClaim()
			require.True(t, ok)
			require.Equal(t, i.SystemPath, claim.MountPath)
			require.Equal(t, i.Domain, i.Env["LOCAL_DOMAIN"])
			require.Equal(t, i.Database.Name, i.Env["DB_NAME"])
		}},
		{"a workload that is not there is an error", func(t *testing.T) {
			nobody := mastodon.Workload{Kind: "Deployment", Name: "nobody"}
			_, err := c.Workload(ctx, nobody)
			require.ErrorContains(t, err, "nobody")
			require.ErrorContains(t, c.Scale(ctx, nobody, 1), "nobody")
			require.ErrorContains(t, c.Annotate(ctx, nobody, map[string]string{"a": "b"}), "nobody")
		}},
		{"scaling returns at once; pods go, and come back under other names", func(t *testing.T) {
			w := i.Sidekiq[0]
			before := ready(w)
			require.NotZero(t, before.Replicas)
			require.NoError(t, c.Scale(ctx, w, 0))
			require.Zero(t, ready(w).Replicas)
			eventually(t, func() bool { return len(ready(w).Pods) == 0 })
			require.Zero(t, ready(w).Ready)
			require.NoError(t, c.Scale(ctx, w, before.Replicas))
			eventually(t, func() bool { return ready(w).Ready == before.Replicas })
			require.NotContains(t, ready(w).Pods, before.Pods[0])
		}},
		{"annotations are added, changed and taken away one by one", func(t *testing.T) {
			w := i.Web
			require.NoError(t, c.Annotate(ctx, w, map[string]string{"replicas": "2", "run": "a"}))
			require.NoError(t, c.Annotate(ctx, w, map[string]string{"replicas": "", "step": "files"}))
			require.Equal(t, map[string]string{"run": "a", "step": "files"}, ready(w).Annotations)
			require.NoError(t, c.Annotate(ctx, w, map[string]string{"run": "", "step": ""}))
			require.Empty(t, ready(w).Annotations)
		}},
		{"a CronJob is suspended and marked in one go", func(t *testing.T) {
			for _, suspend := range []bool{true, false} {
				mark := map[string]string{"suspended-by": map[bool]string{true: "a"}[suspend]}
				require.NoError(t, c.Suspend(ctx, i.CronJobs[0], suspend, mark))
				state, err := c.CronJob(ctx, i.CronJobs[0])
				require.NoError(t, err)
				require.Equal(t, suspend, state.Suspended)
				require.Equal(t, suspend, len(state.Annotations) == 1)
			}
		}},
		{"the lock is one run's until it gives it back", func(t *testing.T) {
			_, held, err := c.Holder(ctx)
			require.NoError(t, err)
			require.False(t, held)
			require.NoError(t, c.Acquire(ctx, mastodon.Holder{Run: "a", Who: "ada@laptop"}))
			first, held, err := c.Holder(ctx)
			require.NoError(t, err)
			require.True(t, held)
			require.NotEmpty(t, first.Since)
			require.NoError(t, c.Acquire(ctx, mastodon.Holder{Run: "a", Who: "ada@laptop", Step: "files"}), "renewed")
			now, _, err := c.Holder(ctx)
			require.NoError(t, err)
			require.Equal(t, "files", now.Step)
			require.Equal(t, first.Since, now.Since)

			var other *mastodon.HeldError
			require.ErrorAs(t, c.Acquire(ctx, mastodon.Holder{Run: "b"}), &other)
			require.Equal(t, "ada@laptop", other.Holder.Who)
			require.NoError(t, c.Release(ctx, "b"), "not the holder: nothing happens")
			_, held, err = c.Holder(ctx)
			require.NoError(t, err)
			require.True(t, held)
			require.NoError(t, c.Release(ctx, "a"))
			_, held, err = c.Holder(ctx)
			require.NoError(t, err)
			require.False(t, held)
		}},
		{"a utility pod is made once, found, worked in and removed", func(t *testing.T) {
			pod := mastodon.UtilityPod{Name: restore.PodOf("a"), Run: "a", Scratch: scratch}
			require.NoError(t, c.DryRun(ctx, i, pod))
			state, err := c.Pod(ctx, pod.Name)
			require.NoError(t, err)
			require.False(t, state.Exists, "a dry run makes nothing")

			require.NoError(t, c.Ensure(ctx, i, pod))
			require.NoError(t, c.Ensure(ctx, i, pod), "it is there already")
			eventually(t, func() bool {
				state, err = c.Pod(ctx, pod.Name)
				require.NoError(t, err)
				return state.Ready
			})
			require.Equal(t, "a", state.Run)
			require.NotEmpty(t, state.UID)
			for _, container := range []string{mastodon.AppContainer, mastodon.PostgresContainer} {
				out := sh(t, c.Place(pod.Name, container), `touch "$1/$2" && ls "$1"`, scratch, container)
				require.Contains(t, out, mastodon.AppContainer, "both containers see the scratch folder")
			}
			require.Error(t, c.Ensure(ctx, i, mastodon.UtilityPod{Name: pod.Name, Run: "b", Scratch: scratch}), "another run's")

			require.NoError(t, c.Remove(ctx, pod.Name))
			require.NoError(t, c.Remove(ctx, pod.Name), "it is gone already")
			state, err = c.Pod(ctx, pod.Name)
			require.NoError(t, err)
			require.False(t, state.Exists)
			require.Error(t, c.Place(pod.Name, mastodon.AppContainer).Exec(ctx, []string{"true"}, remote.Streams{}))
		}},
		{"a place says how a command ended, and where it is", func(t *testing.T) {
			place := c.Place(i.Database.Pod, i.Database.Container)
			require.Contains(t, place.String(), i.Database.Pod)
			var exit *remote.ExitError
			require.ErrorAs(t, place.Exec(ctx, []string{"sh", "-c", "exit 7"}, remote.Streams{}), &exit)
			require.Equal(t, 7, exit.Code)
			require.NoError(t, place.Exec(ctx, []string{"true"}, remote.Streams{}))
			require.Error(t, c.Place(i.Database.Pod, "nobody").Exec(ctx, []string{"true"}, remote.Streams{}))
		}},
		{"nothing is forbidden, and the server's image is on a node", func(t *testing.T) {
			denied, asked, err := c.Denied(ctx)
			require.NoError(t, err)
			require.Empty(t, denied)
			require.NotZero(t, asked)
			having, nodes, err := c.ImageNodes(ctx, i.Image)
			require.NoError(t, err)
			require.NotEmpty(t, having)
			require.Subset(t, nodes, having)
		}},
		{"whoever has given up gets no answer", func(t *testing.T) {
			gone, cancel := context.WithCancel(ctx)
			cancel()
			_, err := c.Workload(gone, i.Web)
			require.ErrorIs(t, err, context.Canceled)
			require.ErrorIs(t, c.Scale(gone, i.Web, 0), context.Canceled)
			require.True(t, errors.Is(c.Acquire(gone, mastodon.Holder{Run: "c"}), context.Canceled))
		}},
	} {
		t.Run(promise.name, promise.kept)
	}
}

func TestThePracticeClusterKeepsTheContract(t *testing.T) {
	t.Parallel()
	c := simulated(t)
	contract(t, c, c.Scratch())
}
