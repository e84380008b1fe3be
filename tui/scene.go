package tui

import (
	"time"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"mastodon-restore/workflow"
)

// screen is what stands between header and footer. It holds its own cursor and scroll position
// and reads the rest from the scene.
type screen interface {
	// Render returns at most height lines; the model cuts what is too much.
	Render(width, height int) []string
	// Press returns what a key does, nil when it does nothing here.
	Press(k tea.KeyMsg) effect
	// Keys are for the footer, the most important first.
	Keys() []key.Binding
}

// effect is what the model does after a key.
type effect func(*model) tea.Cmd

// stay is the effect of a key that only moved something within its screen.
func stay(*model) tea.Cmd { return nil }

// say shows one line above the footer until the next key.
func say(text string) effect {
	return func(m *model) tea.Cmd { m.notice = text; return nil }
}

// open puts a screen over the main one.
func open(s screen) effect {
	return func(m *model) tea.Cmd { m.over = s; return nil }
}

// shut takes it away again.
func shut(m *model) tea.Cmd { m.over = nil; return nil }

// reply answers the question on screen.
func reply(a workflow.Answer) effect {
	return func(m *model) tea.Cmd { m.reply(a); return nil }
}

// scene is what every screen reads. The model alone changes it.
type scene struct {
	theme theme
	keys  keymap
	opts  Options
	shot  workflow.Snapshot
	now   time.Time
	log   *logView
	// touched says that something may have been changed in the world by this run.
	touched bool
	// stopping says in words that the run was asked to stop; empty means that it was not.
	stopping string
	// last is the last thing the run said about its end.
	last string
}

// step is the step at work, or false before the first.
func (s *scene) step() (workflow.StepView, bool) {
	if s.shot.Current < 0 || s.shot.Current >= len(s.shot.Steps) {
		return workflow.StepView{}, false
	}
	return s.shot.Steps[s.shot.Current], true
}
