package plain

import (
	"bytes"
	"context"
	"errors"
	"io"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/stretchr/testify/require"

	"mastodon-restore/workflow"
)

// watch makes text tell what there is whenever the script says so.
func (s *stage) watch(text *Text) {
	text.Feed = s.feed
	s.look = func() {
		text.mu.Lock()
		defer text.mu.Unlock()
		text.catchUp()
	}
}

func TestTextTellsARun(t *testing.T) {
	tests := map[string]struct {
		golden  string
		verbose bool
		run     func(t *testing.T, s *stage, text *Text)
	}{
		"a good one": {golden: "good.txt", run: func(t *testing.T, s *stage, _ *Text) {
			require.Equal(t, workflow.ExitWarnings, s.execute(t, context.Background()))
		}},
		"a good one with every line": {golden: "verbose.txt", verbose: true, run: func(t *testing.T, s *stage, _ *Text) {
			require.Equal(t, workflow.ExitWarnings, s.execute(t, context.Background()))
		}},
		"a failed one": {golden: "failed.txt", run: func(t *testing.T, s *stage, _ *Text) {
			s.load = func(context.Context, *workflow.Task) error { return indexCard() }
			require.Equal(t, workflow.ExitFailed, s.execute(t, context.Background()))
		}},
		"an interrupted one, resumed": {golden: "resumed.txt", run: func(t *testing.T, s *stage, text *Text) {
			s.interrupt(t)
			from := s.resume(t)
			_, _ = io.WriteString(text.Out, "--- resumed ---\n")
			s.watch(&Text{Out: text.Out, Journal: text.Journal, From: from})
			require.Equal(t, workflow.ExitWarnings, s.run.Execute(context.Background()))
			s.look()
		}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s, out := newStage(t), &bytes.Buffer{}
			text := &Text{Out: out, Journal: "/state/runs/k7q2/journal.jsonl", Verbose: test.verbose}
			s.watch(text)
			test.run(t, s, text)
			golden(t, test.golden, out.String())
			requireReadable(t, out.String())
		})
	}
}

// requireReadable refuses what a screen reader stumbles over.
func requireReadable(t *testing.T, out string) {
	t.Helper()
	odd := func(r rune) bool {
		box := r >= 0x2500 && r <= 0x27BF || r >= 0x2800 && r <= 0x28FF
		return r != '\n' && unicode.IsControl(r) || box || r > 0xFFFF
	}
	i := strings.IndexFunc(out, odd)
	require.Negative(t, i, "a character that is drawn, not read, near %.40q", out[max(i, 0):])
	require.NotRegexp(t, regexp.MustCompile(`(?m)[ \t]+$`), out)
}

func TestTextFollowsARunToItsExit(t *testing.T) {
	s, out := newStage(t), &bytes.Buffer{}
	text := &Text{Feed: s.feed, Out: out}
	told := make(chan error, 1)
	go func() { told <- text.Follow(context.Background()) }()
	require.Equal(t, workflow.ExitWarnings, s.execute(t, context.Background()))
	require.NoError(t, <-told)
	require.Contains(t, out.String(), "Step 8 of 11, database: done in")
	require.Contains(t, out.String(), "Exit code 4, done-with-warnings.")
}

func TestTextStopsWhenNobodyWantsIt(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	s, out := newStage(t), &bytes.Buffer{}
	require.NoError(t, s.run.Begin(workflow.Header{Kind: "restore"}))
	cancel()
	text := &Text{Feed: s.feed, Out: out}
	require.ErrorIs(t, text.Follow(ctx), context.Canceled)
	require.Contains(t, out.String(), "Run k7q2", "what there was is told all the same")
}

// closed is an output nobody reads any more.
type closed struct{}

func (closed) Write([]byte) (int, error) { return 0, errClosed }

var errClosed = errors.New("broken pipe")

