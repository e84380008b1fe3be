package plain

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"

	"mastodon-restore/workflow"
)

// Text tells a run in sentences, one after the other, on Out. Fill the fields, then call Follow
// once.
type Text struct {
	Feed *workflow.Feed
	Out  io.Writer
	// Journal is the path of the run's journal, for the first lines; may be empty.
	Journal string
	// From is the number of the first event that is news. A resumed run's earlier events come
	// before it and are told in short: take it from Feed.Events(0) after Run.Resume.
	From int
	// Verbose tells every log line, check and note; without it, warnings only.
	Verbose bool

	mu     sync.Mutex
	err    error // the first error of Out; nothing is written after it
	cursor cursor
	// told is the run as far as it has been told.
	told workflow.Snapshot
	// begun holds the steps whose beginning has been told in their present attempt.
	begun map[string]bool
	bars  map[barKey]barTold
	// open is the question that nobody has answered yet; prompted says that a Prompt shows it.
	open     *workflow.Question
	prompted string
	// asking keeps bars quiet: they would bury what is asked.
	asking bool
	// unsummed says that checks came in since the last summary of them.
	unsummed bool
	ended    bool
}

// Follow tells the run until its exit and returns nil, or until Out fails or ctx is done. The run
// itself goes on whatever Follow returns.
func (t *Text) Follow(ctx context.Context) error {
	return follow(ctx, t.Feed, func() (bool, error) {
		t.mu.Lock()
		defer t.mu.Unlock()
		t.catchUp()
		return t.ended, t.err
	})
}

// Progress tells at once how far the step at work is, for somebody who asks by a signal.
func (t *Text) Progress() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.catchUp()
	s := t.Feed.Snapshot()
	if s.Current < 0 || s.Current >= len(s.Steps) {
		t.say("No step has begun yet.")
		return
	}
	v := s.Steps[s.Current]
	t.say("%s: %s for %s now.", t.place(v.ID), v.Status, length(v.Took(s.Updated)))
	for _, p := range v.Progress {
		t.bar(v.ID, p, s.Updated)
	}
	if s.Closed.Open() {
		t.say("The server has been closed for %s.", length(s.Closed.Length(s.Updated)))
	}
}

// catchUp tells everything that is in the feed by now.
func (t *Text) catchUp() {
	for _, i := range t.cursor.news(t.Feed, t.From) {
		if i.old {
			t.told = t.told.Apply(i.event)
			continue
		}
		t.resumed()
		t.tell(i)
	}
	t.resumed()
	if !t.asking {
		t.progress(t.Feed.Snapshot())
	}
}

// tell folds one event and says what it means.
func (t *Text) tell(i item) {
	e := i.event
	if e.Type != workflow.EventLog {
		t.told = t.told.Apply(e)
	}
	switch e.Type {
	case workflow.EventRun:
		t.header()
	case workflow.EventTarget:
		t.target()
	case workflow.EventStep:
		t.step(e)
	case workflow.EventLog:
		t.log(e, i.missed)
	case workflow.EventCheck:
		t.check(*e.Check)
	case workflow.EventNote:
		if t.Verbose {
			t.say("Noted: %s is %s.", e.Key, oneLine(e.Value))
		}
	case workflow.EventClosed:
		t.say("The server is closed from now on.")
	case workflow.EventOpened:
		t.say("The server is open again. It was closed for %s.", length(t.told.Closed.Length(e.Time)))
	case workflow.EventQuestion, workflow.EventAnswer:
		t.question(e)
	case workflow.EventFailure:
		t.failure(e)
	case workflow.EventForecast:
		if e.Forecast != nil {
			t.say("What will happen:")
			writeForecast(t.printer(), *e.Forecast)
		}
	case workflow.EventReport:
		writeReport(t.printer(), *e.Report)
	case workflow.EventExit:
		t.exit(e)
	}
}

func (t *Text) header() {
	t.say("Run %s. %s", t.told.Run, realOrPractice(t.told.Header))
	if t.Journal != "" {
		t.say("Journal: %s", t.Journal)
	}
}

func realOrPractice(h workflow.Header) string {
	if h.Practice == "" {
		return "REAL: this works on a real cluster."
	}
	return "PRACTICE: nothing real is touched; " + sentence(h.Practice)
}

