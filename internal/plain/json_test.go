package plain

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"mastodon-restore/workflow"
)

// stream makes a JSON face write what there is whenever the script says so.
func (s *stage) stream(j *JSON) {
	j.Feed = s.feed
	s.look = func() {
		j.mu.Lock()
		defer j.mu.Unlock()
		j.catchUp()
	}
}

// objects parses output: every line one object.
func objects(t *testing.T, out string) []map[string]any {
	t.Helper()
	require.True(t, strings.HasSuffix(out, "\n"))
	var all []map[string]any
	for line := range strings.Lines(out) {
		var o map[string]any
		require.NoError(t, json.Unmarshal([]byte(line), &o), line)
		all = append(all, o)
	}
	return all
}

// requireOneExit checks what every consumer relies on.
func requireOneExit(t *testing.T, all []map[string]any, code workflow.Exit) {
	t.Helper()
	for i, o := range all {
		require.NotEmpty(t, o["type"])
		_, err := time.Parse(time.RFC3339, o["time"].(string))
		require.NoError(t, err)
		require.Equal(t, i == len(all)-1, o["type"] == "exit", "line %d of %d", i+1, len(all))
	}
	last := all[len(all)-1]
	require.EqualValues(t, code, last["code"])
	require.Equal(t, code.String(), last["name"])
}

func TestJSONWritesARun(t *testing.T) {
	tests := map[string]struct {
		golden string
		exit   workflow.Exit
		run    func(t *testing.T, s *stage, j *JSON, out *bytes.Buffer)
	}{
		"a good one": {golden: "good.json", exit: workflow.ExitWarnings, run: func(t *testing.T, s *stage, _ *JSON, _ *bytes.Buffer) {
			require.Equal(t, workflow.ExitWarnings, s.execute(t, context.Background()))
		}},
		"a failed one": {golden: "failed.json", exit: workflow.ExitFailed, run: func(t *testing.T, s *stage, _ *JSON, _ *bytes.Buffer) {
			s.load = func(context.Context, *workflow.Task) error { return indexCard() }
			require.Equal(t, workflow.ExitFailed, s.execute(t, context.Background()))
		}},
		"an interrupted one": {golden: "interrupted.json", exit: workflow.ExitInterrupted, run: func(t *testing.T, s *stage, _ *JSON, _ *bytes.Buffer) {
			s.interrupt(t)
			s.look()
		}},
		"a resumed one": {golden: "resumed.json", exit: workflow.ExitWarnings, run: func(t *testing.T, s *stage, j *JSON, out *bytes.Buffer) {
			s.interrupt(t)
			out.Reset()
			j = &JSON{Out: out, Now: j.Now, From: s.resume(t)}
			s.stream(j)
			require.Equal(t, workflow.ExitWarnings, s.run.Execute(context.Background()))
			s.look()
		}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s, out := newStage(t), &bytes.Buffer{}
			j := &JSON{Out: out, Now: func() time.Time { return s.clock.at }}
			s.stream(j)
			test.run(t, s, j, out)
			golden(t, test.golden, out.String())
			requireOneExit(t, objects(t, out.String()), test.exit)
			require.NotContains(t, out.String(), `"type":"state"`)
		})
	}
}

func TestJSONFollowsARunToItsExit(t *testing.T) {
	s, out := newStage(t), &bytes.Buffer{}
	s.run.State = &struct{ Replicas int }{2}
	j := &JSON{Feed: s.feed, Out: out}
	told := make(chan error, 1)
	go func() { told <- j.Follow(context.Background()) }()
	require.Equal(t, workflow.ExitWarnings, s.execute(t, context.Background()))
	require.NoError(t, <-told)
	all := objects(t, out.String())
	requireOneExit(t, all, workflow.ExitWarnings)
	require.NotContains(t, out.String(), "Replicas", "the state stays inside")
}

func TestJSONWithoutAnExitSaysSo(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	j := &JSON{Feed: &workflow.Feed{}, Out: &bytes.Buffer{}}
	require.ErrorIs(t, j.Follow(ctx), context.Canceled)
}

func TestABarIsSampled(t *testing.T) {
	s, out := newStage(t), &bytes.Buffer{}
	now := s.clock.now()
	j := &JSON{Out: out, Now: func() time.Time { return now }}
	s.stream(j)
	done := func() []float64 {
		var all []float64
		for _, o := range objects(t, out.String()) {
			if o["type"] == "progress" {
				all = append(all, o["done"].(float64))
			}
		}
		return all
	}
	bar := func(n int64) {
		s.feed.Observe(workflow.Event{Type: workflow.EventProgress, Step: "files", Progress: &workflow.Progress{ID: "bytes", Done: n}})
		s.look()
	}
	require.NoError(t, s.run.Begin(workflow.Header{Kind: "restore"}))
	bar(1)
	require.Equal(t, []float64{1}, done(), "the first comes at once")
	for n := int64(2); n <= 100; n++ {
		now = now.Add(10 * time.Millisecond) // 100 in a second
		bar(n)
	}
	require.Equal(t, []float64{1, 51}, done())
	now = now.Add(time.Second)
	s.look()
	s.look()
	require.Equal(t, []float64{1, 51, 100}, done(), "the last comes although nothing follows, and once")

	bar(101)
	s.feed.Observe(workflow.Event{Type: workflow.EventStep, Time: s.clock.at, Step: "files", Status: workflow.StatusCompleted})
	s.look()
	all := objects(t, out.String())
	require.Equal(t, []any{"progress", "step"}, []any{all[len(all)-2]["type"], all[len(all)-1]["type"]})
	require.Equal(t, []float64{1, 51, 100, 101}, done(), "the last value comes before the step's end")
}

func TestWriteExitIsALastLine(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, WriteExit(&out, workflow.ExitUsage, `unknown flag "--sett" <&>`))
	all := objects(t, out.String())
	require.Len(t, all, 1)
	requireOneExit(t, all, workflow.ExitUsage)
	require.Equal(t, `unknown flag "--sett" <&>`, all[0]["message"])
	require.Contains(t, out.String(), "<&>", "read by people too")
	require.ErrorIs(t, WriteExit(closed{}, workflow.ExitFailed, ""), errClosed)
}

func TestMissedLinesAreCounted(t *testing.T) {
	s, out := newStage(t), &bytes.Buffer{}
	s.stream(&JSON{Out: out})
	for range 4500 {
		s.feed.Observe(workflow.Event{Type: workflow.EventLog, Time: s.clock.at, Message: "line"})
	}
	s.look()
	all := objects(t, out.String())
	require.Len(t, all, 4001)
	require.EqualValues(t, 500, all[0]["missed"])
}

func TestTheLastValueOfABarComesAlthoughNothingFollows(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	s := newStage(t)
	require.NoError(t, s.run.Begin(workflow.Header{Kind: "restore"}))
	bar := func(n int64) {
		s.feed.Observe(workflow.Event{Type: workflow.EventProgress, Step: "files", Progress: &workflow.Progress{ID: "bytes", Done: n}})
	}
	j := &JSON{Feed: s.feed, Out: onLine(func(line string) {
		switch {
		case strings.Contains(line, `"done":1,`):
			bar(2) // within the sampling time: nothing wakes the face again
		case strings.Contains(line, `"done":2,`):
			cancel()
		}
	})}
	bar(1)
	require.ErrorIs(t, j.Follow(ctx), context.Canceled)
}

// onLine is called with each line written.
type onLine func(line string)

func (f onLine) Write(p []byte) (int, error) {
	f(string(p))
	return len(p), nil
}
