package kube

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"mastodon-restore/internal/mastodon"
)

func TestLockIsTakenRenewedAndGivenBack(t *testing.T) {
	s := newAPIServer(t)
	c := s.cluster(Options{})
	_, held, err := c.Holder(t.Context())
	require.NoError(t, err)
	require.False(t, held)

	require.NoError(t, c.Acquire(t.Context(), mastodon.Holder{Run: "k7q2", Who: "ann@laptop", Step: "quiesce"}))
	first, held, err := c.Holder(t.Context())
	require.NoError(t, err)
	require.True(t, held)
	require.Equal(t, "ann@laptop", first.Who)
	require.NotEmpty(t, first.Since)
	require.NotEmpty(t, first.Renewed)

	require.NoError(t, c.Acquire(t.Context(), mastodon.Holder{Run: "k7q2", Who: "bob@server", Step: "files"}), "the same run, wherever it is resumed")
	second, _, err := c.Holder(t.Context())
	require.NoError(t, err)
	require.Equal(t, "bob@server", second.Who)
	require.Equal(t, "files", second.Step)
	require.Equal(t, first.Since, second.Since)

	err = c.Acquire(t.Context(), mastodon.Holder{Run: "other", Who: "eve@home"})
	var busy *mastodon.HeldError
	require.ErrorAs(t, err, &busy)
	require.Equal(t, second, busy.Holder)
	require.Equal(t, "fedi", busy.Namespace)

	require.NoError(t, c.Release(t.Context(), "other"), "not its own: left alone")
	_, held, err = c.Holder(t.Context())
	require.NoError(t, err)
	require.True(t, held)

	require.NoError(t, c.Release(t.Context(), "k7q2"))
	require.NoError(t, c.Release(t.Context(), "k7q2"))
	_, held, err = c.Holder(t.Context())
	require.NoError(t, err)
	require.False(t, held)
}

func TestOnlyOneOfManyGetsTheLock(t *testing.T) {
	s := newAPIServer(t)
	// An old lease that nobody holds makes it a race of updates, not of creations.
	s.add("apiVersion: coordination.k8s.io/v1\nkind: Lease\nmetadata: {name: mastodon-restore, namespace: fedi}\nspec: {holderIdentity: ''}")
	var won, lost atomic.Int32
	var wait sync.WaitGroup
	for n := range 8 {
		c := s.cluster(Options{})
		wait.Go(func() {
			err := c.Acquire(t.Context(), mastodon.Holder{Run: "run-" + strconv.Itoa(n)})
			var busy *mastodon.HeldError
			switch {
			case err == nil:
				won.Add(1)
			case errors.As(err, &busy):
				lost.Add(1)
			}
		})
	}
	wait.Wait()
	require.EqualValues(t, 1, won.Load())
	require.EqualValues(t, 7, lost.Load())
}

func TestLockWhoseAnswerWasLostIsStillOurs(t *testing.T) {
	for _, there := range []bool{false, true} {
		s := newAPIServer(t)
		c := s.cluster(Options{})
		if there {
			require.NoError(t, c.Acquire(t.Context(), mastodon.Holder{Run: "k7q2"}))
		}
		var once sync.Once
		s.fault = func(w http.ResponseWriter, r *http.Request) (cut bool) {
			if r.Method == http.MethodGet || !strings.Contains(r.URL.Path, "leases") {
				return false
			}
			once.Do(func() { // the change is made, and its answer is not heard
				cut = true
				lost := &unheard{header: http.Header{}}
				s.mu.Lock()
				s.fault = nil
				s.mu.Unlock()
				s.ServeHTTP(lost, r)
				hangUp(w, r)
			})
			return cut
		}
		require.NoError(t, c.Acquire(t.Context(), mastodon.Holder{Run: "k7q2", Step: "files"}))
		h, _, err := c.Holder(t.Context())
		require.NoError(t, err)
		require.Equal(t, "files", h.Step)
	}
}

// unheard is an answer that nobody gets.
type unheard struct{ header http.Header }

func (u *unheard) Header() http.Header         { return u.header }
func (u *unheard) Write(p []byte) (int, error) { return len(p), nil }
func (u *unheard) WriteHeader(int)             {}
