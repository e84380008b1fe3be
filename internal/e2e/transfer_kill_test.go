//go:build e2e

package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/stretchr/testify/require"
)

// killedAgainAndAgain kills one restore at random moments of its files, and goes on each time.
func (i *instance) killedAgainAndAgain(b cargo) {
	before := i.broken()
	o, w := newWiredOperator(i)
	r := chance(i)
	kills, sent, lines := 10, int64(0), 0
	for n := range kills {
		args := slowly(i, b.backup)
		if n > 0 {
			args = o.resuming(i)
		}
		c := o.start(args...)
		// Up to two thirds: what is in flight may arrive all at once.
		o.underWay(c, 0.67*(float64(n)+r.Float64())/float64(kills))
		time.Sleep(time.Duration(r.IntN(1000)) * time.Millisecond)
		o.stillSending(c)
		o.kill(c)
		now := strings.Count(o.ledger(), "\n")
		i.Logf("kill %d: this process sent %d MiB; %d parcels are known to have arrived, %d before", n+1, (w.sent()-sent)/mib, now, lines)
		require.GreaterOrEqual(i, now, lines)
		sent, lines = w.sent(), now
	}
	code, output := o.run(o.resuming(i)...)
	require.Equal(i, exitDone, code, tail(output))
	require.NotZero(i, o.finished(i, b, before, output), "the last process found nothing in place")
	w.once(i, b, int64(kills))
}

// kill ends the program as the power does.
func (o *operator) kill(c *command) {
	o.Helper()
	require.NoError(o, c.Process.Kill())
	<-c.done
	require.Equal(o, -1, c.ProcessState.ExitCode(), "the program had ended before it was killed")
}

// changedArchive kills a restore in mid-transfer and changes the large archive in several ways. None
// of them may be gone on with; what was there before may.
func (i *instance) changedArchive(b cargo) {
	before := i.broken()
	o, w := newWiredOperator(i)
	c := o.start(slowly(i, b.backup)...)
	o.underWay(c, 0.4)
	o.kill(c)

	file := filepath.Join(b.dir, archiveName(bulk))
	good, err := os.ReadFile(file)
	require.NoError(i, err)
	for _, change := range []struct {
		name string
		code int
		make func([]byte) []byte
	}{
		{"it is longer", exitUsage, func(archive []byte) []byte { return append(archive, 0) }},
		{"other bytes where it was sent already", exitFailed, func(archive []byte) []byte { return flip(archive, len(archive)/20) }},
		{"other bytes where it was not sent yet", exitFailed, func(archive []byte) []byte { return flip(archive, len(archive)/20*19) }},
	} {
		require.NoError(i, os.WriteFile(file, change.make(append([]byte(nil), good...)), 0o600))
		known, sent := o.ledger(), w.sent()
		code, output := o.run(o.resuming(i)...)
		require.NoError(i, os.WriteFile(file, good, 0o600))
		i.Logf("%s: exit %d", change.name, code)
		require.Equal(i, change.code, code, "%s:\n%s", change.name, tail(output))
		require.Contains(i, output, archiveName(bulk), "%s: the file is not named", change.name)
		require.Less(i, w.sent()-sent, int64(mib), "%s: something was sent", change.name)
		require.Equal(i, known, o.ledger(), "%s: something was taken for arrived", change.name)
	}

	code, output := o.run(o.resuming(i)...)
	require.Equal(i, exitDone, code, tail(output))
	require.NotZero(i, o.finished(i, b, before, output), "nothing was found in place")
	w.once(i, b, 1)
}

// flip changes one byte.
func flip(archive []byte, at int) []byte {
	archive[at] ^= 0xff
	return archive
}
