package workflow

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"
)

// ErrDeclined means that the operator said no before anything changed.
var ErrDeclined = errors.New("declined by the operator")

// errStopped means that the operator asked to stop after a step.
var errStopped = errors.New("stopped after a step, as asked")

// Run executes a plan. Fill the fields, call Begin or Resume once, then Execute once.
type Run struct {
	ID   string
	Plan Plan
	// State is a pointer to a JSON struct of facts, no secrets; it is in the journal after each
	// step and is filled again by Resume. May be nil.
	State    any
	Operator Operator
	// Feed is where faces read. Nil means a private one.
	Feed *Feed
	// Journal may be nil for a run that changes nothing and leaves nothing behind.
	Journal *Journal
	// LogWriter gets every log line before it is on a screen. May be nil.
	LogWriter io.Writer
	// Folder is where the run keeps its files.
	Folder string
	// Clock is the time; nil means time.Now.
	Clock func() time.Time
	// ResumeCommand is what goes on with this run after an interruption. A run that stopped and
	// has none is taken to have ended for good.
	ResumeCommand string

	once sync.Once
	mu   sync.Mutex // orders journal and feed; guards stop
	stop bool
}

// Begin writes the journal's header.
func (r *Run) Begin(h Header) error {
	h.Format, h.Plan = FormatVersion, r.Plan.Info()
	return r.record(Event{Type: EventRun, Header: &h})
}

// Resume folds what earlier processes left. The step the last one was in is marked interrupted,
// unless it had ended. A run that ended for good is refused: its failed step must not run again in
// a world that somebody has put right since.
func (r *Run) Resume(events []Event) error {
	s := Fold(events)
	if s.Run == "" {
		return errors.New("the journal has no beginning: nothing was changed by this run")
	}
	if s.Ended() {
		return fmt.Errorf("run %s has ended (%s): there is nothing to go on with", s.Run, s.Exit.Name)
	}
	if err := r.Plan.Matches(s.Header.Plan); err != nil {
		return fmt.Errorf("run %s was begun by version %s: %w", s.Run, s.Header.Tool, err)
	}
	if r.State != nil && s.State != nil {
		if err := json.Unmarshal(s.State, r.State); err != nil {
			return fmt.Errorf("read the run's state: %w", err)
		}
	}
	r.ID = s.Run
	feed := r.feed()
	for _, e := range events {
		if e.Type != EventExit { // an earlier process's exit is not this one's
			feed.Observe(e)
		}
	}
	for _, v := range s.Steps {
		if !v.Status.Over() && v.Status != StatusPending && !v.Status.ends() {
			// The last sign of life: the time nobody was at work is not the step's.
			return r.record(Event{Type: EventStep, Time: s.Updated, Step: v.ID, Status: StatusInterrupted, Message: "cut off"})
		}
	}
	return nil
}

// StopAfterStep makes the run end when the step now at work has ended.
func (r *Run) StopAfterStep() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stop = true
}

func (r *Run) stopping() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.stop
}

// Execute runs every step that is not over, in order, and returns how the run ended. Cancelling
// ctx interrupts the step at work.
func (r *Run) Execute(ctx context.Context) Exit {
	err := r.steps(ctx)
	e := r.exitEvent(ctx, err)
	if jerr := r.record(e); jerr != nil {
		// Nobody may wait for an exit that can't be written down, nor take it for a good one.
		if err == nil {
			e = r.exitEvent(ctx, jerr)
		}
		r.emit(e)
	}
	return e.Exit.Code
}

func (r *Run) exitEvent(ctx context.Context, err error) Event {
	exit := r.exitOf(ctx, err)
	e := Event{Type: EventExit, Exit: &ExitStatus{Code: exit, Name: exit.String()}}
	if err != nil {
		e.Message = err.Error()
	}
	if err != nil && exit != ExitCancelled && !errors.Is(err, errEnded) && !r.refused(exit) {
		e.Exit.Resume = r.ResumeCommand
	}
	return e
}

// refused says that the run ended before it changed anything, over what it was asked to do: that
// is asked anew, not resumed.
func (r *Run) refused(exit Exit) bool {
	return (exit == ExitUsage || exit == ExitLocked) && r.feed().Snapshot().Closed.From.IsZero()
}

// Log adds a line from outside of any step, such as that the way to the world is gone.
func (r *Run) Log(level Severity, format string, args ...any) {
	s := r.feed().Snapshot()
	t := &Task{run: r}
	if s.Current >= 0 && s.Current < len(s.Steps) {
		t.step = s.Steps[s.Current].ID
	}
	t.LogAt(level, format, args...)
}

// errEnded means that a failure was answered with an action that ends the run for good.
var errEnded = errors.New("ended by the operator")

