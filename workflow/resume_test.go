package workflow_test

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	. "mastodon-restore/workflow"
)

// site is a world small enough to copy: what is there, and what was done to it how often.
type site struct {
	replicas int
	things   map[string]bool
	done     map[string]int
}

func newSite() *site {
	return &site{replicas: 2, things: map[string]bool{}, done: map[string]int{}}
}

func (s *site) copy() *site {
	return &site{s.replicas, maps.Clone(s.things), maps.Clone(s.done)}
}

// facts is the state that steps pass on.
type facts struct{ Domain string }

// sitePlan restores a site in five steps that touch it in all the ways a step may: asking the
// world, remembering in a note, in the state, or in the journal alone. cut is called between any
// two effects.
func sitePlan(s *site, state *facts, cut func() error) Plan {
	do := func(what string) error {
		if err := cut(); err != nil {
			return err
		}
		s.things[what] = true
		s.done[what]++
		return cut()
	}
	return Plan{
		{ID: "target", Run: func(ctx context.Context, t *Task) error {
			a, err := t.Ask(ctx, Question{ID: "server", Kind: KindConsent})
			if err != nil {
				return err
			}
			state.Domain = a.Text
			return t.Aim(Target{Domain: state.Domain})
		}},
		{ID: "cache", Needed: func() string { return "no cache in this set" }, Run: boom},
		{
			ID: "quiesce",
			Run: func(_ context.Context, t *Task) error {
				if _, noted := t.Noted("replicas"); !noted {
					if err := t.Note("replicas", fmt.Sprint(s.replicas)); err != nil {
						return err
					}
				}
				if err := cut(); err != nil {
					return err
				}
				s.replicas = 0
				if err := cut(); err != nil {
					return err
				}
				t.Warn()
				return t.Closed()
			},
		},
		{
			ID:    "database",
			Done:  func(context.Context, *Task) (bool, error) { return s.things["renamed"], nil },
			Holds: func(context.Context, *Task) error { return mustBe(s.replicas == 0, "writers are running") },
			Run: func(_ context.Context, t *Task) error {
				if err := mustBe(state.Domain == "example.social", "the state was lost"); err != nil {
					return err
				}
				if err := do("loaded"); err != nil {
					return err
				}
				return do("renamed")
			},
		},
		{
			ID:   "reopen",
			Done: func(context.Context, *Task) (bool, error) { return s.things["opened"], nil },
			Run: func(_ context.Context, t *Task) error {
				// As in the restore, the note of one step is read by another.
				n := t.Snapshot().Notes["quiesce/replicas"]
				if err := mustBe(n != "", "the note was lost"); err != nil {
					return err
				}
				if err := cut(); err != nil {
					return err
				}
				_, err := fmt.Sscan(n, &s.replicas)
				if err != nil {
					return err
				}
				if err := t.Opened(); err != nil {
					return err
				}
				return do("opened") // last: Done must not be true before all is
			},
		},
	}
}

func mustBe(ok bool, otherwise string) error {
	if ok {
		return nil
	}
	return fmt.Errorf("%s", otherwise)
}

// still is one moment at which a process could have been killed.
type still struct {
	site    *site
	journal []byte
}

func siteRun(s *site, j *Journal, state *facts, c *clock, cut func() error) *Run {
	return &Run{
		ID: "k7q2", Plan: sitePlan(s, state, cut), State: state, Journal: j, Clock: c.now, Feed: &Feed{},
		Operator: &operator{answers: []Answer{{Text: "example.social"}}}, ResumeCommand: "resume k7q2",
	}
}

