package practice_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"mastodon-restore/internal/mastodon"
	"mastodon-restore/internal/postgres"
	"mastodon-restore/internal/practice"
	"mastodon-restore/internal/remote"
	"mastodon-restore/workflow/restore"
)

func TestWhatWasDoneOutlivesTheProcess(t *testing.T) {
	t.Parallel()
	first := simulated(t)
	ctx, i := t.Context(), instance(t, first)
	identity, err := first.Identity(ctx)
	require.NoError(t, err)
	require.NoError(t, first.Acquire(ctx, mastodon.Holder{Run: "k7q2", Who: "ada@laptop"}))
	require.NoError(t, first.Annotate(ctx, i.Web, map[string]string{"replicas": "2"}))
	require.NoError(t, first.Scale(ctx, i.Web, 0))
	require.NoError(t, first.Suspend(ctx, i.CronJobs[0], true, nil))
	pod := utility(t, first, "k7q2")
	before, err := first.Pod(ctx, pod)
	require.NoError(t, err)

	// The first process is not closed: it was killed.
	second, err := practice.Reopen(ctx, first.Dir())
	require.NoError(t, err)
	defer func() { require.NoError(t, second.Close()) }()
	again, err := second.Identity(ctx)
	require.NoError(t, err)
	require.Equal(t, identity, again)
	holder, held, err := second.Holder(ctx)
	require.NoError(t, err)
	require.True(t, held)
	require.Equal(t, "ada@laptop", holder.Who)
	web, err := second.Workload(ctx, i.Web)
	require.NoError(t, err)
	require.Equal(t, map[string]string{"replicas": "2"}, web.Annotations)
	require.Zero(t, web.Replicas)
	job, err := second.CronJob(ctx, i.CronJobs[0])
	require.NoError(t, err)
	require.True(t, job.Suspended)
	after, err := second.Pod(ctx, pod)
	require.NoError(t, err)
	require.Equal(t, before, after)
	require.Equal(t, "here\n", sh(t, second.Place(pod, mastodon.AppContainer), "echo here"))
}

func TestADatabaseOutlivesTheProcessAndTheClose(t *testing.T) {
	t.Parallel()
	first := open(t, practice.Options{})
	ctx, i := t.Context(), instance(t, first)
	pod := utility(t, first, "k7q2")
	client := first.Place(pod, mastodon.PostgresContainer)
	job := remote.Job{Shell: remote.Shell{Place: client}, Dir: filepath.Join(first.Scratch(), "job-slow"), Poll: time.Millisecond,
		Script: `export PGHOST="$DB_HOST"; psql -qU mastodon "$DB_NAME" -c "CREATE TABLE kept AS SELECT 1 AS n" && echo made`}
	require.NoError(t, job.Start(ctx))

	second, err := practice.Reopen(ctx, first.Dir())
	require.NoError(t, err)
	job.Shell.Place = second.Place(pod, mastodon.PostgresContainer)
	var said []string
	require.NoError(t, job.Follow(ctx, 0, func(line string) { said = append(said, line) }))
	require.Equal(t, []string{"made"}, said, "the other process's job ran on")

	endless := remote.Job{Shell: job.Shell, Dir: filepath.Join(first.Scratch(), "job-endless"), Poll: time.Millisecond, Script: `echo begun; exec tail -f /dev/null`}
	require.NoError(t, endless.Start(ctx))
	eventually(t, func() bool {
		log, _ := os.ReadFile(filepath.Join(endless.Dir, "log"))
		return string(log) == "begun\n"
	})
	require.NoError(t, second.Close())
	require.Error(t, second.Place(pod, mastodon.AppContainer).Exec(ctx, []string{"true"}, remote.Streams{}), "nothing begins after Close")

	third, err := practice.Reopen(ctx, first.Dir())
	require.NoError(t, err)
	db := database(third, postgres.LoginApp, third.Place(pod, mastodon.PostgresContainer))
	rows, err := db.Rows(ctx, i.Database.Name, []string{"kept"})
	require.NoError(t, err)
	require.Equal(t, map[string]int64{"kept": 1}, rows)
	endless.Shell.Place = third.Place(pod, mastodon.PostgresContainer)
	require.ErrorIs(t, endless.Follow(ctx, 0, nil), remote.ErrGone)
}

