package tui

import (
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/exp/teatest"
	"github.com/stretchr/testify/require"

	"mastodon-restore/workflow"
)

// drawn is a model at a point of the story, as a terminal of that size would show it.
func drawn(s *story, width, height int, lines ...workflow.Line) *model {
	m := newModel(Options{
		NoColor: true, Out: io.Discard, Desk: workflow.NewDesk(), Feed: &workflow.Feed{},
		StopAfterStep: func() {}, Interrupt: func() {},
		Clock:  func() time.Time { return s.now },
		Resume: resume, Version: "1.0.0",
		JournalPath: "~/.local/state/mastodon-restore/runs/k7q2/journal.jsonl",
		LogPath:     "~/.local/state/mastodon-restore/runs/k7q2/log.txt",
	})
	m.Update(tea.WindowSizeMsg{Width: width, Height: height})
	m.take(frame{shot: s.shot, lines: lines})
	return m
}

// typed sends keys by their names; what is no name is typed letter by letter.
func (m *model) typed(keys ...string) *model {
	for _, name := range keys {
		for _, k := range keyMsgs(name) {
			m.Update(k)
		}
	}
	return m
}

func keyMsgs(name string) []tea.KeyMsg {
	names := map[string]tea.KeyType{
		"enter": tea.KeyEnter, "esc": tea.KeyEsc, "up": tea.KeyUp, "down": tea.KeyDown, "space": tea.KeySpace,
		"ctrl+c": tea.KeyCtrlC, "ctrl+z": tea.KeyCtrlZ, "ctrl+s": tea.KeyCtrlS, "ctrl+u": tea.KeyCtrlU, "ctrl+l": tea.KeyCtrlL,
		"tab": tea.KeyTab, "pgup": tea.KeyPgUp, "pgdown": tea.KeyPgDown, "home": tea.KeyHome, "end": tea.KeyEnd,
		"backspace": tea.KeyBackspace, "delete": tea.KeyDelete, "left": tea.KeyLeft, "right": tea.KeyRight, "f1": tea.KeyF1,
	}
	if t, ok := names[name]; ok {
		if t == tea.KeySpace {
			return []tea.KeyMsg{{Type: t, Runes: []rune{' '}}}
		}
		return []tea.KeyMsg{{Type: t}}
	}
	var out []tea.KeyMsg
	for _, r := range name {
		out = append(out, tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune{r}})
	}
	return out
}

func TestScreens(t *testing.T) {
	screens := []struct {
		name string
		at   func(w, h int) *model
	}{
		{"before-the-run", func(w, h int) *model { return drawn(&story{shot: workflow.Snapshot{Current: -1}, now: noon}, w, h) }},
		{"choose", func(w, h int) *model { return drawn(atChoose(), w, h) }},
		{"choose-damaged", func(w, h int) *model { return drawn(atChoose(), w, h).typed("down", "down", "enter") }},
		{"choose-filter", func(w, h int) *model { return drawn(atChoose(), w, h).typed("/", "4.4") }},
		{"choose-practice", func(w, h int) *model { return drawn(atChoose().practice(), w, h) }},
		{"review", func(w, h int) *model { return drawn(atReview(), w, h) }},
		{"review-end", func(w, h int) *model { return drawn(atReview(), w, h).typed("end") }},
		{"review-accept", func(w, h int) *model { return drawn(atReview(), w, h).typed("a", "db-cr") }},
		{"review-accepted", func(w, h int) *model { return drawn(atReview(), w, h).typed("a", "db-createdb", "enter") }},
		{"consent", func(w, h int) *model { return drawn(atConsent(), w, h).typed("example.soc") }},
		{"running", func(w, h int) *model { s := atDatabase(); return drawn(s, w, h, logged(s.now)...) }},
		{"running-bytes", func(w, h int) *model { return drawn(withBytes(atFiles()), w, h) }},
		{"running-held", func(w, h int) *model {
			s := atDatabase()
			return drawn(s, w, h, logged(s.now)...).typed("space")
		}},
		{"log", func(w, h int) *model { s := atDatabase(); return drawn(s, w, h, logged(s.now)...).typed("l") }},
		{"explain", func(w, h int) *model { return drawn(atDatabase(), w, h).typed("e") }},
		{"help", func(w, h int) *model { return drawn(atDatabase(), w, h).typed("?") }},
		{"stop-menu", func(w, h int) *model { return drawn(atDatabase(), w, h).typed("ctrl+c") }},
		{"leave-menu", func(w, h int) *model { return drawn(atReview(), w, h).typed("q") }},
		{"decide", func(w, h int) *model { return drawn(atFailure(), w, h) }},
		{"decide-chosen", func(w, h int) *model { return drawn(atFailure(), w, h).typed("2") }},
		{"evidence", func(w, h int) *model { return drawn(atFailure(), w, h).typed("e") }},
		{"done", func(w, h int) *model { return drawn(atDone(), w, h) }},
		{"failed", func(w, h int) *model { return drawn(atFailed(), w, h) }},
	}
	sizes := []struct{ w, h int }{{80, 24}, {60, 20}, {120, 40}}
	for _, s := range screens {
		for _, size := range sizes {
			t.Run(fmt.Sprintf("%s-%dx%d", s.name, size.w, size.h), func(t *testing.T) {
				m := s.at(size.w, size.h)
				requireFits(t, m)
				teatest.RequireEqualOutput(t, []byte(tidy(m.View())))
			})
		}
	}
}

// requireFits is the promise of the layout.
func requireFits(t *testing.T, m *model) {
	t.Helper()
	lines := strings.Split(m.View(), "\n")
	require.LessOrEqual(t, len(lines), m.height)
	for _, l := range lines {
		require.LessOrEqual(t, ansi.StringWidth(l), m.width, "%q", l)
	}
}

// tidy takes trailing spaces away, which editors do as well.
func tidy(view string) string {
	lines := strings.Split(view, "\n")
	for i, l := range lines {
		lines[i] = strings.TrimRight(l, " ")
	}
	return strings.Join(lines, "\n") + "\n"
}

func withBytes(s *story) *story {
	s.status("files", workflow.StatusChecking, "").status("files", workflow.StatusRunning, "").after(64 * time.Second)
	for _, p := range []workflow.Progress{
		{ID: "accounts", Label: "accounts", Done: 61_204_000, Total: 61_204_000, Unit: "bytes"},
		{ID: "media", Label: "media_attachments", Done: 1_213_000_000, Total: 1_900_000_000, Unit: "bytes", PerSecond: 14_200_000,
			Now: "opt/mastodon/public/system/media_attachments/files/112/334/556/original/b5c8.jpeg"},
		{ID: "files", Label: "files", Done: 6_120, Unit: "files"},
	} {
		s.happen(workflow.Event{Type: workflow.EventProgress, Step: "files", Progress: &p})
	}
	return s.after(2 * time.Second)
}
