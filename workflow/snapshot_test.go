package workflow_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	. "mastodon-restore/workflow"
)

var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

func at(seconds int) time.Time { return noon.Add(time.Duration(seconds) * time.Second) }

// begun is the first event of a run with two steps.
func begun() Event {
	return Event{Type: EventRun, Time: noon, Run: "k7q2", Header: &Header{
		Format: 1, Tool: "1.0", Kind: "restore",
		Plan: []StepInfo{{ID: "files", Title: "Files"}, {ID: "database", Title: "Database"}},
	}}
}

func stepAt(seconds int, step string, s Status) Event {
	return Event{Type: EventStep, Time: at(seconds), Run: "k7q2", Step: step, Status: s}
}

func TestApply(t *testing.T) {
	question := &Question{ID: "set"}
	tests := map[string]struct {
		events []Event
		check  func(t *testing.T, s Snapshot)
	}{
		"the beginning lists every step as pending": {
			check: func(t *testing.T, s Snapshot) {
				require.Equal(t, "k7q2", s.Run)
				require.Equal(t, noon, s.Started)
				require.Equal(t, -1, s.Current)
				require.Len(t, s.Steps, 2)
				require.Equal(t, StatusPending, s.Steps[1].Status)
				require.Equal(t, "Database", s.Steps[1].Title)
				require.False(t, s.Ended())
			},
		},
		"the target is the newest one": {
			events: []Event{{Type: EventTarget, Target: &Target{Domain: "a"}}, {Type: EventTarget, Target: &Target{Domain: "b"}}},
			check:  func(t *testing.T, s Snapshot) { require.Equal(t, "b", s.Target.Domain) },
		},
		"a step that begins is the current one": {
			events: []Event{stepAt(1, "database", StatusChecking)},
			check: func(t *testing.T, s Snapshot) {
				require.Equal(t, 1, s.Current)
				require.Equal(t, StatusPending, s.Steps[0].Status)
				require.Equal(t, at(1), s.Steps[1].Started)
				require.Equal(t, 4*time.Second, s.Steps[1].Took(at(5)))
			},
		},
		"a step that ends keeps its time and its message": {
			events: []Event{stepAt(1, "files", StatusChecking), {Type: EventStep, Time: at(3), Step: "files", Status: StatusSkipped, Message: "S3"}},
			check: func(t *testing.T, s Snapshot) {
				require.Equal(t, "S3", s.Steps[0].Message)
				require.Equal(t, 2*time.Second, s.Steps[0].Took(at(100)))
				require.Equal(t, at(3), s.Updated)
			},
		},
		"attempts add up, the time between them does not": {
			events: []Event{
				stepAt(0, "files", StatusChecking), stepAt(10, "files", StatusFailed),
				stepAt(100, "files", StatusChecking), stepAt(105, "files", StatusInterrupted),
				stepAt(900, "files", StatusChecking), stepAt(901, "files", StatusCompleted),
			},
			check: func(t *testing.T, s Snapshot) {
				require.Equal(t, 16*time.Second, s.Steps[0].Took(at(5000)))
			},
		},
		"a new attempt begins with no bars, checks, card or exit": {
			events: []Event{
				stepAt(0, "files", StatusChecking),
				{Type: EventProgress, Step: "files", Progress: &Progress{ID: "bytes", Done: 1}},
				{Type: EventCheck, Step: "files", Check: &Check{ID: "space"}},
				{Type: EventFailure, Step: "files", Failure: &Failure{Summary: "no"}},
				stepAt(1, "files", StatusFailed),
				{Type: EventExit, Exit: &ExitStatus{Code: ExitFailed, Resume: "resume"}},
				stepAt(2, "files", StatusChecking),
			},
			check: func(t *testing.T, s Snapshot) {
				require.Empty(t, s.Steps[0].Progress)
				require.Empty(t, s.Steps[0].Checks)
				require.Nil(t, s.Failure)
				require.Nil(t, s.Exit)
			},
		},
		"bars and checks are replaced by their ID": {
			events: []Event{
				{Type: EventProgress, Step: "files", Progress: &Progress{ID: "bytes", Done: 1}},
				{Type: EventProgress, Step: "files", Progress: &Progress{ID: "files", Done: 7}},
				{Type: EventProgress, Step: "files", Progress: &Progress{ID: "bytes", Done: 2}},
				{Type: EventCheck, Step: "files", Check: &Check{ID: "space", Severity: SeverityBlocks}},
				{Type: EventCheck, Step: "files", Check: &Check{ID: "space", Severity: SeverityOK}},
			},
			check: func(t *testing.T, s Snapshot) {
				require.Equal(t, []Progress{{ID: "bytes", Done: 2}, {ID: "files", Done: 7}}, s.Steps[0].Progress)
				require.Equal(t, []Check{{ID: "space", Severity: SeverityOK}}, s.Steps[0].Checks)
			},
		},
		"a question is open until it is closed": {
			events: []Event{{Type: EventQuestion, Question: question}},
			check:  func(t *testing.T, s Snapshot) { require.Equal(t, question, s.Question) },
		},
		"an answer closes the question": {
			events: []Event{{Type: EventQuestion, Question: question}, {Type: EventAnswer, Answer: &Answer{}}},
			check:  func(t *testing.T, s Snapshot) { require.Nil(t, s.Question) },
		},
		"nobody's answer closes the question": {
			events: []Event{{Type: EventQuestion, Question: question}, {Type: EventQuestion}},
			check:  func(t *testing.T, s Snapshot) { require.Nil(t, s.Question) },
		},
		"a step that ends leaves no question open": {
			events: []Event{{Type: EventQuestion, Question: question}, stepAt(1, "files", StatusCompleted)},
			check:  func(t *testing.T, s Snapshot) { require.Nil(t, s.Question) },
		},
		"an exit leaves no question open": {
			events: []Event{{Type: EventQuestion, Question: question}, {Type: EventExit, Exit: &ExitStatus{}}},
			check: func(t *testing.T, s Snapshot) {
				require.Nil(t, s.Question)
				require.True(t, s.Ended())
			},
		},
		"an exit that can be resumed is no end": {
			events: []Event{{Type: EventExit, Exit: &ExitStatus{Code: ExitInterrupted, Resume: "resume"}}},
			check:  func(t *testing.T, s Snapshot) { require.False(t, s.Ended()) },
		},
		"the server is closed from the first closing to the first opening after it": {
			events: []Event{
				{Type: EventOpened, Time: at(1)},
				{Type: EventClosed, Time: at(2)}, {Type: EventClosed, Time: at(3)},
				{Type: EventOpened, Time: at(7)}, {Type: EventOpened, Time: at(9)},
			},
			check: func(t *testing.T, s Snapshot) {
				require.False(t, s.Closed.Open())
				require.Equal(t, 5*time.Second, s.Closed.Length(at(100)))
			},
		},
		"a server that is still closed is so until now": {
			events: []Event{{Type: EventClosed, Time: at(2)}},
			check: func(t *testing.T, s Snapshot) {
				require.True(t, s.Closed.Open())
				require.Equal(t, 8*time.Second, s.Closed.Length(at(10)))
			},
		},
		"notes are kept by step and key, the newest wins": {
			events: []Event{
				{Type: EventNote, Step: "files", Key: "pod", Value: "a"},
				{Type: EventNote, Step: "database", Key: "pod", Value: "b"},
				{Type: EventNote, Step: "files", Key: "pod", Value: "c"},
			},
			check: func(t *testing.T, s Snapshot) {
				require.Equal(t, map[string]string{"files/pod": "c", "database/pod": "b"}, s.Notes)
			},
		},
		"state, report and card are the newest ones": {
			events: []Event{
				{Type: EventState, State: json.RawMessage(`1`)}, {Type: EventState, State: json.RawMessage(`2`)},
				{Type: EventReport, Report: &Report{Headline: "open"}}, {Type: EventFailure, Failure: &Failure{Summary: "no"}},
			},
			check: func(t *testing.T, s Snapshot) {
				require.Equal(t, json.RawMessage(`2`), s.State)
				require.Equal(t, "open", s.Report.Headline)
				require.Equal(t, "no", s.Failure.Summary)
			},
		},
		"what speaks of an unknown step changes no step": {
			events: []Event{stepAt(1, "undo", StatusRunning), {Type: EventProgress, Step: "undo", Progress: &Progress{}}, {Type: "later-version"}},
			check: func(t *testing.T, s Snapshot) {
				require.Equal(t, Fold([]Event{begun()}).Steps, s.Steps)
				_, ok := s.Step("undo")
				require.False(t, ok)
			},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			test.check(t, Fold(append([]Event{begun()}, test.events...)))
		})
	}
}

