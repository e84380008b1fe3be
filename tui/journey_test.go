package tui

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/x/exp/teatest"
	"github.com/stretchr/testify/require"

	"mastodon-restore/workflow"
)

// journey is a person before a screen, with a real run behind it.
type journey struct {
	t     *testing.T
	feed  *workflow.Feed
	run   *workflow.Run
	model *model
	tm    *teatest.TestModel
	exit  chan workflow.Exit
	// background says that the run was to go on without a screen.
	background atomic.Bool
}

// patience ends a test that hangs; nothing is measured with it.
const patience = 30 * time.Second

func begun(t *testing.T, steps ...workflow.Step) *journey {
	t.Helper()
	ctx, interrupt := context.WithCancel(t.Context())
	t.Cleanup(interrupt)
	j := &journey{t: t, feed: &workflow.Feed{}, exit: make(chan workflow.Exit, 1)}
	desk := workflow.NewDesk()
	j.run = &workflow.Run{ID: runID, Plan: steps, Operator: desk, Feed: j.feed, ResumeCommand: resume}
	require.NoError(t, j.run.Begin(workflow.Header{Kind: "restore", Practice: "nothing is real"}))
	j.model = newModel(Options{
		Feed: j.feed, Desk: desk, StopAfterStep: j.run.StopAfterStep, Interrupt: interrupt,
		Background: func() { j.background.Store(true); interrupt() },
		Resume:     resume, NoColor: true, Out: io.Discard,
	})
	j.model.watch = watchFeed(t.Context(), j.feed)
	t.Cleanup(j.model.watch.stop)
	j.tm = teatest.NewTestModel(t, j.model, teatest.WithInitialTermSize(80, 24))
	go func() { j.exit <- j.run.Execute(ctx) }()
	return j
}

func (j *journey) sees(text string) *journey {
	j.t.Helper()
	teatest.WaitFor(j.t, j.tm.Output(), func(b []byte) bool {
		return bytes.Contains(b, []byte(text))
	}, teatest.WithDuration(patience), teatest.WithCheckInterval(5*time.Millisecond))
	return j
}

func (j *journey) types(keys ...string) *journey {
	for _, name := range keys {
		for _, k := range keyMsgs(name) {
			j.tm.Send(k)
		}
	}
	return j
}

func (j *journey) ends(want workflow.Exit) workflow.Snapshot {
	j.t.Helper()
	j.tm.WaitFinished(j.t, teatest.WithFinalTimeout(patience))
	require.Equal(j.t, want, <-j.exit)
	require.NoError(j.t, j.model.fault)
	return j.feed.Snapshot()
}

func step(id string, run func(ctx context.Context, t *workflow.Task) error) workflow.Step {
	return workflow.Step{ID: id, Title: id, Run: run}
}

func asking(id string, q workflow.Question) workflow.Step {
	return step(id, func(ctx context.Context, t *workflow.Task) error {
		for {
			switch a, err := t.Ask(ctx, q); {
			case err != nil:
				return err
			case a.Option == "quit":
				return workflow.ErrDeclined
			case a.Option != "back":
				return nil
			}
		}
	})
}

func waiting(id string) workflow.Step {
	return step(id, func(ctx context.Context, t *workflow.Task) error {
		if err := t.Closed(); err != nil {
			return err
		}
		t.Log("at work")
		<-ctx.Done()
		return ctx.Err()
	})
}

func TestFromTheFirstQuestionOverAFailureToTheEnd(t *testing.T) {
	attempts := 0
	j := begun(t,
		asking("backup set", sets()),
		asking("plan", consentTo()),
		step("database", func(_ context.Context, t *workflow.Task) error {
			if err := t.Closed(); err != nil {
				return err
			}
			t.Progress(workflow.Progress{ID: "tables", Label: "tables", Done: 71, Total: 103})
			t.Log("processing data for table %q", "public.statuses")
			if attempts++; attempts == 1 {
				return duplicateKey()
			}
			return t.Opened()
		}),
		step("verify", func(_ context.Context, t *workflow.Task) error { return t.Report(*result()) }),
	)
	j.sees("Which backup?").types("enter")
	j.sees("To go on, type example.social").types("yes", "enter").sees(`"yes" is not "example.social"`)
	j.types("ctrl+u", "example.social", "enter")
	j.sees("is duplicated").types("enter").sees("Choose first").types("1", "enter")
	j.sees("example.social is open again").types("enter")
	shot := j.ends(workflow.ExitDone)
	require.Equal(t, 2, attempts)
	require.NotNil(t, shot.Report)
	events, _ := j.feed.Events(0)
	var answers []workflow.Answer
	for _, e := range events {
		if e.Type == workflow.EventAnswer {
			answers = append(answers, *e.Answer)
		}
	}
	require.Equal(t, []workflow.Answer{
		{Question: "set", Option: "19"},
		{Question: "plan", Text: "example.social"},
		{Question: "failure", Option: "mend"},
	}, answers)
}

