package workflow_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	. "mastodon-restore/workflow"
)

func TestACardSaysHowTheRunEnds(t *testing.T) {
	tests := map[string]struct {
		then   Then
		exit   Exit
		answer Answer
		want   Exit
		resume bool
	}{
		"leaving it fails, to be resumed":            {then: ThenStop, answer: choose("it"), want: ExitFailed, resume: true},
		"leaving it keeps the card's own code":       {then: ThenStop, exit: ExitUnverified, answer: choose("it"), want: ExitUnverified, resume: true},
		"ending it leaves nothing to resume":         {then: ThenEnd, exit: ExitUnknown, answer: choose("it"), want: ExitUnknown},
		"quitting the card is leaving it":            {then: ThenEnd, answer: choose("quit"), want: ExitFailed, resume: true},
		"an action that is not offered is not taken": {then: ThenEnd, answer: choose("other"), want: ExitFailed, resume: true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			card := &Failure{Summary: "stopped", Exit: test.exit, Actions: []Action{{ID: "it", Label: "do it", Then: test.then}}}
			r := newRun(t, Step{ID: "one", Run: func(context.Context, *Task) error { return fmt.Errorf("copy: %w", card) }})
			op := &operator{answers: []Answer{test.answer}}
			r.Operator = op

			require.Equal(t, test.want, r.Execute(context.Background()))
			e := lastEvent(t, r.Feed)
			require.Equal(t, EventExit, e.Type)
			require.Equal(t, test.want, e.Exit.Code)
			require.Equal(t, test.want.String(), e.Exit.Name)
			require.Equal(t, test.resume, e.Exit.Resume == r.ResumeCommand)
			require.Equal(t, !test.resume, r.Feed.Snapshot().Ended())
			require.Len(t, op.asked, 1)
			require.Equal(t, []Option{{ID: "it", Label: "do it"}}, op.asked[0].Options)
			require.Same(t, card, op.asked[0].Failure)
		})
	}
}

func TestACardWithoutActionsEndsTheRunUnasked(t *testing.T) {
	r := newRun(t, Step{ID: "one", Run: func(context.Context, *Task) error {
		return errors.Join(errBoom, &Failure{Summary: "blocked", Exit: ExitBlocked})
	}})
	op := &operator{}
	r.Operator = op
	require.Equal(t, ExitBlocked, r.Execute(context.Background()))
	require.Empty(t, op.asked)
}

func TestAnErrorWithoutACardGetsOneToRetryOrLeave(t *testing.T) {
	tries := 0
	r := newRun(t, Step{ID: "one", Run: func(context.Context, *Task) error {
		if tries++; tries < 3 {
			return errBoom
		}
		return nil
	}})
	r.Operator = &operator{answers: []Answer{choose("retry"), choose("retry")}}
	require.Equal(t, ExitDone, r.Execute(context.Background()))
	require.Equal(t, 3, tries)
	require.Nil(t, r.Feed.Snapshot().Failure, "the card of an earlier attempt is gone")
}

func TestAnActionIsCarriedOutAndItsChoiceKept(t *testing.T) {
	state := struct{ Mode string }{"swap"}
	r := newRun(t, Step{ID: "one", Run: func(context.Context, *Task) error {
		if state.Mode == "in-place" {
			return errBoom
		}
		return &Failure{Summary: "no right to create databases", Actions: []Action{{
			ID: "in-place", Then: ThenRetry,
			Do: func(context.Context, *Task) error { state.Mode = "in-place"; return nil },
		}}}
	}})
	r.State = &state
	r.Operator = &operator{answers: []Answer{choose("in-place")}}
	require.Equal(t, ExitFailed, r.Execute(context.Background()), "the second failure has nobody to answer")
	require.JSONEq(t, `{"Mode":"in-place"}`, string(r.Feed.Snapshot().State))
}

func TestAFailedActionEndsTheRunWithBothErrors(t *testing.T) {
	card := &Failure{Summary: "stopped", Exit: ExitUnknown, Actions: []Action{{ID: "fix", Label: "mend it", Do: boom, Then: ThenRetry}}}
	r := newRun(t, Step{ID: "one", Run: func(context.Context, *Task) error { return card }})
	r.Operator = &operator{answers: []Answer{choose("fix")}}
	require.Equal(t, ExitUnknown, r.Execute(context.Background()))
	message := lastEvent(t, r.Feed).Message
	require.Contains(t, message, "stopped")
	require.Contains(t, message, "mend it: boom")
}

