package kube

import (
	"context"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"mastodon-restore/internal/mastodon"
)

var streaming = mastodon.Workload{Kind: "Deployment", Name: "social-mastodon-streaming"}

// times makes a fault of the first n requests whose path ends so.
func times(n int, fault http.HandlerFunc) func(http.ResponseWriter, *http.Request) bool {
	var done atomic.Int32
	return func(w http.ResponseWriter, r *http.Request) bool {
		if done.Add(1) > int32(n) {
			return false
		}
		fault(w, r)
		return true
	}
}

func hangUp(w http.ResponseWriter, _ *http.Request) {
	conn, _, err := w.(http.Hijacker).Hijack()
	if err == nil {
		_ = conn.(*net.TCPConn).SetLinger(0)
		_ = conn.Close()
	}
}

func TestFailuresThatPassAreWaitedFor(t *testing.T) {
	for name, fault := range map[string]http.HandlerFunc{
		"an internal error":           func(w http.ResponseWriter, _ *http.Request) { say(w, 500, "InternalError", "etcd is away") },
		"a gateway without a server":  func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(502) },
		"a server that is starting":   func(w http.ResponseWriter, _ *http.Request) { say(w, 503, "ServiceUnavailable", "starting") },
		"a server with too much work": func(w http.ResponseWriter, _ *http.Request) { say(w, 429, "TooManyRequests", "slow down") },
		"a connection reset":          hangUp,
		"an answer cut short": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000")
			_, _ = w.Write([]byte(`{"kind":`))
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newAPIServer(t, "chart.yaml")
			s.fault = times(3, fault)
			var said waits
			c := s.cluster(Options{Waiting: said.hear})
			require.NoError(t, c.Scale(t.Context(), streaming, 0))
			require.Equal(t, 4, s.requests("PATCH", "streaming"))
			require.Len(t, said.reasons(), 2, "what is known already is not told again at once")
			require.Empty(t, said.reasons()[1], "the last word is that it answers again")
		})
	}
}

// waits remembers what a cluster tells of its waiting.
type waits struct {
	mu   sync.Mutex
	said []string
}

func (w *waits) hear(reason string, _ time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.said = append(w.said, reason)
}

func (w *waits) reasons() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]string{}, w.said...)
}

func TestServerThatIsAwayIsWaitedForUntilTheContextEnds(t *testing.T) {
	s := newAPIServer(t, "chart.yaml")
	var said waits
	c := s.cluster(Options{Waiting: said.hear})
	s.http.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err := c.Workload(ctx, streaming)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.ErrorContains(t, err, "the API server refuses connections")
	require.Contains(t, said.reasons(), "the API server refuses connections")
}

func TestPatienceEnds(t *testing.T) {
	s := newAPIServer(t, "chart.yaml")
	c := s.cluster(Options{Patience: time.Nanosecond})
	s.fault = func(w http.ResponseWriter, _ *http.Request) bool {
		say(w, 503, "ServiceUnavailable", "starting")
		return true
	}
	_, err := c.Workload(t.Context(), streaming)
	require.True(t, apierrors.IsServiceUnavailable(err), "%v", err)
}

func TestServerAskedForPauseGetsIt(t *testing.T) {
	require.Equal(t, 2*time.Second, retryAfter(&http.Response{Header: http.Header{"Retry-After": {"2"}}}))
	require.Equal(t, 30*time.Second, retryAfter(&http.Response{Header: http.Header{"Retry-After": {"86400"}}}))
	require.Zero(t, retryAfter(&http.Response{Header: http.Header{"Retry-After": {"tomorrow"}}}))
}

func TestAttemptThatHangsIsGivenUpAndMadeAgain(t *testing.T) {
	s := newAPIServer(t, "chart.yaml")
	release := make(chan struct{})
	t.Cleanup(func() { close(release) })
	s.fault = times(1, func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-release:
		case <-r.Context().Done():
		}
	})
	var said waits
	c := s.cluster(Options{Waiting: said.hear})
	c.line.attempt, c.line.slow = 200*time.Millisecond, time.Millisecond
	_, err := c.Workload(t.Context(), streaming)
	require.NoError(t, err)
	require.Contains(t, said.reasons(), "the API server takes its time")
	require.Contains(t, said.reasons(), "the API server does not answer")
}

func TestRefusalsAreNotRepeated(t *testing.T) {
	s := newAPIServer(t, "chart.yaml")
	s.forbidden = []string{"get deployments"}
	_, err := s.cluster(Options{}).Workload(t.Context(), streaming)
	require.True(t, apierrors.IsForbidden(err), "%v", err)
	require.Equal(t, 1, s.requests("GET", "streaming"))
}

func TestServerThatHasJustComeBackMayRefuseForAMoment(t *testing.T) {
	s := newAPIServer(t, "chart.yaml")
	turn := 0
	s.fault = func(w http.ResponseWriter, _ *http.Request) bool {
		s.mu.Lock()
		turn++
		now := turn
		s.mu.Unlock()
		switch now {
		case 1:
			say(w, 503, "ServiceUnavailable", "starting")
		case 2, 3:
			say(w, 403, "Forbidden", "RBAC: role not found")
		}
		return now <= 3
	}
	_, err := s.cluster(Options{}).Workload(t.Context(), streaming)
	require.NoError(t, err)
}

func TestErrorThatIsDoubtfulIsNotWaitedForWithoutEnd(t *testing.T) {
	s := newAPIServer(t, "chart.yaml")
	s.fault = func(w http.ResponseWriter, _ *http.Request) bool {
		say(w, 500, "InternalError", "failed calling webhook")
		return true
	}
	c := s.cluster(Options{})
	c.line.grace = 20 * time.Millisecond
	require.ErrorContains(t, c.Scale(t.Context(), streaming, 0), "failed calling webhook")
}
