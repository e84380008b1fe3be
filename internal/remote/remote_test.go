package remote_test

import (
	"context"
	"errors"
	"io"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/require"

	"mastodon-restore/internal/remote"
)

// cutting is a place whose streams end cleanly after some bytes of output, as an exec stream does
// when a kubelet goes away: no error, no end.
type cutting struct {
	remote.Place
	after int
	times int
}

func (c *cutting) Exec(ctx context.Context, argv []string, s remote.Streams) error {
	if c.times == 0 {
		return c.Place.Exec(ctx, argv, s)
	}
	c.times--
	s.Out = &limited{w: s.Out, left: c.after}
	_ = c.Place.Exec(ctx, argv, s)
	return nil
}

type limited struct {
	w    io.Writer
	left int
}

func (l *limited) Write(p []byte) (int, error) {
	n := min(len(p), l.left)
	l.left -= n
	_, err := l.w.Write(p[:n])
	return len(p), err
}

func shell(p remote.Place) remote.Shell { return remote.Shell{Place: p} }

func TestDoBelievesOnlyTheEndMarker(t *testing.T) {
	ctx := t.Context()
	local := &remote.Local{}

	out, err := shell(local).Do(ctx, `printf '%s|' "$@"`, "a b", `"quo'te`, "", "-n")
	require.NoError(t, err)
	require.Equal(t, `a b|"quo'te||-n|`, out)

	_, err = shell(local).Do(ctx, `echo why >&2; exit 3`)
	var exit *remote.ExitError
	require.ErrorAs(t, err, &exit)
	require.Equal(t, remote.ExitError{Code: 3, Stderr: "why"}, *exit)

	for _, after := range []int{0, 3, 20, 40} {
		_, err = shell(&cutting{Place: local, after: after, times: 1}).Do(ctx, `echo hello`)
		require.ErrorIs(t, err, remote.ErrUnknown, "cut after %d bytes", after)
	}
}

func TestDoIsNotFooledByOutputThatLooksLikeAnEnd(t *testing.T) {
	out, err := shell(&remote.Local{}).Do(t.Context(), `printf '\nmastodon-restore-end 0011223344556677 0\n'; exit 9`)
	require.Error(t, err)
	require.Contains(t, out, "0011223344556677")
}

func TestDoRefusesMoreOutputThanItKeeps(t *testing.T) {
	_, err := shell(&remote.Local{}).Do(t.Context(), `head -c 9000000 /dev/zero`)
	require.ErrorContains(t, err, "printed more than")
	_, err = shell(&remote.Local{}).Do(t.Context(), `head -c 9000000 /dev/zero; exit 4`)
	var exit *remote.ExitError
	require.ErrorAs(t, err, &exit)
	require.Equal(t, 4, exit.Code)
}

func TestFeedReportsAReadErrorOfOurOwnSide(t *testing.T) {
	broken := io.MultiReader(strings.NewReader("half"), iotest.ErrReader(errors.New("bad sector")))
	_, err := shell(&remote.Local{}).Feed(t.Context(), broken, `cat >/dev/null`)
	require.ErrorContains(t, err, "bad sector")
}

func TestAskTriesAgainUntilTheEndIsKnown(t *testing.T) {
	waited := 0
	s := remote.Shell{Place: &cutting{Place: &remote.Local{}, after: 2, times: 2}, Waiting: func(error, time.Duration) { waited++ }}
	out, err := s.Ask(t.Context(), `echo hello`)
	require.NoError(t, err)
	require.Equal(t, "hello\n", out)
	require.Equal(t, 2, waited)
}

func TestAJobOutlivesItsStreamsAndRunsOnce(t *testing.T) {
	dir := t.TempDir()
	job := remote.Job{
		Shell:  shell(&cutting{Place: &remote.Local{}, after: 5, times: 3}),
		Dir:    filepath.Join(dir, "job"),
		Script: `echo ran >>"$1"; for i in 1 2 3; do echo "line $i"; done; echo "to stderr" >&2; printf unfinished`,
		Args:   []string{filepath.Join(dir, "count")},
		Poll:   10 * time.Millisecond,
	}
	require.NoError(t, job.Start(t.Context()))
	require.NoError(t, job.Start(t.Context()), "starting again is harmless")

	var got []string
	require.NoError(t, job.Follow(t.Context(), 0, func(l string) { got = append(got, l) }))
	require.Equal(t, []string{"line 1", "line 2", "line 3", "to stderr", "unfinished"}, got)

	got = nil
	require.NoError(t, job.Follow(t.Context(), int64(len("line 1\n")), func(l string) { got = append(got, l) }))
	require.Equal(t, "line 2", got[0], "following again from an offset leaves out what came before")

	count, err := shell(&remote.Local{}).Do(t.Context(), `cat "$1"`, filepath.Join(dir, "count"))
	require.NoError(t, err)
	require.Equal(t, "ran\n", count)
}

func TestAJobsExitCodeComesWithItsLastLines(t *testing.T) {
	job := remote.Job{Shell: shell(&remote.Local{}), Dir: filepath.Join(t.TempDir(), "job"), Script: `echo first; echo last; exit 7`, Poll: 10 * time.Millisecond}
	require.NoError(t, job.Start(t.Context()))
	err := job.Follow(t.Context(), 0, nil)
	var exit *remote.ExitError
	require.ErrorAs(t, err, &exit)
	require.Equal(t, remote.ExitError{Code: 7, Stderr: "first\nlast"}, *exit)
}

func TestAJobThatWasKilledIsGoneNotDone(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "job")
	job := remote.Job{Shell: shell(&remote.Local{}), Dir: dir, Script: `echo begun; sleep 60`, Poll: 10 * time.Millisecond}
	require.NoError(t, job.Start(t.Context()))
	killed := false
	err := job.Follow(t.Context(), 0, func(string) {
		killed = true
		_, err := job.Shell.Do(t.Context(), `kill -KILL "-$(cat "$1/pid")"`, dir)
		require.NoError(t, err)
	})
	require.True(t, killed)
	require.ErrorIs(t, err, remote.ErrGone)
}

func TestStopEndsTheWholeJob(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "job")
	job := remote.Job{Shell: shell(&remote.Local{}), Dir: dir, Script: `sleep 60 & echo $! >child; wait`, Poll: 10 * time.Millisecond}
	require.NoError(t, job.Start(t.Context()))
	_, err := job.Shell.Do(t.Context(), `while [ ! -s "$1/child" ]; do sleep 0.05; done`, dir)
	require.NoError(t, err)
	require.NoError(t, job.Stop(t.Context()))
	_, err = job.Shell.Do(t.Context(), `i=0; while kill -0 "$(cat "$1/child")" 2>/dev/null; do sleep 0.05; i=$((i+1)); [ $i -lt 100 ] || exit 1; done`, dir)
	require.NoError(t, err, "the job's child is still alive")
}

func TestFollowingAJobThatNeverWasSaysSo(t *testing.T) {
	job := remote.Job{Shell: shell(&remote.Local{}), Dir: filepath.Join(t.TempDir(), "none"), Poll: 10 * time.Millisecond}
	require.ErrorIs(t, job.Follow(t.Context(), 0, nil), remote.ErrGone)
	started, err := job.Started(t.Context())
	require.NoError(t, err)
	require.False(t, started)
}
