package tui

import (
	"fmt"
	"strings"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/x/ansi"

	"mastodon-restore/workflow"
)

// decide is a failure's card and what can be done about it. A number points at an action, enter
// takes it: nothing is chosen for the person, and nothing on one key.
type decide struct {
	*scene
	q      workflow.Question
	cursor int // -1: nothing chosen yet
	scroll scroll
}

func newDecide(s *scene, q workflow.Question) *decide {
	d := &decide{scene: s, q: q, cursor: -1}
	for i, o := range q.Options {
		if q.Default != "" && o.ID == q.Default {
			d.cursor = i
		}
	}
	return d
}

func (d *decide) refresh(q workflow.Question) {
	d.q = q
	d.cursor = min(d.cursor, len(q.Options)-1)
}

func (d *decide) Press(k tea.KeyMsg) effect {
	if s := k.String(); len(s) == 1 && s[0] >= '1' && s[0] <= '9' {
		if n := int(s[0] - '1'); n < len(d.q.Options) {
			d.cursor = n
			return say(fmt.Sprintf("enter does %s, another number chooses again.", s))
		}
		return say("There is no action with that number.")
	}
	switch {
	case pressed(k, d.keys.take):
		return d.choose()
	case pressed(k, d.keys.evidence):
		return open(newEvidence(d.scene, d.failure()))
	case pressed(k, d.keys.copy):
		return copyText(cardText(d.failure()))
	case pressed(k, d.keys.back):
		d.cursor = -1
		return stay
	case d.scroll.press(k, d.keys):
		return stay
	}
	return nil
}

func (d *decide) choose() effect {
	if d.cursor < 0 {
		return say("Choose first: press the number of what to do.")
	}
	o := d.q.Options[d.cursor]
	if o.Unavailable != "" {
		return take(o)
	}
	return func(m *model) tea.Cmd {
		if a, ok := d.action(o.ID); ok && a.Then == workflow.ThenStop {
			m.leaving = true // that is what the person chose
		}
		m.reply(workflow.Answer{Option: o.ID})
		return nil
	}
}

func (d *decide) action(id string) (workflow.Action, bool) {
	for _, a := range d.failure().Actions {
		if a.ID == id {
			return a, true
		}
	}
	return workflow.Action{}, false
}

func (d *decide) failure() workflow.Failure {
	switch {
	case d.q.Failure != nil:
		return *d.q.Failure
	case d.shot.Failure != nil:
		return *d.shot.Failure
	}
	return workflow.Failure{Summary: d.q.Title}
}

func (d *decide) Keys() []key.Binding {
	numbers := make([]string, len(d.q.Options))
	for i := range numbers {
		numbers[i] = fmt.Sprint(i + 1)
	}
	out := []key.Binding{bind(strings.Join(numbers, " "), "choose"), as(d.keys.take, "do it")}
	return append(out, d.keys.evidence, d.keys.copy, d.keys.log, choosing("scroll"), d.keys.leave, d.keys.help)
}

// Render keeps what can be done in view: the card above it scrolls.
func (d *decide) Render(width, height int) []string {
	width = min(width, readable)
	actions := d.actions(width)
	room := max(height-len(actions), height/3)
	lines := d.scroll.window(cardLines(d.failure(), width, d.theme), room, d.theme)
	return append(lines, actions...)
}

func (d *decide) actions(width int) []string {
	lines := []string{"", " " + d.theme.title.Render("You can")}
	for i, o := range d.q.Options {
		text := oneLine(o.Label)
		if a, ok := d.action(o.ID); ok && a.Command != "" {
			text += ":  " + oneLine(a.Command)
		}
		if o.Unavailable != "" {
			text += " (not possible: " + oneLine(o.Unavailable) + ")"
		}
		pointer := " "
		if i == d.cursor {
			pointer = ">"
		}
		for j, l := range wrap(text, width-7) {
			head := spaces(5)
			if j == 0 {
				head = fmt.Sprintf(" %s %d ", pointer, i+1)
			}
			if l = head + " " + l; i == d.cursor {
				l = d.theme.chosen.Render(l)
			}
			lines = append(lines, l)
		}
	}
	return lines
}

// cardLines draws what happened, what it means and what state things are in.
func cardLines(f workflow.Failure, width int, t theme) []string {
	var lines []string
	for i, l := range wrap("Stopped: "+f.Summary, width-2) {
		if i == 0 {
			l = t.bad.Render("Stopped:") + strings.TrimPrefix(l, "Stopped:")
		}
		lines = append(lines, " "+l)
	}
	if f.First != "" && f.First != f.Summary {
		lines = append(lines, "")
		lines = append(lines, indent(wrap(f.First, width-5), 3)...)
	}
	for _, part := range []struct{ name, text string }{
		{"What it means", f.Meaning}, {"State now", f.World},
	} {
		if part.text == "" {
			continue
		}
		block := labelled(part.name, 16, part.text, width-2)
		block[0] = t.title.Render(part.name) + block[0][ansi.StringWidth(part.name):]
		lines = append(append(lines, ""), indent(block, 1)...)
	}
	return lines
}

// newEvidence shows what was seen around a failure, and what the step was about.
func newEvidence(s *scene, f workflow.Failure) *page {
	return newPage(s, func(width int) []string {
		lines := []string{" " + s.theme.title.Render("What was seen, oldest first")}
		if len(f.Evidence) == 0 {
			lines = append(lines, "", "   Nothing was noted beside the error itself; l shows the log.")
		}
		for _, e := range f.Evidence {
			lines = append(lines, indent(wrap(e, width-5), 3)...)
		}
		if step, ok := s.step(); ok {
			lines = append(lines, "", " "+s.theme.title.Render(clip("About the step: "+oneLine(step.Title), width-2)))
			lines = append(lines, explained(step.Explain, width, s.theme)...)
		}
		return lines
	})
}
