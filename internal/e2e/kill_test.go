//go:build e2e

package e2e

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// The program is killed at random moments of a restore, each time of a newly broken server; going
// on must end as if nothing had been.
func TestKilledAnywhereItResumes(t *testing.T) {
	i := standUp(t, "kill", middling())
	b := i.backUp(archives...)
	r := chance(t)

	i.breakIt()
	before := i.posture()
	began := time.Now()
	code, output := newOperator(t).run(restoring(i, b)...)
	require.Equal(t, exitDone, code, tail(output))
	took := time.Since(began)
	i.equal(b)
	t.Logf("uncut, a restore takes %.1f s", took.Seconds())

	kills := number(t, "E2E_KILLS", 10)
	for n := range kills {
		i.forget()
		i.breakIt()
		// A random moment of each part of the run: no part is left out by chance.
		at := time.Duration((float64(n) + r.Float64()) / float64(kills) * float64(took))
		o := newOperator(t)
		resumed := o.killAndResume(i, b, at)
		t.Logf("cut %d, after %.1f s: %s", n+1, at.Seconds(), resumed)
		i.equal(b)
		i.reopened(before)
	}
}

// killAndResume starts a restore, kills it, and goes on with it. A run killed before it wrote
// anything down is begun again.
func (o *operator) killAndResume(i *instance, b backup, at time.Duration) string {
	o.Helper()
	c := o.start(restoring(i, b)...)
	select {
	case <-c.done:
		require.Equal(o, exitDone, c.ProcessState.ExitCode(), tail(c.out.String()))
		return "it had ended already"
	case <-time.After(at):
	}
	require.NoError(o, c.Process.Kill())
	<-c.done
	first := tail(c.out.String())
	args, how := []string{"resume", "--plain", "--confirm", i.size.Settings()["LOCAL_DOMAIN"]}, "resumed"
	if len(o.journals()) == 0 {
		args, how = restoring(i, b), "begun again"
	}
	code, output := o.run(args...)
	require.Equal(o, exitDone, code, "%s after %s:\n%s\n--- %s ---\n%s", how, at, first, how, tail(output))
	o.keepsSecrets(i, output)
	return how
}