// film runs the plan once and keeps every moment: between effects, and before and after each
// entry in the journal.
func film(t *testing.T) []still {
	t.Helper()
	path := filepath.Join(t.TempDir(), JournalFile)
	j, err := CreateJournal(path)
	require.NoError(t, err)
	defer j.Close()
	s, c := newSite(), newClock()
	var stills []still
	take := func() error {
		journal, err := os.ReadFile(path)
		require.NoError(t, err)
		stills = append(stills, still{s.copy(), journal})
		return nil
	}
	r := siteRun(s, j, &facts{}, c, take)
	r.Clock = func() time.Time { _ = take(); return c.now() } // each entry reads the clock first
	require.NoError(t, r.Begin(Header{Tool: "1.0", Kind: "restore"}))
	require.Equal(t, ExitWarnings, r.Execute(context.Background()))
	_ = take()
	return stills
}

func TestARunKilledAtAnyMomentIsResumed(t *testing.T) {
	stills := film(t)
	whole := stills[len(stills)-1]
	require.Greater(t, len(stills), 40)
	for i, moment := range stills {
		if len(moment.journal) == 0 {
			continue // nothing was begun: nothing to resume
		}
		// Killed between two entries, or while writing one.
		torn := []string{"", `{"type":"step","ti`}[i%2]
		resumeStill(t, fmt.Sprintf("moment %d of %d, torn %q", i, len(stills), torn), moment, torn, whole)
	}
}

func resumeStill(t *testing.T, name string, from still, torn string, whole still) {
	t.Helper()
	path := filepath.Join(t.TempDir(), JournalFile)
	require.NoError(t, os.WriteFile(path, append(from.journal[:len(from.journal):len(from.journal)], torn...), 0o600))
	j, events, err := OpenJournal(path)
	require.NoError(t, err, name)
	defer j.Close()
	before := Fold(events)
	s := from.site.copy()
	r := siteRun(s, j, &facts{}, newClock(), func() error { return nil })
	err = r.Resume(events)
	if before.Ended() {
		require.ErrorContains(t, err, "has ended (done-with-warnings)", name)
		return
	}
	require.NoError(t, err, name)
	for _, v := range before.Steps {
		now, _ := r.Feed.Snapshot().Step(v.ID)
		if v.Status.Over() || v.Status == StatusPending {
			require.Equal(t, v.Status, now.Status, name)
		} else {
			require.Equal(t, StatusInterrupted, now.Status, name)
		}
	}

	require.Equal(t, ExitWarnings, r.Execute(context.Background()), name)
	require.Equal(t, whole.site.replicas, s.replicas, name)
	require.Equal(t, whole.site.things, s.things, name)
	after := journalOf(t, path)
	require.Equal(t, EventExit, after[len(after)-1].Type, name)
	require.Equal(t, Fold(after).Exit, r.Feed.Snapshot().Exit, name)
	requireNothingOverAgain(t, name, events, after[len(events):])
	require.False(t, r.Feed.Snapshot().Closed.Open(), name)
	for _, what := range []string{"renamed", "opened"} { // guarded by Done
		require.Equal(t, 1, s.done[what], "%s: %s", name, what)
	}
}

// requireNothingOverAgain compares what was over with what was begun afterwards.
func requireNothingOverAgain(t *testing.T, name string, before, after []Event) {
	t.Helper()
	s := Fold(before)
	for _, e := range after {
		v, ok := s.Step(e.Step)
		if e.Type == EventStep && ok {
			require.False(t, v.Status.Over(), "%s: step %s was over and is %s again", name, e.Step, e.Status)
		}
	}
}

func TestARunCancelledAtAnyEffectIsResumed(t *testing.T) {
	stills := film(t)
	whole := stills[len(stills)-1]
	for at := 0; ; at++ {
		path := filepath.Join(t.TempDir(), JournalFile)
		j, err := CreateJournal(path)
		require.NoError(t, err)
		ctx, cancel := context.WithCancel(context.Background())
		s, effects := newSite(), 0
		r := siteRun(s, j, &facts{}, newClock(), func() error {
			if effects++; effects > at {
				cancel()
			}
			return ctx.Err()
		})
		require.NoError(t, r.Begin(Header{Tool: "1.0", Kind: "restore"}))
		exit := r.Execute(ctx)
		cancel()
		require.NoError(t, j.Close())
		if exit == ExitWarnings {
			require.Equal(t, at, effects, "every effect was cut")
			return
		}
		require.Equal(t, ExitInterrupted, exit)
		journal, err := os.ReadFile(path)
		require.NoError(t, err)
		require.False(t, Fold(journalOf(t, path)).Ended())
		resumeStill(t, fmt.Sprintf("cancelled at effect %d", at), still{s, journal}, "", whole)
	}
}

