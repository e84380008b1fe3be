package plain

import (
	"time"

	"mastodon-restore/workflow"
)

// The lines of JSON output. A field's name, type and meaning is in docs/json.md; a test compares.

// head begins every line. A line of type "closed" or "opened" is nothing else.
type head struct {
	Type string    `json:"type"`
	Time time.Time `json:"time"`
	Run  string    `json:"run,omitempty"`
	Step string    `json:"step,omitempty"`
}

func headOf(e workflow.Event) head {
	return head{Type: string(e.Type), Time: e.Time, Run: e.Run, Step: e.Step}
}

type runLine struct {
	head
	Tool     string    `json:"tool"`
	Kind     string    `json:"kind"`
	Practice string    `json:"practice,omitempty"`
	Parent   string    `json:"parent,omitempty"`
	Resumed  bool      `json:"resumed,omitempty"`
	Plan     []stepRef `json:"plan"`
}

// stepRef is a step of the plan without the words that explain it.
type stepRef struct {
	ID    string `json:"id"`
	Title string `json:"title"`
}

func newRunLine(h head, from workflow.Header, resumed bool) runLine {
	l := runLine{head: h, Tool: from.Tool, Kind: from.Kind, Practice: from.Practice, Parent: from.Parent, Resumed: resumed, Plan: []stepRef{}}
	for _, s := range from.Plan {
		l.Plan = append(l.Plan, stepRef{s.ID, s.Title})
	}
	return l
}

type targetLine struct {
	head
	workflow.Target
}

type stepLine struct {
	head
	Number  int     `json:"number"`
	Of      int     `json:"of"`
	Title   string  `json:"title"`
	Status  string  `json:"status"`
	Message string  `json:"message,omitempty"`
	Seconds float64 `json:"seconds"`
}

type progressLine struct {
	head
	workflow.Progress
}

type logLine struct {
	head
	Severity string `json:"severity,omitempty"`
	Message  string `json:"message"`
	Missed   int64  `json:"missed,omitempty"`
}

type questionLine struct {
	head
	Open bool `json:"open"`
	*workflow.Question
}

type answerLine struct {
	head
	*workflow.Answer
}

type checkLine struct {
	head
	workflow.Check
}

type noteLine struct {
	head
	Key   string `json:"key"`
	Value string `json:"value"`
}

type failureLine struct {
	head
	*workflow.Failure
}

type forecastLine struct {
	head
	*workflow.Forecast
}

type reportLine struct {
	head
	*workflow.Report
}

type exitLine struct {
	head
	Code    int    `json:"code"`
	Name    string `json:"name"`
	Message string `json:"message,omitempty"`
	Resume  string `json:"resume,omitempty"`
}
