package workflow

import (
	"context"
	"fmt"
)

// Step is one line of the runbook. Its words serve every face and the printed runbook.
type Step struct {
	// ID is stable across versions: journals refer to it.
	ID    string
	Title string
	// Explain is for a person who wants to know, or has to do it by hand.
	Explain Explain

	// Needed says why the step has nothing to do in this run; empty means that it is needed.
	Needed func() (skip string)
	// Done asks the world whether it is already as the step would leave it. Nil means that only
	// the journal knows.
	Done func(ctx context.Context, t *Task) (bool, error)
	// Holds checks what must still be true before Run may do harm. Nil means nothing.
	Holds func(ctx context.Context, t *Task) error
	// Run does the work. It must bear being run again after a cut at any point.
	Run func(ctx context.Context, t *Task) error
}

// Explain is a step in words.
type Explain struct {
	Why    string `json:"why"`
	ByHand string `json:"by_hand"`
	Risk   string `json:"risk"`
	Undo   string `json:"undo"`
}

// Plan is the steps in the order they run.
type Plan []Step

// Info is the plan as faces see it before anything has run.
func (p Plan) Info() []StepInfo {
	info := make([]StepInfo, len(p))
	for i, s := range p {
		info[i] = StepInfo{ID: s.ID, Title: s.Title, Explain: s.Explain}
	}
	return info
}

// Matches returns an error unless a journal that recorded these steps can be resumed with p.
func (p Plan) Matches(recorded []StepInfo) error {
	if len(p) != len(recorded) {
		return fmt.Errorf("the run has %d steps, this version of the program has %d", len(recorded), len(p))
	}
	for i, s := range p {
		if s.ID != recorded[i].ID {
			return fmt.Errorf("step %d of the run is %q, of this version of the program %q", i+1, recorded[i].ID, s.ID)
		}
	}
	return nil
}
