package tui

import (
	"fmt"
	"strings"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/x/ansi"

	"mastodon-restore/workflow"
)

// consent shows what will happen and goes on only when the expected text was typed, to the
// letter, by someone who has had the whole forecast on screen.
type consent struct {
	*scene
	q      workflow.Question
	typed  typing
	scroll scroll
	read   bool // the end of the forecast has been on screen
}

func newConsent(s *scene, q workflow.Question) *consent { return &consent{scene: s, q: q} }

func (c *consent) refresh(q workflow.Question) { c.q = q }

// control is what stands before the keys of options here: letters are for typing.
const control = "ctrl+"

func (c *consent) Press(k tea.KeyMsg) effect {
	if o, ok := optionFor(k, c.q.Options, control); ok {
		return take(o)
	}
	switch {
	case pressed(k, c.keys.take):
		return c.agree()
	case pressed(k, c.keys.back):
		return goBack(c.q.Options)
	case pressed(k, c.keys.help) && !strings.Contains(c.q.Expect, "?"):
		return nil // the model's own: help
	case c.typed.press(k, c.keys), c.scroll.press(k, c.keys):
		return stay
	}
	return nil
}

func (c *consent) agree() effect {
	switch {
	case c.q.Expect == "":
		return say("This question names nothing to type, so it can't be agreed to. Please report it.")
	case c.typed.text == "":
		return say("Nothing happens until you have typed " + c.q.Expect + ".")
	case c.typed.text != c.q.Expect:
		return say(fmt.Sprintf("%q is not %q. Nothing happens.", c.typed.text, c.q.Expect))
	case !c.read:
		c.scroll.top = c.scroll.length
		return say("There was more to read. Press enter again when you have.")
	}
	return reply(workflow.Answer{Text: c.typed.text})
}

func (c *consent) Keys() []key.Binding {
	out := []key.Binding{as(c.keys.take, "agree, once typed")}
	if _, ok := option(c.q.Options, backOption); ok {
		out = append(out, c.keys.back)
	}
	out = append(out, keyed(c.q.Options, control)...)
	out = append(out, choosing("scroll"))
	return append(out, c.keys.interrupt, c.keys.help)
}

func (c *consent) Render(width, height int) []string {
	width = min(width, readable)
	ask := wrap(c.prompt(), width-2)
	foot := append([]string{""}, indent(ask, 1)...)
	foot = append(foot, c.line(width))
	lines := c.scroll.window(c.forecast(width), height-len(foot), c.theme)
	c.read = c.read || c.scroll.end()
	return append(lines, foot...)
}

func (c *consent) prompt() string {
	text := "To go on, type " + oneLine(c.q.Expect)
	if c.q.Flag != "" {
		text += ", or run with " + oneLine(c.q.Flag)
	}
	return text + "."
}

func (c *consent) line(width int) string {
	text := c.typed.text
	if over := ansi.StringWidth(text) - (width - 6); over > 0 {
		text = tail(text, width-6)
	}
	line := " " + c.theme.chosen.Render(">") + " " + text + "█"
	if c.typed.text == c.q.Expect && c.typed.text != "" {
		line += c.theme.faint.Render("  enter goes on")
	}
	return line
}

func (c *consent) forecast(width int) []string {
	title := c.theme.title.Render(clip(oneLine(c.q.Title), width-14))
	lines := []string{" " + ends(title, c.theme.faint.Render("about"), width-2)}
	f := c.q.Forecast
	if f == nil {
		return lines
	}
	about := 0
	for _, s := range f.Steps {
		about = max(about, ansi.StringWidth(oneLine(s.About)))
	}
	for i, s := range f.Steps {
		text := wrap(s.Text, width-8-about)
		for j, l := range text {
			n := "  "
			if j == 0 {
				n = fmt.Sprintf("%2d", i+1)
			}
			right := ""
			if j == len(text)-1 {
				right = oneLine(s.About)
			}
			lines = append(lines, " "+n+"  "+ends(l, right, width-6))
		}
	}
	if times := c.times(); times != "" {
		lines = append(lines, indent(wrap(times, width-6), 5)...)
	}
	lines = append(lines, "")
	for _, part := range []struct{ name, text string }{
		{"Replaced", f.Replaced}, {"Kept", f.Kept}, {"Undo", f.Undo},
	} {
		if part.text != "" {
			lines = append(lines, c.part(part.name, part.text, width)...)
		}
	}
	for i, note := range f.Notes {
		name := ""
		if i == 0 {
			name = "Note"
		}
		lines = append(lines, c.part(name, note, width)...)
	}
	return lines
}

func (c *consent) times() string {
	f := c.q.Forecast
	switch {
	case f.Closed != "" && f.Total != "":
		return "closed for " + f.Closed + ", all done in " + f.Total
	case f.Closed != "":
		return "closed for " + f.Closed
	case f.Total != "":
		return "all done in " + f.Total
	}
	return ""
}

// part is one of the things to know before consenting; what is destroyed stands out.
func (c *consent) part(name, text string, width int) []string {
	lines := labelled(name, 11, text, width-2)
	style := c.theme.title
	if name == "Replaced" {
		style = c.theme.bad
	}
	if name != "" {
		lines[0] = style.Render(name) + lines[0][len(name):]
	}
	return indent(lines, 1)
}
