package workflow

import (
	"encoding/json"
	"time"
)

// EventType says which fields of an [Event] are set.
type EventType string

const (
	// EventRun opens a journal: Header. Durable.
	EventRun EventType = "run"
	// EventTarget names what the run works on: Target. Durable.
	EventTarget EventType = "target"
	// EventStep is a step's change of status: Status, Message. Durable.
	EventStep EventType = "step"
	// EventAnswer is what the operator said: Answer. Durable.
	EventAnswer EventType = "answer"
	// EventNote is one small fact within a step: Key, Value. Durable.
	EventNote EventType = "note"
	// EventState is the run's state so far: State. Durable.
	EventState EventType = "state"
	// EventClosed begins the time in which the server is closed. Durable.
	EventClosed EventType = "closed"
	// EventOpened ends it. Durable.
	EventOpened EventType = "opened"
	// EventFailure is a step's failure card: Failure. Durable.
	EventFailure EventType = "failure"
	// EventReport is the run's result: Report. Durable.
	EventReport EventType = "report"
	// EventForecast is the plan in words and figures: Forecast. Durable.
	EventForecast EventType = "forecast"
	// EventExit closes one process's part of the run: Exit, Message. Durable.
	EventExit EventType = "exit"

	// EventQuestion shows or replaces the open question: Question. A nil one closes it.
	EventQuestion EventType = "question"
	// EventCheck is one finished check: Check.
	EventCheck EventType = "check"
	// EventProgress is how far something is: Progress.
	EventProgress EventType = "progress"
	// EventLog is one line: Message, Severity.
	EventLog EventType = "log"
)

// Durable says whether events of this type are in the journal before anybody sees them.
func (t EventType) Durable() bool {
	switch t {
	case EventQuestion, EventCheck, EventProgress, EventLog:
		return false
	}
	return true
}

// Event is one thing that happened. It never carries a secret.
type Event struct {
	Type EventType `json:"type"`
	Time time.Time `json:"time"`
	Run  string    `json:"run,omitempty"`
	Step string    `json:"step,omitempty"`

	Header   *Header         `json:"header,omitempty"`
	Target   *Target         `json:"target,omitempty"`
	Status   Status          `json:"status,omitempty"`
	Message  string          `json:"message,omitempty"`
	Severity Severity        `json:"severity,omitempty"`
	Question *Question       `json:"question,omitempty"`
	Answer   *Answer         `json:"answer,omitempty"`
	Check    *Check          `json:"check,omitempty"`
	Progress *Progress       `json:"progress,omitempty"`
	Key      string          `json:"key,omitempty"`
	Value    string          `json:"value,omitempty"`
	State    json.RawMessage `json:"state,omitempty"`
	Failure  *Failure        `json:"failure,omitempty"`
	Report   *Report         `json:"report,omitempty"`
	Forecast *Forecast       `json:"forecast,omitempty"`
	Exit     *ExitStatus     `json:"exit,omitempty"`
}

// Header says what a journal belongs to.
type Header struct {
	// Format is the journal's own version.
	Format int `json:"format"`
	// Tool is the version of the program that began the run.
	Tool string `json:"tool"`
	// Plan lists the steps in order; resume refuses a plan with other steps.
	Plan []StepInfo `json:"plan"`
	// Kind is what the run is for: "restore", "undo", "drill".
	Kind string `json:"kind"`
	// Practice is what is simulated, in words; empty means that the cluster is real.
	Practice string `json:"practice,omitempty"`
	// Parent is the run this one undoes.
	Parent string `json:"parent,omitempty"`
}

// StepInfo is what a face knows of a step before it has run.
type StepInfo struct {
	ID      string  `json:"id"`
	Title   string  `json:"title"`
	Explain Explain `json:"explain"`
}

// Target names what a run works on, for the line that is always on screen.
type Target struct {
	Context   string `json:"context"`
	Namespace string `json:"namespace"`
	Domain    string `json:"domain"`
	// Cluster and NamespaceUID tell two targets with the same names apart.
	Cluster      string `json:"cluster"`
	NamespaceUID string `json:"namespace_uid"`
}

// Status is where a step is in its life; see the package comment.
type Status string

// The stations of a step's life.
const (
	StatusPending     Status = "pending"
	StatusChecking    Status = "checking"
	StatusSkipped     Status = "skipped"
	StatusSatisfied   Status = "satisfied"
	StatusAsking      Status = "asking"
	StatusDeclined    Status = "declined"
	StatusRunning     Status = "running"
	StatusVerifying   Status = "verifying"
	StatusCompleted   Status = "completed"
	StatusFailed      Status = "failed"
	StatusInterrupted Status = "interrupted"
)

// Over says whether a resumed run has nothing left to do for a step with this status.
func (s Status) Over() bool {
	return s == StatusSkipped || s == StatusSatisfied || s == StatusCompleted
}

// Progress is one bar or one counter. Total zero means that nobody knows the total: faces show
// the count alone.
type Progress struct {
	// ID tells several bars of one step apart; a new event with the same ID replaces the old.
	ID    string `json:"id"`
	Label string `json:"label"`
	Done  int64  `json:"done"`
	Total int64  `json:"total,omitempty"`
	// Unit is "bytes", "files", "tables", ... ; bytes are shown as sizes.
	Unit string `json:"unit"`
	// Now is what is being worked on.
	Now string `json:"now,omitempty"`
	// PerSecond is the recent rate in Unit; zero means unknown.
	PerSecond float64 `json:"per_second,omitempty"`
}

// Report is how the run turned out, for the last screen and report.json.
type Report struct {
	Headline string      `json:"headline"`
	Rows     []ReportRow `json:"rows"`
	// Notes are things still to know; Kept says what was kept and how to undo or delete it.
	Notes []Field `json:"notes,omitempty"`
	Kept  []Field `json:"kept,omitempty"`
	// Path is where the whole report was written.
	Path string `json:"path,omitempty"`
}

// ReportRow compares one figure before the run, in the backup, and now.
type ReportRow struct {
	Name   string   `json:"name"`
	Before string   `json:"before"`
	Backup string   `json:"backup"`
	Now    string   `json:"now"`
	Remark string   `json:"remark,omitempty"`
	Level  Severity `json:"level"`
}

// ExitStatus is how one process's part of a run ended.
type ExitStatus struct {
	Code Exit   `json:"code"`
	Name string `json:"name"`
	// Resume is the command that goes on from here; empty when there is nothing to go on with.
	Resume string `json:"resume,omitempty"`
}
