package tui

import (
	"context"
	"fmt"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/stretchr/testify/require"

	"mastodon-restore/workflow"
)

func TestWatcherReadsEverythingOnce(t *testing.T) {
	feed := &workflow.Feed{}
	w := watchFeed(t.Context(), feed)
	defer w.stop()
	say := func(n int) {
		for i := range n {
			feed.Observe(workflow.Event{Type: workflow.EventLog, Message: fmt.Sprint(i)})
		}
		feed.Observe(workflow.Event{Type: workflow.EventQuestion, Question: &workflow.Question{ID: fmt.Sprint(n)}})
	}
	say(3)
	f := w.wait().(frame)
	require.Len(t, f.lines, 3)
	require.Len(t, f.events, 1)
	require.Equal(t, "3", f.shot.Question.ID)
	say(2)
	f = w.wait().(frame)
	require.Len(t, f.lines, 2)
	require.Len(t, f.events, 1)
	say(3 * logLines)
	f = w.wait().(frame)
	require.Len(t, f.lines, logLines, "what did not fit is in the file")
	require.Equal(t, int64(5+3*logLines-1), f.lines[logLines-1].Seq)
}

func TestWatcherEndsWithTheProgram(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	w := watchFeed(ctx, &workflow.Feed{})
	w.wait() // the feed as it was found
	cancel()
	require.Nil(t, w.wait())
}

func TestPanicInACommandEndsTheProgramWithAnError(t *testing.T) {
	w := watchFeed(t.Context(), &workflow.Feed{})
	w.feed = nil
	m := drawn(atDatabase(), 80, 24)
	_, cmd := m.Update(w.wait())
	require.Equal(t, tea.QuitMsg{}, cmd())
	require.ErrorContains(t, m.fault, "internal error")
}

func TestSilenceIsSaid(t *testing.T) {
	s := atDatabase()
	require.NotContains(t, drawn(s, 80, 24).View(), "no news")
	s.after(41 * time.Second)
	require.Contains(t, drawn(s, 80, 24).View(), "no news for 44 s")
	require.NotContains(t, drawn(s, 80, 24, logged(s.now)...).View(), "no news")
}

func TestServerThatIsStillClosedIsSaidBesideTheReport(t *testing.T) {
	s := atDatabase()
	s.happen(workflow.Event{Type: workflow.EventReport, Report: result()})
	s.happen(workflow.Event{Type: workflow.EventExit, Exit: &workflow.ExitStatus{Code: workflow.ExitUnverified, Resume: resume}})
	view := drawn(s, 80, 24).View()
	require.Contains(t, view, "The server is still closed")
	require.Contains(t, view, "Verification failed, so the server was not reopened.")
}
