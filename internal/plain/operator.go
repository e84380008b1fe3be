package plain

import (
	"context"
	"fmt"

	"mastodon-restore/workflow"
)

// Nobody is the operator of a run that has no terminal: whatever flags did not answer is an error
// that names the flag.
type Nobody struct{}

// Ask returns an error wrapping [workflow.ErrNoAnswer].
func (Nobody) Ask(_ context.Context, q workflow.Question) (workflow.Answer, error) {
	return workflow.Answer{}, noAnswer(q, "there is no terminal to ask on")
}

// noAnswer says why q has no answer and which flag would have given one.
func noAnswer(q workflow.Question, why string) error {
	if q.Flag == "" {
		return fmt.Errorf("%w: %s", workflow.ErrNoAnswer, why)
	}
	return fmt.Errorf("%w: %s; pass %s", workflow.ErrNoAnswer, why, q.Flag)
}
