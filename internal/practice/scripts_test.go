package practice

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// programs writes shell scripts into a folder and returns it.
func programs(t *testing.T, scripts map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range scripts {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"+text+"\n"), 0o755))
	}
	return dir
}

func TestAPacedPgRestoreEndsAndSpeaksAsTheRealOne(t *testing.T) {
	real := programs(t, map[string]string{"pg_restore": `echo "given: $*"; echo "pg_restore: creating TABLE \"public.a\"" >&2; echo "pg_restore: error: no" >&2; exit 3`})
	for name, args := range map[string][]string{"verbose": {"--verbose", "--jobs=2", "a dump"}, "quiet": {"--list", "a dump"}} {
		t.Run(name, func(t *testing.T) {
			cmd := exec.Command("sh", append([]string{"scripts/pg_restore"}, args...)...)
			cmd.Env = append(os.Environ(), "PRACTICE_POSTGRES="+real, "PRACTICE_PAUSE=0")
			var out, errs strings.Builder
			cmd.Stdout, cmd.Stderr = &out, &errs
			var exit *exec.ExitError
			require.ErrorAs(t, cmd.Run(), &exit)
			require.Equal(t, 3, exit.ExitCode())
			require.Equal(t, "given: "+strings.Join(args, " ")+"\n", out.String())
			require.Equal(t, "pg_restore: creating TABLE \"public.a\"\npg_restore: error: no\n", errs.String())
		})
	}
}

func TestAServerThatNobodyKeepsAliveIsStopped(t *testing.T) {
	for name, c := range map[string]struct {
		age     time.Duration
		stopped bool
	}{
		"while it is kept alive it goes on": {0, false},
		"a quarter of an hour later":        {(linger + 1) * time.Minute, true},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			bin := programs(t, map[string]string{
				"pg_ctl": `echo "$@" >>"` + dir + `/called"; rm "` + dir + `/data/postmaster.pid"`,
				// The third look finds that the server has ended by itself.
				"sleep": `echo x >>"` + dir + `/looks"; [ "$(wc -l <"` + dir + `/looks")" -lt 3 ] || rm -f "` + dir + `/data/postmaster.pid"`,
			})
			require.NoError(t, os.Mkdir(filepath.Join(dir, "data"), 0o755))
			for _, file := range []string{"data/postmaster.pid", "alive"} {
				require.NoError(t, os.WriteFile(filepath.Join(dir, file), nil, 0o644))
			}
			at := time.Now().Add(-c.age)
			require.NoError(t, os.Chtimes(filepath.Join(dir, "alive"), at, at))

			cmd := exec.Command("sh", "-c", keep, "sh", dir, "15", bin)
			cmd.Env = append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"))
			require.NoError(t, cmd.Run())
			called, _ := os.ReadFile(filepath.Join(dir, "called"))
			require.Equal(t, c.stopped, strings.HasPrefix(string(called), "stop -D "), string(called))
		})
	}
}

func TestAThrottledStreamLosesNothingAndCanBeGivenUp(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	var v valve
	counted := 0
	in := &throttled{ctx: ctx, in: strings.NewReader(strings.Repeat("x", 100_000)), valve: &v, perSecond: 1 << 30, count: func(n int) error {
		counted += n
		return nil
	}}
	got := make([]byte, 0, 100_000)
	for buffer := make([]byte, 3_000); ; {
		n, err := in.Read(buffer)
		got = append(got, buffer[:n]...)
		if err != nil {
			break
		}
	}
	require.Len(t, got, 100_000)
	require.Equal(t, 97_000, counted, "all but the first read")

	in.in, in.perSecond = strings.NewReader("more"), 0.001
	cancel()
	_, err := in.Read(make([]byte, 8))
	require.ErrorIs(t, err, context.Canceled)
}

func TestPodsAreReadyAndGoneByTheClock(t *testing.T) {
	now := time.Date(2026, 11, 19, 12, 0, 0, 0, time.UTC)
	st := &state{Workloads: map[string]*workload{"web": {Component: "web"}}}
	st.scale("web", 2, now, readable)
	ready := func(at time.Time) (n int) {
		for _, p := range st.of("web") {
			if p.ready(at) {
				n++
			}
		}
		return n
	}
	require.Equal(t, []int{0, 1, 2}, []int{ready(now), ready(now.Add(readable.web)), ready(now.Add(time.Minute))})

	now = now.Add(time.Minute)
	st.scale("web", 0, now, readable)
	require.Zero(t, ready(now), "a pod that is going is not ready")
	st.scale("web", 1, now, readable)
	require.Len(t, st.of("web"), 3, "a new pod beside two that are going")
	st.bury(now.Add(readable.stop))
	require.Len(t, st.of("web"), 2)
	st.bury(now.Add(time.Minute))
	require.Len(t, st.of("web"), 1)
	require.Equal(t, 1, ready(now.Add(time.Minute)))
}
