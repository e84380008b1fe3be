package practice_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"mastodon-restore/internal/mastodon"
	"mastodon-restore/internal/practice"
	"mastodon-restore/internal/remote"
	"mastodon-restore/workflow/restore"
)

var (
	_ restore.Cluster  = (*practice.Cluster)(nil)
	_ restore.Database = (*practice.SimulatedServer)(nil)
)

// open makes a fast cluster that ends with the test. PostgreSQL is a requirement of these tests:
// without it the real ones fail.
func open(t *testing.T, o practice.Options) *practice.Cluster {
	t.Helper()
	o.Fast = true
	c, err := practice.Open(t.Context(), o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, c.Destroy()) })
	return c
}

func simulated(t *testing.T) *practice.Cluster { return open(t, practice.Options{Simulate: true}) }

func instance(t *testing.T, c restore.Cluster) mastodon.Instance {
	t.Helper()
	found, err := c.Instances(t.Context())
	require.NoError(t, err)
	require.Len(t, found, 1)
	return found[0]
}

// utility makes a run's pod and waits for it.
func utility(t *testing.T, c *practice.Cluster, run string) string {
	t.Helper()
	name := restore.PodOf(run)
	pod := mastodon.UtilityPod{Name: name, Run: run, Scratch: c.Scratch()}
	require.NoError(t, c.Ensure(t.Context(), instance(t, c), pod))
	eventually(t, func() bool {
		state, err := c.Pod(t.Context(), name)
		require.NoError(t, err)
		return state.Ready
	})
	return name
}

func eventually(t *testing.T, is func() bool) {
	t.Helper()
	require.Eventually(t, is, 20*time.Second, 2*time.Millisecond)
}

func sh(t *testing.T, place remote.Place, script string, args ...string) string {
	t.Helper()
	out, err := remote.Shell{Place: place}.Do(t.Context(), script, args...)
	require.NoError(t, err)
	return out
}
