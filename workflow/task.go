package workflow

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// Task is a step's way to report, to ask and to remember. Its methods may be called from several
// goroutines; they return quickly, whoever is reading.
type Task struct {
	run  *Run
	step string
}

// Log adds one line to the live log and the log file.
func (t *Task) Log(format string, args ...any) {
	t.LogAt("", format, args...)
}

// LogAt adds a line that needs attention.
func (t *Task) LogAt(level Severity, format string, args ...any) {
	text := format
	if len(args) > 0 {
		text = fmt.Sprintf(format, args...)
	}
	for line := range strings.SplitSeq(strings.TrimRight(text, "\n"), "\n") {
		t.run.emit(Event{Type: EventLog, Step: t.step, Severity: level, Message: CleanLine(line)})
	}
}

// Progress shows how far something is.
func (t *Task) Progress(p Progress) {
	p.Now = CleanLine(p.Now)
	t.run.emit(Event{Type: EventProgress, Step: t.step, Progress: &p})
}

// Check shows one finished check.
func (t *Task) Check(c Check) {
	t.run.emit(Event{Type: EventCheck, Step: t.step, Check: &c})
}

// Ask puts q to the operator and waits for the answer, which is in the journal before Ask returns.
func (t *Task) Ask(ctx context.Context, q Question) (Answer, error) {
	if err := t.run.status(t.step, StatusAsking, ""); err != nil {
		return Answer{}, err
	}
	a, err := t.run.ask(ctx, t.step, q)
	if err != nil {
		return Answer{}, fmt.Errorf("ask %q: %w", q.Title, err)
	}
	return a, t.run.status(t.step, StatusRunning, "")
}

// Update replaces what the open question shows while Ask waits elsewhere.
func (t *Task) Update(q Question) {
	t.run.emit(Event{Type: EventQuestion, Step: t.step, Question: &q})
}

// Note remembers one small fact of this step for good: when it returns nil, it is on disk.
func (t *Task) Note(key, value string) error {
	return t.run.record(Event{Type: EventNote, Step: t.step, Key: key, Value: value})
}

// Noted returns what this step noted under key, in this process or an earlier one.
func (t *Task) Noted(key string) (string, bool) {
	v, ok := t.run.feed().Snapshot().Notes[t.step+"/"+key]
	return v, ok
}

// Save writes the run's state to the journal.
func (t *Task) Save() error { return t.run.save(t.step) }

// Aim says what the run works on.
func (t *Task) Aim(target Target) error {
	return t.run.record(Event{Type: EventTarget, Step: t.step, Target: &target})
}

// Closed and Opened bracket the time in which the server is closed.
func (t *Task) Closed() error { return t.run.record(Event{Type: EventClosed, Step: t.step}) }

// Opened ends what Closed began.
func (t *Task) Opened() error { return t.run.record(Event{Type: EventOpened, Step: t.step}) }

// Report gives the run's result.
func (t *Task) Report(r Report) error {
	return t.run.record(Event{Type: EventReport, Step: t.step, Report: &r})
}

// Show gives the forecast.
func (t *Task) Show(f Forecast) error {
	return t.run.record(Event{Type: EventForecast, Step: t.step, Forecast: &f})
}

// Run is the name of the run.
func (t *Task) Run() string { return t.run.ID }

// Folder is where this run keeps its files.
func (t *Task) Folder() string { return t.run.Folder }

// Now is the run's clock.
func (t *Task) Now() time.Time { return t.run.now() }

// Snapshot is the run as it stands.
func (t *Task) Snapshot() Snapshot { return t.run.feed().Snapshot() }

// noteWarned is the note Warn leaves: a resumed run must not forget it.
const noteWarned = "warned"

// Warn makes a run that gets to its end say that it did so with accepted warnings.
func (t *Task) Warn() {
	if _, noted := t.Noted(noteWarned); !noted {
		// A journal that can't be written ends the run at its next entry.
		_ = t.Note(noteWarned, "true")
	}
}

func (r *Run) warned() bool {
	for key := range r.feed().Snapshot().Notes {
		if strings.HasSuffix(key, "/"+noteWarned) {
			return true
		}
	}
	return false
}

func (r *Run) save(step string) error {
	if r.State == nil {
		return nil
	}
	state, err := json.Marshal(r.State)
	if err != nil {
		return fmt.Errorf("encode the run's state: %w", err)
	}
	return r.record(Event{Type: EventState, Step: step, State: state})
}