func TestStoppingAfterAStepLeavesTheRestPending(t *testing.T) {
	var r *Run
	r = newRun(t,
		Step{ID: "one", Run: func(context.Context, *Task) error { r.StopAfterStep(); return nil }},
		Step{ID: "two", Run: boom},
	)
	require.Equal(t, ExitInterrupted, r.Execute(context.Background()))
	require.Equal(t, []Status{StatusChecking, StatusRunning, StatusCompleted}, statuses(r.Feed, "one"))
	require.Empty(t, statuses(r.Feed, "two"))
	require.Equal(t, r.ResumeCommand, lastEvent(t, r.Feed).Exit.Resume)
}

func TestStoppingAfterTheLastStepIsDone(t *testing.T) {
	var r *Run
	r = newRun(t, Step{ID: "one", Run: func(context.Context, *Task) error { r.StopAfterStep(); return nil }})
	require.Equal(t, ExitDone, r.Execute(context.Background()))
	require.Empty(t, lastEvent(t, r.Feed).Exit.Resume)
}

func TestCancellingInterruptsTheStepAtWork(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	r := newRun(t,
		Step{ID: "one", Run: func(ctx context.Context, _ *Task) error { cancel(); return ctx.Err() }},
		Step{ID: "two", Run: boom},
	)
	require.Equal(t, ExitInterrupted, r.Execute(ctx))
	require.Equal(t, []Status{StatusChecking, StatusRunning, StatusInterrupted}, statuses(r.Feed, "one"))
	require.Empty(t, statuses(r.Feed, "two"))
}

func TestCancellingAStepThatDoesNotListenStopsBeforeTheNext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	r := newRun(t,
		Step{ID: "one", Run: func(context.Context, *Task) error { cancel(); return nil }},
		Step{ID: "two", Run: boom},
	)
	require.Equal(t, ExitInterrupted, r.Execute(ctx))
	require.Equal(t, []Status{StatusChecking, StatusRunning, StatusCompleted}, statuses(r.Feed, "one"))
	require.Empty(t, statuses(r.Feed, "two"))
}

func TestACancelledRunAsksNothing(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	r := newRun(t, Step{ID: "one", Run: func(ctx context.Context, task *Task) error {
		cancel()
		return asks(ctx, task)
	}})
	op := &operator{answers: []Answer{choose("yes")}}
	r.Operator = Presets{Answers: func(Question) (Answer, bool, error) { return choose("yes"), true, nil }, Next: op}
	require.Equal(t, ExitInterrupted, r.Execute(ctx))
	events, _ := r.Feed.Events(0)
	for _, e := range events {
		require.NotContains(t, []EventType{EventQuestion, EventAnswer}, e.Type)
	}
}

func TestDecliningOnceTheServerWasClosedIsNoCancellation(t *testing.T) {
	r := newRun(t,
		Step{ID: "quiesce", Run: func(_ context.Context, task *Task) error { return task.Closed() }},
		Step{ID: "database", Run: func(context.Context, *Task) error { return ErrDeclined }},
	)
	require.Equal(t, ExitInterrupted, r.Execute(context.Background()))
	require.Equal(t, r.ResumeCommand, lastEvent(t, r.Feed).Exit.Resume)
	require.True(t, r.Feed.Snapshot().Closed.Open())
}

func TestAcceptedWarningsShowInTheExit(t *testing.T) {
	r := newRun(t, Step{ID: "one", Run: func(_ context.Context, task *Task) error { task.Warn(); task.Warn(); return nil }})
	require.Equal(t, ExitWarnings, r.Execute(context.Background()))
	require.Empty(t, lastEvent(t, r.Feed).Exit.Resume)
	require.True(t, r.Feed.Snapshot().Ended())
}

