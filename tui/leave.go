package tui

import (
	"fmt"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"mastodon-restore/workflow"
)

// menu is the question that ctrl+c and q ask. What is under the cursor at first changes nothing.
type menu struct {
	*scene
	title   string
	why     string
	choices []choice
	cursor  int
}

type choice struct {
	text string
	note string
	do   effect
}

// askToLeave ends the program where nothing runs any more, and asks everywhere else.
func (m *model) askToLeave() tea.Cmd {
	if m.shot.Exit != nil {
		return tea.Quit
	}
	if _, asked := m.over.(*menu); asked {
		m.notice = "Choose with the arrows or a number, then press enter."
		return nil
	}
	m.over = m.leaveMenu()
	return nil
}

func (m *model) leaveMenu() *menu {
	s := &m.scene
	asked := m.shot.Question != nil && !m.sent
	failed := asked && m.shot.Question.Kind == workflow.KindDecide
	switch {
	case m.leaving:
		return &menu{scene: s, title: "The run is stopping", why: "It ends the way it was told to as soon as it can.", choices: []choice{
			{"wait for it", "", shut},
			{"leave now, without waiting", "The run is told once more to stop at once. What it has done stays in its journal.", abandon},
		}}
	case !m.touched:
		return &menu{scene: s, title: "Leave?", why: "Nothing has been changed.", choices: []choice{
			{"stay", "", shut},
			{"leave", "", leave},
		}}
	case failed:
		return &menu{scene: s, title: "Leave it like this?", why: s.world(), choices: []choice{
			{"go back to the card", "", shut},
			{"leave it as it is and come back", "Go on later with:\n" + m.opts.Resume, leave},
		}}
	case asked:
		return &menu{scene: s, title: "Stop here?", why: s.world(), choices: []choice{
			{"go back to the question", "", shut},
			{"stop and keep the work", "Go on later with:\n" + m.opts.Resume, interrupt},
		}}
	}
	out := &menu{scene: s, title: "Stop the run?", why: s.world(), choices: []choice{{"go on", "", shut}}}
	if m.stopping == "" && m.opts.StopAfterStep != nil {
		out.choices = append(out.choices, choice{"stop after this step", s.stepNote(), stopAfterStep})
	}
	out.choices = append(out.choices, choice{"stop now and keep the work",
		"The step is cut off where it is. Go on later with:\n" + m.opts.Resume, interrupt})
	if m.opts.Background != nil {
		out.choices = append(out.choices, choice{"leave it running in the background",
			"It goes on without this terminal; mastodon-restore status shows how far it is.", background})
	}
	return out
}

// world says what leaving would leave behind.
func (s *scene) world() string {
	if s.shot.Closed.Open() {
		return "The server is closed now, and stays closed until a run reopens it."
	}
	if s.shot.Closed.From.IsZero() {
		return "The server has not been closed."
	}
	return "The server is open."
}

func (s *scene) stepNote() string {
	step, ok := s.step()
	if !ok {
		return ""
	}
	return fmt.Sprintf("It has been at %q for %s.", oneLine(step.Title), spanWords(step.Took(s.now)))
}

// leave declines the open question, or cuts the run off where there is none.
func leave(m *model) tea.Cmd {
	if m.shot.Question == nil || m.sent {
		return interrupt(m)
	}
	m.over, m.leaving = nil, true
	m.reply(workflow.Answer{Option: quitOption})
	m.stopping = "Leaving…"
	return nil
}

func interrupt(m *model) tea.Cmd {
	m.over, m.leaving = nil, true
	m.stopping = "Stopping: what can't be cut in the middle is finished first. ctrl+c asks again."
	m.opts.Interrupt()
	return nil
}

func background(m *model) tea.Cmd {
	m.over, m.leaving = nil, true
	m.stopping = "Leaving: the run goes on in the background."
	m.opts.Background()
	return nil
}

func stopAfterStep(m *model) tea.Cmd {
	m.over = nil
	m.stopping = "The run stops after this step, as you asked."
	m.opts.StopAfterStep()
	return nil
}

// abandon goes without waiting for the run to end.
func abandon(m *model) tea.Cmd {
	m.opts.Interrupt()
	return tea.Quit
}

func (c *menu) Press(k tea.KeyMsg) effect {
	if s := k.String(); len(s) == 1 && s[0] >= '1' && s[0] <= '9' {
		if n := int(s[0] - '1'); n < len(c.choices) {
			c.cursor = n
		}
		return stay
	}
	switch {
	case pressed(k, c.keys.up):
		c.cursor = max(0, c.cursor-1)
	case pressed(k, c.keys.down):
		c.cursor = min(len(c.choices)-1, c.cursor+1)
	case pressed(k, c.keys.take):
		return c.choices[c.cursor].do
	default:
		return nil
	}
	return stay
}

func (c *menu) Keys() []key.Binding {
	return []key.Binding{choosing("choose"), as(c.keys.take, "do it"), as(c.keys.back, c.choices[0].text)}
}

func (c *menu) Render(width, _ int) []string {
	width = min(width, readable)
	lines := []string{"", " " + c.theme.title.Render(c.title)}
	for _, l := range wrap(c.why, width-4) {
		lines = append(lines, " "+l)
	}
	for i, ch := range c.choices {
		head, style := fmt.Sprintf("   %d  ", i+1), c.theme.plain
		if i == c.cursor {
			head, style = fmt.Sprintf(" > %d  ", i+1), c.theme.chosen
		}
		lines = append(lines, "", style.Render(head+ch.text))
		if ch.note != "" {
			for _, l := range wrap(ch.note, width-8) {
				lines = append(lines, spaces(6)+c.theme.faint.Render(l))
			}
		}
	}
	return lines
}