func TestABrokenOutputStopsTheFaceAndNotTheRun(t *testing.T) {
	s := newStage(t)
	text := &Text{Feed: s.feed, Out: closed{}}
	told := make(chan error, 1)
	go func() { told <- text.Follow(context.Background()) }()
	require.Equal(t, workflow.ExitWarnings, s.execute(t, context.Background()))
	require.ErrorIs(t, <-told, errClosed)
}

func TestTextTellsProgressWhenAsked(t *testing.T) {
	s, out := newStage(t), &bytes.Buffer{}
	text := &Text{Feed: s.feed, Out: out}
	text.Progress()
	require.Equal(t, "No step has begun yet.\n", out.String())

	s.load = func(context.Context, *workflow.Task) error {
		text.Progress()
		out.Reset()
		text.Progress()
		return nil
	}
	require.Equal(t, workflow.ExitWarnings, s.execute(t, context.Background()))
	require.Regexp(t, `^Step 8 of 11, database: running for \d+ s now\.
Step 8 of 11, database: tables 50 %, 52 of 103 tables, now statuses\.
The server has been closed for \d min \d+ s\.
$`, out.String())
}

func TestABarSpeaksSeldom(t *testing.T) {
	type move struct {
		after time.Duration
		done  int64
		tells bool
	}
	tests := map[string]struct {
		total int64
		moves []move
	}{
		"one with a total at every tenth": {total: 1000, moves: []move{
			{0, 0, false}, {time.Second, 99, false}, {time.Second, 100, true}, {time.Second, 199, false}, {time.Second, 450, true}, {time.Second, 1000, true},
		}},
		"a slow one with a total after five minutes": {total: 1000, moves: []move{
			{0, 1, false}, {4 * time.Minute, 2, false}, {time.Minute, 3, true}, {time.Minute, 4, false},
		}},
		"a count every half minute": {moves: []move{
			{0, 1, false}, {29 * time.Second, 500, false}, {time.Second, 501, true}, {10 * time.Second, 900, false}, {20 * time.Second, 901, true},
		}},
		"never one that stands still": {total: 1000, moves: []move{{0, 0, false}, {time.Hour, 0, false}, {time.Hour, 100, true}, {time.Hour, 100, false}}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			text, out, now := Text{}, &bytes.Buffer{}, newClock().now()
			text.Out = out
			text.begun = map[string]bool{"files": true}
			for i, m := range test.moves {
				now = now.Add(m.after)
				out.Reset()
				text.progress(workflow.Snapshot{Updated: now, Steps: []workflow.StepView{{
					StepInfo: workflow.StepInfo{ID: "files"},
					Progress: []workflow.Progress{{ID: "bar", Done: m.done, Total: test.total, Unit: "rows"}},
				}}})
				require.Equal(t, m.tells, out.Len() > 0, "move %d: %q", i, out)
			}
		})
	}
}

func TestLinesThatWereMissedAreSaid(t *testing.T) {
	s, out := newStage(t), &bytes.Buffer{}
	text := &Text{Verbose: true, Out: out}
	s.watch(text)
	for range 5000 {
		s.feed.Observe(workflow.Event{Type: workflow.EventLog, Message: "line"})
	}
	s.look()
	require.True(t, strings.HasPrefix(out.String(), "1,000 lines are in the log file only.\n"), out.String()[:80])
	require.Equal(t, 4001, strings.Count(out.String(), "\n"))
}

func TestTheExitIsToldLastWhateverTheClockDid(t *testing.T) {
	s, out := newStage(t), &bytes.Buffer{}
	s.watch(&Text{Out: out})
	now := s.clock.now()
	s.feed.Observe(workflow.Event{Type: workflow.EventLog, Time: now.Add(time.Hour), Severity: workflow.SeverityWarns, Message: "late"})
	s.feed.Observe(workflow.Event{Type: workflow.EventExit, Time: now, Exit: &workflow.ExitStatus{Name: "done"}})
	s.look()
	require.Equal(t, "Warning: late\nDone in less than a second.\nExit code 0, done.\n", out.String())
}
