package workflow

import (
	"encoding/json"
	"maps"
	"slices"
	"time"
)

// Snapshot is everything a face draws, folded from events. The zero value is a run that has not
// begun. It is a value: Apply returns a new one and leaves the old as it was.
type Snapshot struct {
	Run      string            `json:"run"`
	Header   Header            `json:"header"`
	Target   Target            `json:"target"`
	Started  time.Time         `json:"started"`
	Updated  time.Time         `json:"updated"`
	Steps    []StepView        `json:"steps"`
	Current  int               `json:"current"` // index into Steps; -1 before the first
	Closed   Interval          `json:"closed"`
	Question *Question         `json:"question,omitempty"`
	Failure  *Failure          `json:"failure,omitempty"`
	Report   *Report           `json:"report,omitempty"`
	Forecast *Forecast         `json:"forecast,omitempty"`
	Exit     *ExitStatus       `json:"exit,omitempty"`
	Notes    map[string]string `json:"notes,omitempty"` // by "step/key"
	State    json.RawMessage   `json:"state,omitempty"`
}

// StepView is one step as a face draws it.
type StepView struct {
	StepInfo
	Status  Status    `json:"status"`
	Message string    `json:"message,omitempty"`
	Started time.Time `json:"started,omitzero"`
	Ended   time.Time `json:"ended,omitzero"`
	// Spent is the time of earlier attempts, so that a resumed step's time is honest.
	Spent    time.Duration `json:"spent,omitempty"`
	Progress []Progress    `json:"progress,omitempty"`
	Checks   []Check       `json:"checks,omitempty"`
}

// Took is how long the step has been at work until now, all attempts together.
func (v StepView) Took(now time.Time) time.Duration {
	switch {
	case v.Started.IsZero():
		return v.Spent
	case v.Ended.IsZero():
		return v.Spent + now.Sub(v.Started)
	}
	return v.Spent + v.Ended.Sub(v.Started)
}

// Interval is a stretch of time that may not have ended, or not have begun.
type Interval struct {
	From time.Time `json:"from,omitzero"`
	To   time.Time `json:"to,omitzero"`
}

// Length is how long the interval is until now.
func (i Interval) Length(now time.Time) time.Duration {
	switch {
	case i.From.IsZero():
		return 0
	case i.To.IsZero():
		return now.Sub(i.From)
	}
	return i.To.Sub(i.From)
}

// Open says that the interval has begun and not ended.
func (i Interval) Open() bool { return !i.From.IsZero() && i.To.IsZero() }

// Step returns the view of the step with this ID.
func (s Snapshot) Step(id string) (StepView, bool) {
	if i := s.index(id); i >= 0 {
		return s.Steps[i], true
	}
	return StepView{}, false
}

func (s Snapshot) index(id string) int {
	return slices.IndexFunc(s.Steps, func(v StepView) bool { return v.ID == id })
}

// Ended says that the run has nothing left to do: every step is over, or it ended for good.
func (s Snapshot) Ended() bool {
	return s.Exit != nil && s.Exit.Resume == ""
}

// Apply folds one event into the snapshot.
func (s Snapshot) Apply(e Event) Snapshot {
	s.Updated = e.Time
	switch e.Type {
	case EventRun:
		return begin(e)
	case EventTarget:
		s.Target = *e.Target
	case EventStep:
		return s.applyStatus(e)
	case EventNote:
		s.Notes = maps.Clone(s.Notes)
		if s.Notes == nil {
			s.Notes = map[string]string{}
		}
		s.Notes[e.Step+"/"+e.Key] = e.Value
	case EventState:
		s.State = e.State
	case EventClosed:
		if s.Closed.From.IsZero() {
			s.Closed = Interval{From: e.Time}
		}
	case EventOpened:
		if s.Closed.Open() {
			s.Closed.To = e.Time
		}
	case EventAnswer:
		s.Question = nil
	case EventQuestion:
		s.Question = e.Question
	case EventFailure:
		s.Failure = e.Failure
	case EventReport:
		s.Report = e.Report
	case EventForecast:
		s.Forecast = e.Forecast
	case EventExit:
		s.Exit, s.Question = e.Exit, nil
	case EventProgress:
		return s.change(e.Step, func(v *StepView) { v.Progress = upsert(v.Progress, *e.Progress, Progress.same) })
	case EventCheck:
		return s.change(e.Step, func(v *StepView) { v.Checks = upsert(v.Checks, *e.Check, Check.same) })
	}
	return s
}

func begin(e Event) Snapshot {
	s := Snapshot{Run: e.Run, Header: *e.Header, Started: e.Time, Updated: e.Time, Current: -1}
	for _, info := range e.Header.Plan {
		s.Steps = append(s.Steps, StepView{StepInfo: info, Status: StatusPending})
	}
	return s
}

// applyStatus moves a step through its life. Beginning anything clears the last exit and card.
func (s Snapshot) applyStatus(e Event) Snapshot {
	if e.Status == StatusChecking {
		s.Exit, s.Failure = nil, nil
		s.Current = s.index(e.Step)
	}
	if e.Status.ends() {
		s.Question = nil
	}
	return s.change(e.Step, func(v *StepView) {
		switch {
		case e.Status == StatusChecking:
			if !v.Started.IsZero() && !v.Ended.IsZero() {
				v.Spent += v.Ended.Sub(v.Started)
			}
			v.Started, v.Ended = e.Time, time.Time{}
			v.Progress, v.Checks = nil, nil
		case e.Status.ends():
			v.Ended = e.Time
		}
		v.Status, v.Message = e.Status, e.Message
	})
}

func (s Status) ends() bool {
	return s.Over() || s == StatusFailed || s == StatusDeclined || s == StatusInterrupted
}

// change replaces one step's view without touching the slice an older snapshot shares.
func (s Snapshot) change(id string, f func(*StepView)) Snapshot {
	i := s.index(id)
	if i < 0 {
		return s
	}
	s.Steps = slices.Clone(s.Steps)
	f(&s.Steps[i])
	return s
}

func (p Progress) same(o Progress) bool { return p.ID == o.ID }
func (c Check) same(o Check) bool       { return c.ID == o.ID }

// upsert returns a copy of list in which item replaces the one it is the same as, or comes last.
func upsert[T any](list []T, item T, same func(T, T) bool) []T {
	list = slices.Clone(list)
	if i := slices.IndexFunc(list, func(o T) bool { return same(item, o) }); i >= 0 {
		list[i] = item
		return list
	}
	return append(list, item)
}
