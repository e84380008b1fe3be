package workflow

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
)

// fail shows the card and asks what to do. It returns nil when the step is to be tried again.
func (r *Run) fail(ctx context.Context, t *Task, err error) error {
	card := cardOf(err, r.ResumeCommand)
	if err := r.record(Event{Type: EventFailure, Step: t.step, Failure: card}); err != nil {
		return err
	}
	if err := r.status(t.step, StatusFailed, card.Error()); err != nil {
		return err
	}
	if len(card.Actions) == 0 {
		return card
	}
	a, askErr := r.decide(ctx, t, card)
	if askErr != nil {
		return card
	}
	if a.Do != nil {
		if _, err := guard(func() (bool, error) { return false, a.Do(ctx, t) }); err != nil {
			return errors.Join(card, fmt.Errorf("%s: %w", a.Label, err))
		}
		// What Do decided must not be asked again after a cut.
		if err := r.save(t.step); err != nil {
			return err
		}
		// The card told of a world that Do has changed, and of ways on that are behind us.
		old := *card
		old.World, old.Actions = "", nil
		if err := r.record(Event{Type: EventFailure, Step: t.step, Failure: &old}); err != nil {
			return err
		}
	}
	switch a.Then {
	case ThenRetry:
		return nil
	case ThenEnd:
		return errors.Join(errEnded, card)
	}
	return card
}

func (r *Run) decide(ctx context.Context, t *Task, card *Failure) (Action, error) {
	q := Question{ID: "failure", Kind: KindDecide, Title: card.Summary, Failure: card}
	for _, a := range card.Actions {
		q.Options = append(q.Options, Option{ID: a.ID, Label: a.Label})
	}
	answer, err := r.ask(ctx, t.step, q)
	if err != nil {
		return Action{}, err
	}
	for _, a := range card.Actions {
		if a.ID == answer.Option {
			return a, nil
		}
	}
	return Action{Then: ThenStop}, nil
}

// cardOf finds the card in err, or makes a plain one.
func cardOf(err error, resume string) *Failure {
	var card *Failure
	if errors.As(err, &card) {
		return card
	}
	if errors.Is(err, ErrNoAnswer) {
		// Who could not answer can't choose what to do either.
		return Fail(err, "a question has no answer")
	}
	card = Fail(err, "the step stopped")
	var c *crash
	if errors.As(err, &c) {
		card.Meaning = "This is a mistake in the program, not in the server or the backup. Please report it with the lines below."
		card.Evidence = c.lines()
	}
	card.Actions = []Action{
		{ID: "retry", Label: "try this step again", Then: ThenRetry},
		{ID: "leave", Label: "leave it as it is and come back", Command: resume, Then: ThenStop},
	}
	return card
}

// guard turns a panic in a step into an error: the journal and the terminal outlive it.
func guard(f func() (bool, error)) (ok bool, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &crash{value: p, stack: string(debug.Stack())}
		}
	}()
	return f()
}

// crash is a panic in a step.
type crash struct {
	value any
	stack string
}

func (c *crash) Error() string { return fmt.Sprintf("internal error: %v", c.value) }

// maxStack bounds how many lines of a crash's stack a card keeps; the place is near its top.
const maxStack = 24

func (c *crash) lines() []string {
	lines := strings.Split(strings.ReplaceAll(c.stack, "\t", "    "), "\n")
	return lines[:min(len(lines), maxStack)]
}
