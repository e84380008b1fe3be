package workflow

import (
	"context"
	"errors"
)

// ErrNoAnswer means that a question has nobody to answer it.
var ErrNoAnswer = errors.New("nobody is there to answer")

// Desk is the [Operator] of a face that draws questions from the snapshot and replies when a
// person has chosen.
type Desk struct {
	replies chan Answer
}

// NewDesk returns a desk with no reply on it.
func NewDesk() *Desk { return &Desk{replies: make(chan Answer, 1)} }

// Ask waits until somebody replies to q. Replies to older questions are dropped.
func (d *Desk) Ask(ctx context.Context, q Question) (Answer, error) {
	for {
		select {
		case <-ctx.Done():
			return Answer{}, ctx.Err()
		case a := <-d.replies:
			if a.Question == q.ID {
				return a, nil
			}
		}
	}
}

// clearer is an operator that may hold a reply nobody asked for.
type clearer interface{ Clear() }

// Clear takes away a reply that came too late for the question it was meant for. The run calls it
// before it shows a question: the same one may be asked twice, as after a retry.
func (d *Desk) Clear() {
	select {
	case <-d.replies:
	default:
	}
}

// Reply puts an answer on the desk in place of one that nobody took. It never blocks.
func (d *Desk) Reply(a Answer) {
	for {
		select {
		case d.replies <- a:
			return
		default:
		}
		select {
		case <-d.replies:
		default:
		}
	}
}

// Presets answers questions from flags, by question ID, and leaves the rest to Next.
type Presets struct {
	// Answers gives the preset answer to a question, if there is one. An error ends the run:
	// the flag's value does not fit the question.
	Answers func(q Question) (Answer, bool, error)
	Next    Operator
}

// Clear clears Next.
func (p Presets) Clear() {
	if c, ok := p.Next.(clearer); ok {
		c.Clear()
	}
}

// Ask answers q from the presets or passes it on.
func (p Presets) Ask(ctx context.Context, q Question) (Answer, error) {
	a, ok, err := p.Answers(q)
	if ok || err != nil {
		a.Question = q.ID
		return a, err
	}
	return p.Next.Ask(ctx, q)
}