func TestStoppingAtWorkKeepsTheRunResumable(t *testing.T) {
	j := begun(t, waiting("files"), step("database", nil))
	j.sees("at work").types("ctrl+c").sees("Stop the run?").types("enter")
	j.sees("If this terminal closes").types("ctrl+c").sees("stop now and keep the work").types("3", "enter")
	shot := j.ends(workflow.ExitInterrupted)
	require.Equal(t, workflow.StatusInterrupted, shot.Steps[0].Status)
	require.Equal(t, resume, shot.Exit.Resume)
	require.Contains(t, Farewell(shot, j.model.opts), "Go on with: "+resume)
}

func TestLeavingARunInTheBackground(t *testing.T) {
	j := begun(t, waiting("files"), step("database", nil))
	j.sees("at work").types("ctrl+c").sees("leave it running in the background").types("4", "enter")
	j.ends(workflow.ExitInterrupted)
	require.True(t, j.background.Load())
}

func TestStoppingAfterTheStepAtWork(t *testing.T) {
	let := make(chan struct{})
	j := begun(t,
		step("files", func(_ context.Context, t *workflow.Task) error {
			if err := t.Closed(); err != nil {
				return err
			}
			t.Log("at work")
			<-let
			return nil
		}),
		step("database", func(context.Context, *workflow.Task) error {
			t.Error("the next step was begun")
			return nil
		}),
	)
	j.sees("at work").types("ctrl+c", "2", "enter").sees("The run stops after this step")
	close(let)
	shot := j.ends(workflow.ExitInterrupted)
	require.Equal(t, workflow.StatusCompleted, shot.Steps[0].Status)
	require.Equal(t, workflow.StatusPending, shot.Steps[1].Status)
}

func TestLeavingBeforeAnythingChangedCancels(t *testing.T) {
	j := begun(t, asking("backup set", sets()))
	j.sees("Which backup?").types("q").sees("Nothing has been changed.").types("down", "enter")
	shot := j.ends(workflow.ExitCancelled)
	require.Contains(t, Farewell(shot, j.model.opts), "Cancelled. Nothing was changed.")
}

func TestResizingWhileLinesPourIn(t *testing.T) {
	q := consentTo()
	q.Options = nil // no way back: the keys below must not answer
	j := begun(t,
		step("files", func(_ context.Context, t *workflow.Task) error {
			for i := range 20_000 {
				t.Log("x opt/mastodon/public/system/media_attachments/%06d/\x1b[2Jжук-甲虫-🪲.jpeg", i)
				t.Progress(workflow.Progress{ID: "f", Label: "files", Done: int64(i), Unit: "files"})
			}
			return nil
		}),
		asking("plan", q),
	)
	random := rand.New(rand.NewPCG(1, 2))
	keys := []string{"l", "esc", "space", "up", "pgdown", "?", "e", "home", "/"}
	for range 300 {
		j.tm.Send(tea.WindowSizeMsg{Width: random.IntN(140), Height: random.IntN(50)})
		j.types(keys[random.IntN(len(keys))])
	}
	j.tm.Send(tea.WindowSizeMsg{Width: 80, Height: 24})
	j.types("esc", "esc", "esc").sees("To go on, type example.social")
	j.types("ctrl+c", "2", "enter")
	j.ends(workflow.ExitCancelled)
	requireFits(t, j.model)
}

func TestEveryScreenFitsEverySize(t *testing.T) {
	for name, at := range map[string]func() *story{
		"choose": atChoose, "review": atReview, "consent": atConsent, "files": func() *story { return withBytes(atFiles()) },
		"database": atDatabase, "failure": atFailure, "failed": atFailed, "done": atDone,
	} {
		s := at()
		s.shot.Target.Domain = "社區伺服器-with-a-very-long-name.of-a-domain-that-goes-on.and-on.example.社會"
		s.shot.Target.Context = "gke_project_europe-west1-b_production-cluster-2026"
		for _, keys := range [][]string{{}, {"?"}, {"e"}, {"l"}, {"ctrl+c"}, {"down", "down", "i"}, {"a", "db-createdb"}} {
			m := drawn(s, 80, 24, logged(s.now)...).typed(keys...)
			for w := 1; w <= 150; w += 27 {
				for h := 1; h <= 50; h += 11 {
					m.Update(tea.WindowSizeMsg{Width: w, Height: h})
					requireFits(t, m)
				}
			}
			require.NotPanics(t, func() { m.View() }, fmt.Sprint(name, keys))
		}
	}
}

func TestTheProgramEndsWithTheRunsContextAndSaysSo(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	in, _ := io.Pipe()
	o := Options{Feed: &workflow.Feed{}, Desk: workflow.NewDesk(), In: in, Out: io.Discard, NoColor: true}
	done := make(chan error, 1)
	go func() { done <- Run(ctx, o) }()
	cancel()
	require.ErrorIs(t, <-done, context.Canceled)
}

func TestTheProgramEndsByItselfWhenTheRunWasStoppedFromOutside(t *testing.T) {
	in, _ := io.Pipe()
	feed := &workflow.Feed{}
	done := make(chan error, 1)
	go func() {
		done <- Run(t.Context(), Options{Feed: feed, Desk: workflow.NewDesk(), In: in, Out: io.Discard, NoColor: true})
	}()
	feed.Observe(workflow.Event{Type: workflow.EventExit, Exit: &workflow.ExitStatus{Code: workflow.ExitInterrupted}})
	require.NoError(t, <-done)
}