func TestResumeRefusesWhatItCanNotGoOnWith(t *testing.T) {
	exit := func(code Exit, resume string) Event {
		return Event{Type: EventExit, Time: at(9), Run: "k7q2", Exit: &ExitStatus{Code: code, Name: code.String(), Resume: resume}}
	}
	tests := map[string]struct {
		events []Event
		plan   Plan
		err    string
	}{
		"a journal without a beginning":        {err: "nothing was changed by this run"},
		"a plan with other steps":              {events: []Event{begun()}, plan: Plan{{ID: "files"}, {ID: "index"}}, err: "run k7q2 was begun by version 1.0: step 2"},
		"a run that is done":                   {events: []Event{begun(), exit(ExitDone, "")}, err: "run k7q2 has ended (done)"},
		"a run that was declined":              {events: []Event{begun(), exit(ExitCancelled, "")}, err: "has ended (cancelled)"},
		"a run that was given up at a failure": {events: []Event{begun(), stepAt(1, "files", StatusFailed), exit(ExitFailed, "")}, err: "has ended (failed)"},
		"a state of another shape": {
			events: []Event{begun(), {Type: EventState, State: []byte(`{"Domain":7}`)}}, err: "read the run's state",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			plan := test.plan
			if plan == nil {
				plan = Plan{{ID: "files"}, {ID: "database"}}
			}
			r := &Run{Plan: plan, State: &facts{}, Clock: newClock().now}
			require.ErrorContains(t, r.Resume(test.events), test.err)
		})
	}
}

func TestAResumedRunShowsWhatItFound(t *testing.T) {
	r := &Run{Plan: Plan{{ID: "files"}, {ID: "database"}}, Feed: &Feed{}, Clock: newClock().now}
	require.NoError(t, r.Resume([]Event{
		begun(), stepAt(1, "files", StatusChecking), stepAt(4, "files", StatusFailed),
		{Type: EventFailure, Time: at(4), Step: "files", Failure: &Failure{Summary: "no"}},
		{Type: EventExit, Time: at(5), Exit: &ExitStatus{Code: ExitFailed, Resume: "resume k7q2"}},
		stepAt(100, "files", StatusChecking), stepAt(101, "files", StatusRunning),
		{Type: EventNote, Time: at(107), Step: "files", Key: "pod", Value: "a"},
	}))
	s := r.Feed.Snapshot()
	require.Equal(t, "k7q2", r.ID)
	files, _ := s.Step("files")
	require.Equal(t, StatusInterrupted, files.Status)
	require.Equal(t, 10*time.Second, files.Took(at(100_000)), "the time nobody was at work is not the step's")
	require.True(t, strings.HasPrefix(lastEvent(t, r.Feed).Message, "cut off"))
}

func TestAnEarlierExitDoesNotEndTheFacesOfAResumedRun(t *testing.T) {
	r := &Run{Plan: Plan{{ID: "files"}, {ID: "database"}}, Feed: &Feed{}}
	require.NoError(t, r.Resume([]Event{
		begun(), stepAt(1, "files", StatusChecking), stepAt(4, "files", StatusFailed),
		{Type: EventFailure, Time: at(4), Step: "files", Failure: &Failure{Summary: "no"}},
		{Type: EventExit, Time: at(5), Exit: &ExitStatus{Code: ExitFailed, Resume: "resume k7q2"}},
	}))
	require.Nil(t, r.Feed.Snapshot().Exit)
	events, _ := r.Feed.Events(0)
	for _, e := range events {
		require.NotEqual(t, EventExit, e.Type)
	}
}
