package workflow_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	. "mastodon-restore/workflow"
)

// clock ticks one second each time it is read.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func newClock() *clock {
	return &clock{at: time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)}
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(time.Second)
	return c.at
}

// operator answers in the order of its answers and remembers what it was asked.
type operator struct {
	answers []Answer
	asked   []Question
}

func (o *operator) Ask(_ context.Context, q Question) (Answer, error) {
	o.asked = append(o.asked, q)
	if len(o.answers) == 0 {
		return Answer{}, ErrNoAnswer
	}
	a := o.answers[0]
	o.answers = o.answers[1:]
	return a, nil
}

func choose(option string) Answer { return Answer{Option: option} }

// newRun is a run with a journal in its own folder, begun.
func newRun(t *testing.T, plan ...Step) *Run {
	t.Helper()
	j, err := CreateJournal(filepath.Join(t.TempDir(), JournalFile))
	require.NoError(t, err)
	t.Cleanup(func() { _ = j.Close() }) // some tests have closed it
	r := &Run{
		ID: "k7q2", Plan: plan, Operator: &operator{}, Feed: &Feed{}, Journal: j,
		Clock: newClock().now, ResumeCommand: "mastodon-restore resume k7q2",
	}
	require.NoError(t, r.Begin(Header{Tool: "1.0", Kind: "restore"}))
	return r
}

// journalOf reads back what a run has written so far.
func journalOf(t *testing.T, path string) []Event {
	t.Helper()
	f, err := os.Open(path)
	require.NoError(t, err)
	defer f.Close()
	events, _, err := ReadEvents(f)
	require.NoError(t, err)
	return events
}

// statuses are the changes of status of one step, in order.
func statuses(f *Feed, step string) []Status {
	var got []Status
	events, _ := f.Events(0)
	for _, e := range events {
		if e.Type == EventStep && e.Step == step {
			got = append(got, e.Status)
		}
	}
	return got
}

func lastEvent(t *testing.T, f *Feed) Event {
	t.Helper()
	events, _ := f.Events(0)
	require.NotEmpty(t, events)
	return events[len(events)-1]
}

func nothing(context.Context, *Task) error { return nil }

var errBoom = errors.New("boom")

func boom(context.Context, *Task) error { return errBoom }
