package workflow

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
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
	// ResumeCommand is what goes on with this run after an interruption.
	ResumeCommand string

	once sync.Once
	mu   sync.Mutex // orders journal and feed; guards logErr and stop
	stop bool
	// warned is how a run that is done ends: with accepted warnings or without.
	warned bool
}

// Begin writes the journal's header.
func (r *Run) Begin(h Header) error {
	h.Format, h.Plan = FormatVersion, r.Plan.Info()
	return r.record(Event{Type: EventRun, Header: &h})
}

// Resume folds what an earlier process left. The step it was in is marked interrupted, unless it
// had ended.
func (r *Run) Resume(events []Event) error {
	s := Fold(events)
	if s.Run == "" {
		return errors.New("the journal has no beginning: nothing was changed by this run")
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
		feed.Observe(e)
	}
	for _, v := range s.Steps {
		if !v.Status.Over() && v.Status != StatusPending && !v.Status.ends() {
			return r.status(v.ID, StatusInterrupted, "cut off")
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

// Warn makes a run that gets to its end say that it did so with accepted warnings.
func (t *Task) Warn() {
	t.run.mu.Lock()
	defer t.run.mu.Unlock()
	t.run.warned = true
}

// Execute runs every step that is not over, in order, and returns how the run ended. Cancelling
// ctx interrupts the step at work.
func (r *Run) Execute(ctx context.Context) Exit {
	err := r.steps(ctx)
	exit := r.exitOf(ctx, err)
	status := &ExitStatus{Code: exit, Name: exit.String()}
	var message string
	if err != nil {
		message = err.Error()
		if !errors.Is(err, ErrDeclined) && !errors.Is(err, errEnded) {
			status.Resume = r.ResumeCommand
		}
	}
	if jerr := r.record(Event{Type: EventExit, Exit: status, Message: message}); jerr != nil && exit == ExitDone {
		return ExitFailed
	}
	return exit
}

// errEnded means that a failure was answered with an action that ends the run for good.
var errEnded = errors.New("ended by the operator")

func (r *Run) exitOf(ctx context.Context, err error) Exit {
	var failure *Failure
	switch {
	case err == nil && r.warned:
		return ExitWarnings
	case err == nil:
		return ExitDone
	case errors.Is(err, ErrDeclined):
		return ExitCancelled
	case errors.Is(err, errStopped), ctx.Err() != nil:
		return ExitInterrupted
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
		if reason := s.Needed(); reason != "" {
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

// guard turns a panic in a step into an error: the journal and the terminal outlive it.
func guard(f func() (bool, error)) (ok bool, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("internal error: %v\n%s", p, debug.Stack())
		}
	}()
	return f()
}

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
	r.emit(Event{Type: EventQuestion, Step: t.step, Question: &q})
	answer, err := r.Operator.Ask(ctx, q)
	r.emit(Event{Type: EventQuestion, Step: t.step})
	if err != nil {
		return Action{}, err
	}
	answer.Question = q.ID
	if err := r.record(Event{Type: EventAnswer, Step: t.step, Answer: &answer}); err != nil {
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
	card = Fail(err, "the step stopped")
	card.Actions = []Action{
		{ID: "retry", Label: "try this step again", Then: ThenRetry},
		{ID: "leave", Label: "leave it as it is and come back", Command: resume, Then: ThenStop},
	}
	return card
}

func (r *Run) status(step string, s Status, message string) error {
	return r.record(Event{Type: EventStep, Step: step, Status: s, Message: message})
}

// record puts a durable event on disk, then before the readers.
func (r *Run) record(e Event) error {
	e.Time, e.Run = r.now(), r.ID
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
