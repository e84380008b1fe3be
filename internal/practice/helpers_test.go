package practice_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"sync"
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

// simulated gives a test a copy of one simulated cluster: a cluster's folder can be moved.
func simulated(t *testing.T) *practice.Cluster {
	t.Helper()
	return unlucky(t, "")
}

// unlucky is a copy with a fault in its state.
func unlucky(t *testing.T, fault string) *practice.Cluster {
	t.Helper()
	model.once.Do(func() {
		c, err := practice.Open(context.Background(), practice.Options{Simulate: true, Fast: true})
		if model.err = err; err == nil {
			model.dir, model.err = c.Dir(), c.Close()
		}
	})
	require.NoError(t, model.err)
	dir := filepath.Join(t.TempDir(), "cluster")
	require.NoError(t, os.CopyFS(dir, os.DirFS(model.dir)))
	if fault != "" {
		name := filepath.Join(dir, "state.json")
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		state := map[string]any{}
		require.NoError(t, json.Unmarshal(text, &state))
		state["fault"] = map[string]any{"name": fault, "after": 300_000}
		text, err = json.Marshal(state)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(name, text, 0o600))
	}
	c, err := practice.Reopen(t.Context(), dir)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, c.Destroy()) })
	return c
}

var model struct {
	once sync.Once
	dir  string
	err  error
}

func TestMain(m *testing.M) {
	code := m.Run()
	if model.dir != "" {
		_ = os.RemoveAll(model.dir)
	}
	os.Exit(code)
}

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