func TestASimulatedLoadIsFollowedFoundAndLostAsAJobIs(t *testing.T) {
	t.Parallel()
	first := simulated(t)
	ctx := t.Context()
	pod := utility(t, first, "k7q2")
	staged := stage(t, first, setOf(t, first, good))
	reach := func(c *practice.Cluster) restore.Database {
		return database(c, postgres.LoginApp, c.Place(pod, mastodon.PostgresContainer))
	}
	require.NoError(t, reach(first).Create(ctx, postgres.NewDatabase{Name: "fresh", Owner: "mastodon"}))
	pre := postgres.Load{Database: "fresh", Dump: staged, Section: postgres.PreData, Attempt: 1}
	say := func(c *practice.Cluster, l postgres.Load) (lines []string) {
		require.NoError(t, reach(c).Load(ctx, l, nil, func(line string) { lines = append(lines, line) }))
		return lines
	}
	lines := say(first, pre)
	require.Contains(t, lines, `pg_restore: creating TABLE "public.statuses"`)

	second, err := practice.Reopen(ctx, first.Dir())
	require.NoError(t, err)
	require.Equal(t, lines, say(second, pre), "it was done, and is not done again")

	lost := pre
	lost.Attempt = 2
	require.NoError(t, os.Mkdir(filepath.Join(first.Scratch(), "job-pre-data-2"), 0o755))
	require.ErrorIs(t, reach(second).Load(ctx, lost, nil, nil), remote.ErrGone, "a killed process's load")

	failed := pre
	failed.Attempt, failed.Database = 3, "nowhere"
	var exit *remote.ExitError
	require.ErrorAs(t, reach(second).Load(ctx, failed, nil, nil), &exit)
	require.Contains(t, exit.Stderr, `database "nowhere" does not exist`)
	third, err := practice.Reopen(ctx, first.Dir())
	require.NoError(t, err)
	require.ErrorAs(t, reach(third).Load(ctx, failed, nil, nil), &exit, "it failed once and for all")

	gone, cancel := context.WithCancel(ctx)
	cancel()
	require.ErrorIs(t, reach(third).Load(gone, pre, nil, nil), context.Canceled)
}

func TestAClusterThatIsGoneSaysSo(t *testing.T) {
	t.Parallel()
	_, err := practice.Reopen(t.Context(), t.TempDir())
	require.ErrorContains(t, err, "begin a new drill")
	full := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(full, "mine"), nil, 0o600))
	_, err = practice.Open(t.Context(), practice.Options{Dir: full})
	require.ErrorContains(t, err, "needs an empty folder")
	require.FileExists(t, filepath.Join(full, "mine"))
	_, err = practice.Open(t.Context(), practice.Options{Fault: "locusts"})
	require.ErrorContains(t, err, "there are stream-cut, node-lost")
}

