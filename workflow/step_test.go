package workflow_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	. "mastodon-restore/workflow"
)

// answered is a Done that gives its answers in turn; the last one stays.
func answered(answers ...any) func(context.Context, *Task) (bool, error) {
	return func(context.Context, *Task) (bool, error) {
		a := answers[0]
		if len(answers) > 1 {
			answers = answers[1:]
		}
		if err, ok := a.(error); ok {
			return false, err
		}
		return a.(bool), nil
	}
}

func asks(ctx context.Context, t *Task) error {
	a, err := t.Ask(ctx, Question{ID: "go", Kind: KindConsent, Title: "Go on?"})
	if err != nil {
		return err
	}
	if a.Option == "no" {
		return fmt.Errorf("type the name: %w", ErrDeclined)
	}
	return nil
}

func TestAStepLivesAsThePackageCommentSays(t *testing.T) {
	tests := map[string]struct {
		step    Step
		answers []Answer
		want    []Status
		exit    Exit
		runs    int
	}{
		"one that is not needed is skipped": {
			step: Step{Needed: func() string { return "no cache in this set" }},
			want: []Status{StatusChecking, StatusSkipped},
		},
		"one whose world is already so is satisfied": {
			step: Step{Done: answered(true)},
			want: []Status{StatusChecking, StatusSatisfied},
		},
		"one that only the journal knows is completed when Run returns": {
			step: Step{},
			want: []Status{StatusChecking, StatusRunning, StatusCompleted},
			runs: 1,
		},
		"one that has work to do is verified afterwards": {
			step: Step{Done: answered(false, true), Needed: func() string { return "" }, Holds: nothing},
			want: []Status{StatusChecking, StatusRunning, StatusVerifying, StatusCompleted},
			runs: 1,
		},
		"one whose question is answered goes on": {
			step:    Step{Run: asks},
			answers: []Answer{choose("yes")},
			want:    []Status{StatusChecking, StatusRunning, StatusAsking, StatusRunning, StatusCompleted},
			runs:    1,
		},
		"one that is declined ends the run before anything changed": {
			step:    Step{Run: asks},
			answers: []Answer{choose("no")},
			want:    []Status{StatusChecking, StatusRunning, StatusAsking, StatusRunning, StatusDeclined},
			exit:    ExitCancelled,
			runs:    1,
		},
		"one whose question nobody answers fails": {
			step: Step{Run: asks},
			want: []Status{StatusChecking, StatusRunning, StatusAsking, StatusFailed},
			exit: ExitUsage,
			runs: 1,
		},
		"one that can't ask the world fails before Run": {
			step: Step{Done: answered(errBoom)},
			want: []Status{StatusChecking, StatusFailed},
			exit: ExitFailed,
		},
		"one whose invariant is broken fails before Run": {
			step: Step{Done: answered(false), Holds: boom},
			want: []Status{StatusChecking, StatusFailed},
			exit: ExitFailed,
		},
		"one whose Run fails is not verified": {
			step: Step{Done: answered(false), Run: boom},
			want: []Status{StatusChecking, StatusRunning, StatusFailed},
			exit: ExitFailed,
			runs: 1,
		},
		"one whose world disagrees after Run fails": {
			step: Step{Done: answered(false)},
			want: []Status{StatusChecking, StatusRunning, StatusVerifying, StatusFailed},
			exit: ExitFailed,
			runs: 1,
		},
		"one that can't be verified fails": {
			step: Step{Done: answered(false, errBoom)},
			want: []Status{StatusChecking, StatusRunning, StatusVerifying, StatusFailed},
			exit: ExitFailed,
			runs: 1,
		},
		"one that is tried again goes back to checking": {
			step:    Step{Done: answered(errBoom, true)},
			answers: []Answer{choose("retry")},
			want:    []Status{StatusChecking, StatusFailed, StatusChecking, StatusSatisfied},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			runs, work := 0, test.step.Run
			if work == nil {
				work = nothing
			}
			test.step.ID = "one"
			test.step.Run = func(ctx context.Context, task *Task) error {
				runs++
				return work(ctx, task)
			}
			r := newRun(t, test.step)
			r.Operator = &operator{answers: test.answers}

			require.Equal(t, test.exit, r.Execute(context.Background()))
			require.Equal(t, test.want, statuses(r.Feed, "one"))
			require.Equal(t, test.runs, runs)
		})
	}
}

func TestAPanicAnywhereInAStepBecomesACard(t *testing.T) {
	tests := map[string]Step{
		"in Needed": {Needed: func() string { panic("bang") }},
		"in Done":   {Done: func(context.Context, *Task) (bool, error) { panic("bang") }},
		"in Holds":  {Holds: func(context.Context, *Task) error { panic("bang") }},
		"in Run":    {Run: func(context.Context, *Task) error { panic("bang") }},
	}
	for name, step := range tests {
		t.Run(name, func(t *testing.T) {
			if step.Run == nil {
				step.Run = nothing
			}
			step.ID = "one"
			r := newRun(t, step)
			require.Equal(t, ExitFailed, r.Execute(context.Background()))

			card := r.Feed.Snapshot().Failure
			require.NotNil(t, card)
			require.Equal(t, "internal error: bang", card.First)
			require.Contains(t, card.Meaning, "mistake in the program")
			require.NotEmpty(t, card.Evidence)
			require.LessOrEqual(t, len(card.Evidence), 24)
		})
	}
}

func TestAPanicInAnActionEndsTheRun(t *testing.T) {
	card := &Failure{Summary: "no", Actions: []Action{
		{ID: "fix", Then: ThenRetry, Do: func(context.Context, *Task) error { panic("bang") }},
	}}
	r := newRun(t, Step{ID: "one", Run: func(context.Context, *Task) error { return card }})
	r.Operator = &operator{answers: []Answer{choose("fix")}}
	require.Equal(t, ExitFailed, r.Execute(context.Background()))
	require.Contains(t, lastEvent(t, r.Feed).Message, "internal error: bang")
}

func TestAPlanMatchesOnlyTheStepsItWasRecordedWith(t *testing.T) {
	plan := Plan{{ID: "lock"}, {ID: "files"}}
	require.NoError(t, plan.Matches(plan.Info()))
	require.ErrorContains(t, plan.Matches(plan.Info()[:1]), "1 steps")
	require.ErrorContains(t, plan.Matches(Plan{{ID: "lock"}, {ID: "database"}}.Info()), `step 2 of the run is "database"`)
}

func TestAQuestionWithoutAnAnswerIsNotFollowedByAnother(t *testing.T) {
	r := newRun(t, Step{ID: "one", Run: asks})
	op := &operator{}
	r.Operator = op
	require.Equal(t, ExitUsage, r.Execute(context.Background()))
	require.Len(t, op.asked, 1)
	card := r.Feed.Snapshot().Failure
	require.Equal(t, "a question has no answer", card.Summary)
	require.Empty(t, card.Actions)
	require.Empty(t, lastEvent(t, r.Feed).Exit.Resume, "what was refused is asked anew, not resumed")
}