func TestApplyLeavesOlderSnapshotsAsTheyWere(t *testing.T) {
	events := []Event{
		begun(), stepAt(1, "files", StatusChecking),
		{Type: EventNote, Step: "files", Key: "pod", Value: "a"},
		{Type: EventProgress, Step: "files", Progress: &Progress{ID: "bytes", Done: 1}},
		{Type: EventCheck, Step: "files", Check: &Check{ID: "space"}},
		{Type: EventProgress, Step: "files", Progress: &Progress{ID: "bytes", Done: 2}},
		{Type: EventNote, Step: "files", Key: "pod", Value: "b"},
		{Type: EventCheck, Step: "files", Check: &Check{ID: "space", Severity: SeverityOK}},
		stepAt(2, "files", StatusCompleted),
	}
	var s Snapshot
	var taken []Snapshot
	var looks []string
	for _, e := range events {
		s = s.Apply(e)
		taken = append(taken, s)
		looks = append(looks, look(t, s))
	}
	for i, s := range taken {
		require.Equal(t, looks[i], look(t, s), "the snapshot after event %d", i)
	}
}

func look(t *testing.T, s Snapshot) string {
	t.Helper()
	text, err := json.Marshal(s)
	require.NoError(t, err)
	return string(text)
}

func TestAnIntervalThatNeverBeganHasNoLength(t *testing.T) {
	require.Zero(t, Interval{}.Length(noon))
	require.False(t, Interval{}.Open())
	require.Zero(t, StepView{}.Took(noon))
}
