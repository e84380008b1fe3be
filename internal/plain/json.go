package plain

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"slices"
	"sync"
	"time"

	"mastodon-restore/workflow"
)

// sampling is the shortest time between two lines about one bar; its last value comes in any case.
const sampling = 500 * time.Millisecond

// JSON writes a run as JSON lines on Out, one object a line; docs/json.md is their schema. Fill
// the fields, then call Follow once.
type JSON struct {
	Feed *workflow.Feed
	Out  io.Writer
	// From is the number of the first event that is news. Of a resumed run's earlier events
	// only those that still count come out: take it from Feed.Events(0) after Run.Resume.
	From int
	// Now is the clock for sampling; nil means time.Now.
	Now func() time.Time

	mu     sync.Mutex
	err    error
	cursor cursor
	told   workflow.Snapshot
	bars   map[barKey]barSent
	ended  bool
}

type barSent struct {
	at       time.Time
	progress workflow.Progress
}

// Follow writes the run until its exit and returns nil, or until Out fails or ctx is done. The
// run itself goes on whatever Follow returns. Unless it returns nil, no exit line was written:
// see [WriteExit].
func (j *JSON) Follow(ctx context.Context) error {
	return follow(ctx, j.Feed, func() (bool, error) {
		j.mu.Lock()
		defer j.mu.Unlock()
		j.catchUp()
		return j.ended && j.err == nil, j.err
	})
}

// WriteExit writes the last line of a program that has no run to tell of, or no longer.
func WriteExit(w io.Writer, code workflow.Exit, message string) error {
	return writeLine(w, exitLine{
		head:    head{Type: string(workflow.EventExit), Time: time.Now()},
		Code:    int(code),
		Name:    code.String(),
		Message: message,
	})
}

func (j *JSON) catchUp() {
	from := j.From
	for _, i := range j.cursor.news(j.Feed, from) {
		e := i.event
		if e.Type == workflow.EventLog {
			e.Run = j.told.Run
		} else {
			j.told = j.told.Apply(e)
		}
		if i.old && !stillCounts(e) {
			continue
		}
		if i.missed > 0 {
			j.write(logLine{head: headOf(e), Missed: i.missed})
		}
		if v, _ := j.told.Step(e.Step); e.Type == workflow.EventStep && !i.old && !v.Ended.IsZero() {
			j.progress(e.Step, true) // the last word on its bars comes before the end of a step
		}
		j.write(lineOf(e, j.told, from > 0))
		if e.Type == workflow.EventExit {
			j.ended = true
			return
		}
	}
	j.progress("", false)
}

// stillCounts says whether an earlier process's event belongs to the picture a resumed run starts
// with.
func stillCounts(e workflow.Event) bool {
	switch e.Type {
	case workflow.EventRun, workflow.EventTarget, workflow.EventClosed, workflow.EventOpened, workflow.EventNote:
		return true
	case workflow.EventStep:
		return e.Status.Over() || e.Status == workflow.StatusInterrupted || e.Status == workflow.StatusFailed
	}
	return false
}

// progress writes the bars of one step, or of all, that changed: unless it is the last time, at
// most one line a bar in the sampling time.
func (j *JSON) progress(step string, last bool) {
	s, now := j.Feed.Snapshot(), time.Now
	if j.Now != nil {
		now = j.Now
	}
	for _, v := range s.Steps {
		if step != "" && v.ID != step {
			continue
		}
		for _, p := range v.Progress {
			k := barKey{v.ID, p.ID}
			sent, known := j.bars[k]
			at := now()
			if known && (sent.progress == p || !last && at.Sub(sent.at) < sampling) {
				continue
			}
			if j.bars == nil {
				j.bars = map[barKey]barSent{}
			}
			j.bars[k] = barSent{at: at, progress: p}
			j.write(progressLine{head{string(workflow.EventProgress), s.Updated, s.Run, v.ID}, p})
		}
	}
}

func (j *JSON) write(line any) {
	if line == nil || j.err != nil {
		return
	}
	j.err = writeLine(j.Out, line)
}

func writeLine(w io.Writer, line any) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(line); err != nil {
		return err
	}
	_, err := w.Write(b.Bytes())
	return err
}

// lineOf is the line of one event; nil for what stays inside.
func lineOf(e workflow.Event, s workflow.Snapshot, resumed bool) any {
	h := headOf(e)
	switch e.Type {
	case workflow.EventRun:
		return newRunLine(h, *e.Header, resumed)
	case workflow.EventTarget:
		return targetLine{h, *e.Target}
	case workflow.EventStep:
		return newStepLine(h, e, s)
	case workflow.EventLog:
		return logLine{head: h, Severity: string(e.Severity), Message: e.Message}
	case workflow.EventQuestion:
		return questionLine{h, e.Question != nil, e.Question}
	case workflow.EventAnswer:
		return answerLine{h, e.Answer}
	case workflow.EventCheck:
		return checkLine{h, *e.Check}
	case workflow.EventNote:
		return noteLine{h, e.Key, e.Value}
	case workflow.EventClosed, workflow.EventOpened:
		return h
	case workflow.EventFailure:
		return failureLine{h, e.Failure}
	case workflow.EventForecast:
		return forecastLine{h, e.Forecast}
	case workflow.EventReport:
		return reportLine{h, e.Report}
	case workflow.EventExit:
		return newExitLine(h, e)
	}
	return nil
}

func newStepLine(h head, e workflow.Event, s workflow.Snapshot) stepLine {
	l := stepLine{head: h, Of: len(s.Steps), Status: string(e.Status), Message: e.Message}
	if i := slices.IndexFunc(s.Steps, func(v workflow.StepView) bool { return v.ID == e.Step }); i >= 0 {
		l.Number, l.Title = i+1, s.Steps[i].Title
		l.Seconds = s.Steps[i].Took(e.Time).Seconds()
	}
	return l
}

func newExitLine(h head, e workflow.Event) exitLine {
	l := exitLine{head: h, Code: int(workflow.ExitFailed), Name: workflow.ExitFailed.String(), Message: e.Message}
	if e.Exit != nil {
		l.Code, l.Name, l.Resume = int(e.Exit.Code), e.Exit.Name, e.Exit.Resume
	}
	return l
}
