package workflow_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	. "mastodon-restore/workflow"
)

func TestADeskPassesOnTheReplyToItsQuestion(t *testing.T) {
	d := NewDesk()
	d.Reply(Answer{Question: "set", Option: "a"})
	a, err := d.Ask(context.Background(), Question{ID: "set"})
	require.NoError(t, err)
	require.Equal(t, "a", a.Option)
}

func TestADeskKeepsTheLastReplyOnly(t *testing.T) {
	d := NewDesk()
	for _, option := range []string{"a", "b", "c"} {
		d.Reply(Answer{Question: "set", Option: option})
	}
	a, err := d.Ask(context.Background(), Question{ID: "set"})
	require.NoError(t, err)
	require.Equal(t, "c", a.Option)
}

func TestADeskDropsAReplyToAnotherQuestion(t *testing.T) {
	d := NewDesk()
	d.Reply(Answer{Question: "set", Option: "stale"})
	got := make(chan Answer)
	go func() {
		a, err := d.Ask(context.Background(), Question{ID: "consent"})
		if err != nil {
			a.Text = err.Error()
		}
		got <- a
	}()
	// Whether Ask has dropped the stale one by now or finds it replaced, it must wait for this.
	d.Reply(Answer{Question: "consent", Text: "example.social"})
	require.Equal(t, "example.social", (<-got).Text)
}

func TestADeskWithNobodyBeforeItWaitsForTheContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := NewDesk().Ask(ctx, Question{ID: "set"})
	require.ErrorIs(t, err, context.Canceled)
}

func TestASecondPressOnTheLastCardDoesNotAnswerTheNext(t *testing.T) {
	desk := NewDesk()
	attempts := 0
	r := newRun(t, Step{ID: "one", Run: func(context.Context, *Task) error {
		attempts++
		return &Failure{Summary: "no", Actions: []Action{{ID: "retry", Then: ThenRetry}, {ID: "end", Then: ThenEnd}}}
	}})
	r.Operator = Presets{Next: pressedTwice{desk, r.Feed}, Answers: func(Question) (Answer, bool, error) { return Answer{}, false, nil }}
	require.Equal(t, ExitFailed, r.Execute(context.Background()))
	require.Equal(t, 2, attempts)
	require.True(t, r.Feed.Snapshot().Ended())
}

// pressedTwice is a person whose first answer arrives twice, and who ends the run the next time.
type pressedTwice struct {
	*Desk
	feed *Feed
}

func (p pressedTwice) Ask(ctx context.Context, q Question) (Answer, error) {
	events, _ := p.feed.Events(0)
	asked := 0
	for _, e := range events {
		if e.Type == EventQuestion && e.Question != nil {
			asked++
		}
	}
	if asked > 1 {
		// The late press must be gone by now: the new one is all there is.
		late, cancel := context.WithCancel(ctx)
		cancel()
		for range 50 { // a select takes either of two ready cases
			if _, err := p.Desk.Ask(late, q); err == nil {
				return Answer{}, errors.New("answered by a late press")
			}
		}
		p.Reply(Answer{Question: q.ID, Option: "end"})
		return p.Desk.Ask(ctx, q)
	}
	p.Reply(Answer{Question: q.ID, Option: "retry"})
	a, err := p.Desk.Ask(ctx, q)
	p.Reply(Answer{Question: q.ID, Option: "retry"})
	return a, err
}

func TestPresetsAnswerFirst(t *testing.T) {
	misfit := errors.New("--set /nowhere: no such folder")
	presets := Presets{
		Answers: func(q Question) (Answer, bool, error) {
			switch q.ID {
			case "set":
				return Answer{Question: "other", Option: "flag"}, true, nil
			case "misfit":
				return Answer{}, false, misfit
			}
			return Answer{}, false, nil
		},
		Next: &operator{answers: []Answer{choose("person")}},
	}
	ctx := context.Background()

	a, err := presets.Ask(ctx, Question{ID: "set"})
	require.NoError(t, err)
	require.Equal(t, Answer{Question: "set", Option: "flag"}, a)

	_, err = presets.Ask(ctx, Question{ID: "misfit"})
	require.ErrorIs(t, err, misfit)

	a, err = presets.Ask(ctx, Question{ID: "consent"})
	require.NoError(t, err)
	require.Equal(t, "person", a.Option)

	_, err = presets.Ask(ctx, Question{ID: "consent"})
	require.ErrorIs(t, err, ErrNoAnswer)
}