func TestTwoProcessesChangeTheClusterAtOnce(t *testing.T) {
	t.Parallel()
	first := simulated(t)
	second, err := practice.Reopen(t.Context(), first.Dir())
	require.NoError(t, err)
	i := instance(t, first)
	var both sync.WaitGroup
	for n, c := range []*practice.Cluster{first, second} {
		both.Go(func() {
			for k := range 20 {
				if err := c.Annotate(t.Context(), i.Web, map[string]string{fmt.Sprintf("%d-%d", n, k): "x"}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	both.Wait()
	web, err := first.Workload(t.Context(), i.Web)
	require.NoError(t, err)
	require.Len(t, web.Annotations, 40)
}

// flow is an endless input of a pod.
type flow struct{}

func (flow) Read(p []byte) (int, error) { return copy(p, strings.Repeat("x", len(p))), nil }

// send sends into the utility pod until something happens.
func send(t *testing.T, c *practice.Cluster, pod string) (string, error) {
	t.Helper()
	return remote.Shell{Place: c.Place(pod, mastodon.AppContainer)}.Feed(t.Context(), io.LimitReader(flow{}, 64<<20), "wc -c")
}

func TestFaultsStrikeAndAreMended(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		fault  string
		strike func(t *testing.T, c *practice.Cluster, pod string)
		after  func(t *testing.T, c *practice.Cluster, pod string)
	}{
		{"stream-cut", func(t *testing.T, c *practice.Cluster, pod string) {
			for range 3 {
				err := c.Place(pod, mastodon.AppContainer).Exec(t.Context(), []string{"wc", "-c"}, remote.Streams{In: flow{}})
				require.NoError(t, err, "the transport has nothing to complain of")
			}
			require.Equal(t, "here\n", sh(t, c.Place(pod, mastodon.AppContainer), "echo here"), "scripts are not cut")
		}, sends},
		{"node-lost", func(t *testing.T, c *practice.Cluster, pod string) {
			err := c.Place(pod, mastodon.AppContainer).Exec(t.Context(), []string{"wc", "-c"}, remote.Streams{In: flow{}})
			require.ErrorContains(t, err, "no route to host")
			eventually(t, func() bool {
				state, err := c.Pod(t.Context(), pod)
				require.NoError(t, err)
				return !state.Exists
			})
			require.Equal(t, pod, utility(t, c, "k7q2"), "it can be made anew")
		}, sends},
		{"disk-full", func(t *testing.T, c *practice.Cluster, pod string) {
			_, err := send(t, c, pod)
			require.NoError(t, err)
			_, err = remote.Shell{Place: c.Place(pod, mastodon.AppContainer)}.Feed(t.Context(), strings.NewReader("x"), "tar -xf -")
			var exit *remote.ExitError
			require.ErrorAs(t, err, &exit)
			require.Contains(t, exit.Stderr, "No space left on device")
		}, func(t *testing.T, c *practice.Cluster, pod string) {
			sends(t, c, pod)
			require.Contains(t, sh(t, c.Place(pod, mastodon.AppContainer), "tar --version"), "tar")
		}},
	} {
		t.Run(c.fault, func(t *testing.T) {
			t.Parallel()
			first := unlucky(t, c.fault)
			pod := utility(t, first, "k7q2")
			c.strike(t, first, pod)
			second, err := practice.Reopen(t.Context(), first.Dir())
			require.NoError(t, err)
			c.after(t, second, pod)
		})
	}
}

func sends(t *testing.T, c *practice.Cluster, pod string) {
	out, err := send(t, c, pod)
	require.NoError(t, err)
	require.Equal(t, "67108864", strings.TrimSpace(out))
}

func TestAnImageThatCannotBePulledCanWhenTheRunIsResumed(t *testing.T) {
	t.Parallel()
	first := open(t, practice.Options{Simulate: true, Fault: "image-pull"})
	ctx, name := t.Context(), restore.PodOf("k7q2")
	require.NoError(t, first.Ensure(ctx, instance(t, first), mastodon.UtilityPod{Name: name, Run: "k7q2", Scratch: first.Scratch()}))
	stuck, err := first.Pod(ctx, name)
	require.NoError(t, err)
	require.False(t, stuck.Ready)
	require.Contains(t, stuck.Problems[0], "ImagePullBackOff")
	require.Error(t, first.Place(name, mastodon.AppContainer).Exec(ctx, []string{"true"}, remote.Streams{}))

	second, err := practice.Reopen(ctx, first.Dir())
	require.NoError(t, err)
	require.Equal(t, name, utility(t, second, "k7q2"))
}

func TestALostPodTakesItsProcessesAlong(t *testing.T) {
	t.Parallel()
	c := simulated(t)
	pod := utility(t, c, "k7q2")
	place := c.Place(pod, mastodon.AppContainer)
	job := remote.Job{Shell: remote.Shell{Place: place}, Dir: filepath.Join(c.Scratch(), "job-endless"), Script: "exec tail -f /dev/null"}
	require.NoError(t, job.Start(t.Context()))
	ended := make(chan error, 1)
	reader, writer := io.Pipe()
	go func() {
		ended <- place.Exec(t.Context(), []string{"sh", "-c", "echo up; exec tail -f /dev/null"}, remote.Streams{Out: writer})
	}()
	up := make([]byte, 3)
	_, err := io.ReadFull(reader, up)
	require.NoError(t, err)
	var pid string
	eventually(t, func() bool {
		text, err := os.ReadFile(filepath.Join(job.Dir, "pid"))
		pid = strings.TrimSpace(string(text))
		return err == nil
	})

	require.NoError(t, c.Remove(t.Context(), pod))
	var exit *remote.ExitError
	require.ErrorAs(t, <-ended, &exit)
	require.Equal(t, 137, exit.Code)
	require.NoDirExists(t, c.Scratch())
	eventually(t, func() bool {
		server := c.Place("mastodon-postgresql-0", "postgresql")
		_, err := remote.Shell{Place: server}.Do(t.Context(), `kill -0 "$1" 2>/dev/null`, pid)
		return errors.As(err, &exit)
	})
}

func TestWhoeverGivesUpIsLetGoAtOnce(t *testing.T) {
	t.Parallel()
	c := simulated(t)
	ctx, cancel := context.WithCancel(t.Context())
	reader, writer := io.Pipe()
	ended := make(chan error, 1)
	place := c.Place("mastodon-postgresql-0", "postgresql")
	go func() {
		ended <- place.Exec(ctx, []string{"sh", "-c", "echo up; exec tail -f /dev/null"}, remote.Streams{Out: writer})
	}()
	_, err := io.ReadFull(reader, make([]byte, 3))
	require.NoError(t, err)
	cancel()
	require.ErrorIs(t, <-ended, context.Canceled)
}