func TestNothingIsShownThatIsNotInTheJournal(t *testing.T) {
	r := newRun(t, Step{ID: "one", Run: nothing})
	require.NoError(t, r.Journal.Close())
	_, before := r.Feed.Events(0)

	require.Equal(t, ExitFailed, r.Execute(context.Background()))
	events, _ := r.Feed.Events(before)
	require.Len(t, events, 1, "nothing but the end, which faces wait for")
	require.Equal(t, EventExit, events[0].Type)
	require.Equal(t, ExitFailed, events[0].Exit.Code)
	require.Contains(t, events[0].Message, "write journal")
	require.Equal(t, r.ResumeCommand, events[0].Exit.Resume)
}

func TestAJournalThatFailsInsideAStepFailsTheStep(t *testing.T) {
	var r *Run
	var noted, asked error
	r = newRun(t, Step{ID: "one", Run: func(ctx context.Context, task *Task) error {
		if err := r.Journal.Close(); err != nil {
			return err
		}
		noted = task.Note("key", "value")
		_, asked = task.Ask(ctx, Question{ID: "go"})
		return nil
	}})
	op := &operator{answers: []Answer{choose("yes")}}
	r.Operator = op
	require.Equal(t, ExitFailed, r.Execute(context.Background()), "a good end that can't be written is none")
	require.Error(t, noted)
	require.Error(t, asked)
	require.Empty(t, op.asked)
	require.Empty(t, r.Feed.Snapshot().Notes)
}

func TestEveryLogLineIsInTheFileBeforeItIsOnScreen(t *testing.T) {
	var file bytes.Buffer
	percent := "50 % as it is" // a line from a pod is no format
	r := newRun(t, Step{ID: "one", Run: func(_ context.Context, task *Task) error {
		task.Log("first\nsecond \x1b[31mred\x1b[0m\n")
		task.LogAt(SeverityWarns, "100 %% of %d", 3)
		task.Log("%s", percent)
		return nil
	}})
	r.LogWriter = &file
	require.Equal(t, ExitDone, r.Execute(context.Background()))

	lines, next := r.Feed.Lines(0, 0)
	var shown []string
	for _, l := range lines {
		shown = append(shown, l.Text)
	}
	require.Equal(t, []string{"first", "second red", "100 % of 3", percent}, shown)
	require.EqualValues(t, 4, next)
	require.Equal(t, SeverityWarns, lines[2].Severity)
	for _, text := range shown {
		require.Contains(t, file.String(), " one "+text+"\n")
	}
	require.Equal(t, 4, strings.Count(file.String(), "\n"))
}

func TestATaskKnowsItsRun(t *testing.T) {
	r := newRun(t, Step{ID: "one", Run: func(_ context.Context, task *Task) error {
		require.Equal(t, "k7q2", task.Run())
		require.Equal(t, "/somewhere", task.Folder())
		require.False(t, task.Now().IsZero())
		require.NoError(t, task.Aim(Target{Domain: "example.social"}))
		require.NoError(t, task.Report(Report{Headline: "open again"}))
		require.NoError(t, task.Closed())
		require.NoError(t, task.Opened())
		task.Progress(Progress{ID: "rows", Done: 1, Now: "a\x1b[2Jb"})
		task.Check(Check{ID: "space", Severity: SeverityOK})
		_, noted := task.Noted("never")
		require.False(t, noted)
		s := task.Snapshot()
		require.Equal(t, "ab", s.Steps[0].Progress[0].Now)
		return nil
	}})
	r.Folder = "/somewhere"
	require.Equal(t, ExitDone, r.Execute(context.Background()))
	s := r.Feed.Snapshot()
	require.Equal(t, "example.social", s.Target.Domain)
	require.Equal(t, "open again", s.Report.Headline)
	require.Len(t, s.Steps[0].Checks, 1)
	require.False(t, s.Closed.Open())
	require.Equal(t, "1s", s.Closed.Length(s.Updated).String())
}

func TestARunWithoutJournalAndFeedRuns(t *testing.T) {
	r := &Run{ID: "plan", Plan: Plan{{ID: "one", Run: nothing}}}
	require.NoError(t, r.Begin(Header{Kind: "plan"}))
	require.Equal(t, ExitDone, r.Execute(context.Background()))
}
