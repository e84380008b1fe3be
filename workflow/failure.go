package workflow

import "context"

// Failure is an error that knows what a person needs next: what happened, what it means, what
// state the server is in, and what can be done. It is shown as a card and kept in the journal.
type Failure struct {
	// Summary is one line: where it stopped and at what.
	Summary string `json:"summary"`
	// First is the first error, word for word; later ones usually follow from it.
	First string `json:"first,omitempty"`
	// Meaning explains First in plain words.
	Meaning string `json:"meaning,omitempty"`
	// World says what state the server and its data are in now, and what is safe.
	World string `json:"world,omitempty"`
	// Evidence holds observations, oldest first: last lines, events, conditions.
	Evidence []string `json:"evidence,omitempty"`
	// Actions are at most three things to do, best first.
	Actions []Action `json:"actions,omitempty"`
	// Exit is the code the run ends with when it ends here; zero means [ExitFailed].
	Exit Exit `json:"exit,omitempty"`

	cause error
}

// Action is one way on from a failure.
type Action struct {
	ID    string `json:"id"`
	Label string `json:"label"`
	// Command does the same later from a shell, if anything does.
	Command string `json:"command,omitempty"`
	// Do carries the action out; nil means that choosing it only decides what happens next.
	Do func(ctx context.Context, t *Task) error `json:"-"`
	// Then says how the run goes on after Do.
	Then Then `json:"then"`
}

// Then is what follows an [Action].
type Then string

const (
	// ThenRetry runs the failed step again from its beginning.
	ThenRetry Then = "retry"
	// ThenStop ends the run where it is; it can be resumed.
	ThenStop Then = "stop"
	// ThenEnd ends the run for good; there is nothing to resume.
	ThenEnd Then = "end"
)

// Fail makes a card out of err. The caller fills in what else it knows.
func Fail(err error, summary string) *Failure {
	return &Failure{Summary: summary, First: err.Error(), cause: err}
}

func (f *Failure) Error() string {
	if f.First == "" || f.First == f.Summary {
		return f.Summary
	}
	return f.Summary + ": " + f.First
}

func (f *Failure) Unwrap() error { return f.cause }

// ExitCode is the code the run ends with when it ends at this failure.
func (f *Failure) ExitCode() Exit {
	if f.Exit == ExitDone {
		return ExitFailed
	}
	return f.Exit
}