func (t *Text) target() {
	mode := "REAL"
	if t.told.Header.Practice != "" {
		mode = "PRACTICE"
	}
	g := t.told.Target
	t.say("mastodon-restore: %s, context %s, namespace %s, %s", mode, g.Context, g.Namespace, g.Domain)
}

// resumed tells in short what an earlier process did, once all of it has been folded.
func (t *Text) resumed() {
	if t.From == 0 || t.cursor.event < t.From {
		return
	}
	t.From = 0
	t.header()
	if t.told.Target != (workflow.Target{}) {
		t.target()
	}
	over := 0
	for _, v := range t.told.Steps {
		if v.Status.Over() {
			over++
		}
	}
	t.say("Going on with a run that began at %s. %d of %d steps are over.", moment(t.told.Started), over, len(t.told.Steps))
	for _, v := range t.told.Steps {
		switch v.Status {
		case workflow.StatusInterrupted:
			t.say("%s: was cut off and begins again.", t.place(v.ID))
		case workflow.StatusFailed:
			t.say("%s: had failed and begins again.", t.place(v.ID))
		}
	}
	if t.told.Closed.Open() {
		t.say("The server has been closed since %s.", moment(t.told.Closed.From))
	}
}

// step says how a step began or ended.
func (t *Text) step(e workflow.Event) {
	v, _ := t.told.Step(e.Step)
	if e.Status != workflow.StatusChecking && e.Status != workflow.StatusRunning {
		t.sumChecks(v)
	}
	took := length(v.Took(e.Time))
	switch e.Status {
	case workflow.StatusChecking:
		t.forget(e.Step)
	case workflow.StatusRunning:
		if !t.begun[e.Step] {
			t.begun[e.Step] = true
			t.say("%s: begins at %s.", t.place(e.Step), e.Time.Format(time.TimeOnly))
		}
	case workflow.StatusSkipped:
		t.say("%s: not needed: %s", t.place(e.Step), sentence(oneLine(e.Message)))
	case workflow.StatusSatisfied:
		t.say("%s: already as it should be; nothing to do.", t.place(e.Step))
	case workflow.StatusCompleted:
		t.say("%s: done in %s.", t.place(e.Step), took)
	case workflow.StatusDeclined:
		t.say("%s: declined.", t.place(e.Step))
	case workflow.StatusInterrupted:
		t.say("%s: cut off after %s.", t.place(e.Step), took)
	case workflow.StatusFailed:
		t.say("%s: failed after %s.", t.place(e.Step), took)
	}
}

// forget makes a step that begins again tell its beginning and its bars anew.
func (t *Text) forget(step string) {
	if t.begun == nil {
		t.begun = map[string]bool{}
	}
	delete(t.begun, step)
	for k := range t.bars {
		if k.step == step {
			delete(t.bars, k)
		}
	}
}

// place names a step as "Step 5 of 12, database".
func (t *Text) place(step string) string {
	for i, v := range t.told.Steps {
		if v.ID == step {
			return fmt.Sprintf("Step %d of %d, %s", i+1, len(t.told.Steps), name(v))
		}
	}
	return "Step " + step
}

func name(v workflow.StepView) string {
	if v.Title == "" {
		return v.ID
	}
	return v.Title
}

func (t *Text) log(e workflow.Event, missed int64) {
	if t.Verbose && missed > 0 {
		t.say("%s lines are in the log file only.", count(missed))
	}
	switch {
	case e.Severity == workflow.SeverityWarns || e.Severity == workflow.SeverityBlocks:
		t.say("Warning: %s", e.Message)
	case t.Verbose && e.Step == "":
		t.say("%s %s", e.Time.Format(time.TimeOnly), e.Message)
	case t.Verbose:
		t.say("%s %s: %s", e.Time.Format(time.TimeOnly), e.Step, e.Message)
	}
}

// moment is a time for people, in the zone the run's clock gave.
func moment(at time.Time) string { return at.Format(time.DateTime) }

func (t *Text) say(format string, args ...any) { t.printer()(format, args...) }

// printer writes one line at a time and remembers the first error.
func (t *Text) printer() printer {
	return func(format string, args ...any) {
		if t.err == nil {
			_, t.err = fmt.Fprintf(t.Out, format+"\n", args...)
		}
	}
}

// printer writes one line.
type printer func(format string, args ...any)
