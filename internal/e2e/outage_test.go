//go:build e2e

package e2e

import (
	"io"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// The API server goes away for twenty seconds while long work runs: the work goes on in the pod,
// the program waits and attaches again.
func TestAPIServerAwayDuringLongWork(t *testing.T) {
	l := needLab(t)
	i := standUp(t, "outage", large(t))
	b := i.backUp(archives...)

	for _, step := range []string{"files", "database"} {
		t.Run("during "+step, func(t *testing.T) {
			i := i.in(t)
			i.forget()
			i.breakIt()
			before := i.posture()
			o := newOperator(t)
			c := o.start(append(restoring(i, b), "--output", "json")...)
			o.working(c, step)
			l.away(t, i.namespace, 20*time.Second)
			code, output := o.await(c)
			require.Equal(t, exitDone, code, tail(output))
			i.equal(b)
			i.reopened(before)
		})
	}
}

// away takes the API server down and brings it back, also when the test ends in between.
func (l lab) away(t *testing.T, n namespace, long time.Duration) {
	t.Helper()
	l.run(t, "stop", "apiserver")
	t.Cleanup(func() { l.run(t, "start", "apiserver") })
	require.Error(t, n.try(nil, io.Discard, "get", "pods", "--request-timeout=2s"), "the API server is still there")
	time.Sleep(long)
	l.run(t, "start", "apiserver")
	n.eventually("the API server answering again", time.Minute, n.reachable)
}