func (r *Run) exitOf(ctx context.Context, err error) Exit {
	var failure *Failure
	switch {
	case err == nil && r.warned():
		return ExitWarnings
	case err == nil:
		return ExitDone
	case errors.Is(err, ErrDeclined) && r.feed().Snapshot().Closed.From.IsZero():
		return ExitCancelled
	case errors.Is(err, ErrDeclined), errors.Is(err, errStopped), ctx.Err() != nil:
		return ExitInterrupted
	case errors.Is(err, ErrNoAnswer):
		return ExitUsage
	case errors.As(err, &failure):
		return failure.ExitCode()
	}
	return ExitFailed
}

func (r *Run) steps(ctx context.Context) error {
	for i := range r.Plan {
		step := &r.Plan[i]
		if v, _ := r.feed().Snapshot().Step(step.ID); v.Status.Over() {
			continue
		}
		if r.stopping() {
			return errStopped
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := r.step(ctx, step); err != nil {
			return err
		}
	}
	return nil
}

// step runs one step until it is over or the run ends in it.
func (r *Run) step(ctx context.Context, s *Step) error {
	t := &Task{run: r, step: s.ID}
	for {
		status, message, err := r.attempt(ctx, s, t)
		if err == nil {
			if err := r.save(s.ID); err != nil {
				return err
			}
			return r.status(s.ID, status, message)
		}
		if ctx.Err() != nil {
			return errors.Join(err, r.status(s.ID, StatusInterrupted, "cut off"))
		}
		if errors.Is(err, ErrDeclined) {
			return errors.Join(err, r.status(s.ID, StatusDeclined, ""))
		}
		if err := r.fail(ctx, t, err); err != nil {
			return err
		}
	}
}

// attempt takes a step through its life once.
func (r *Run) attempt(ctx context.Context, s *Step, t *Task) (Status, string, error) {
	if err := r.status(s.ID, StatusChecking, ""); err != nil {
		return "", "", err
	}
	if s.Needed != nil {
		var reason string
		_, err := guard(func() (bool, error) { reason = s.Needed(); return false, nil })
		if err != nil {
			return "", "", err
		}
		if reason != "" {
			return StatusSkipped, reason, nil
		}
	}
	if s.Done != nil {
		done, err := guard(func() (bool, error) { return s.Done(ctx, t) })
		if err != nil {
			return "", "", err
		}
		if done {
			return StatusSatisfied, "", nil
		}
	}
	if s.Holds != nil {
		if _, err := guard(func() (bool, error) { return false, s.Holds(ctx, t) }); err != nil {
			return "", "", err
		}
	}
	if err := r.status(s.ID, StatusRunning, ""); err != nil {
		return "", "", err
	}
	if _, err := guard(func() (bool, error) { return false, s.Run(ctx, t) }); err != nil {
		return "", "", err
	}
	if s.Done == nil {
		return StatusCompleted, "", nil
	}
	if err := r.status(s.ID, StatusVerifying, ""); err != nil {
		return "", "", err
	}
	done, err := guard(func() (bool, error) { return s.Done(ctx, t) })
	if err == nil && !done {
		err = fmt.Errorf("step %q ended without an error, but the world is not as it should be", s.ID)
	}
	return StatusCompleted, "", err
}

// ask puts q before the operator; the answer is in the journal before ask returns.
func (r *Run) ask(ctx context.Context, step string, q Question) (Answer, error) {
	if err := ctx.Err(); err != nil {
		return Answer{}, err
	}
	// A second key press on the last question must not answer this one.
	if d, ok := r.Operator.(clearer); ok {
		d.Clear()
	}
	r.emit(Event{Type: EventQuestion, Step: step, Question: &q})
	a, err := r.Operator.Ask(ctx, q)
	if err != nil {
		r.emit(Event{Type: EventQuestion, Step: step})
		return Answer{}, err
	}
	a.Question = q.ID
	return a, r.record(Event{Type: EventAnswer, Step: step, Answer: &a})
}

func (r *Run) status(step string, s Status, message string) error {
	return r.record(Event{Type: EventStep, Step: step, Status: s, Message: message})
}

// record puts a durable event on disk, then before the readers. Its time is now unless it has one.
func (r *Run) record(e Event) error {
	e.Run = r.ID
	if e.Time.IsZero() {
		e.Time = r.now()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.Journal != nil {
		if err := r.Journal.Append(e); err != nil {
			return err
		}
	}
	r.feed().Observe(e)
	return nil
}

// emit puts a passing event before the readers; a log line is in the file first.
func (r *Run) emit(e Event) {
	e.Time, e.Run = r.now(), r.ID
	if e.Type == EventLog && r.LogWriter != nil {
		r.mu.Lock()
		fmt.Fprintf(r.LogWriter, "%s %s %s\n", e.Time.Format(time.RFC3339), e.Step, e.Message)
		r.mu.Unlock()
	}
	r.feed().Observe(e)
}

func (r *Run) feed() *Feed {
	r.once.Do(func() {
		if r.Feed == nil {
			r.Feed = &Feed{}
		}
	})
	return r.Feed
}

func (r *Run) now() time.Time {
	if r.Clock == nil {
		return time.Now()
	}
	return r.Clock()
}
