package tui

import (
	"fmt"
	"strings"

	"github.com/charmbracelet/bubbles/key"
	"github.com/charmbracelet/x/ansi"

	"mastodon-restore/workflow"
)

const program = "mastodon-restore"

// header is the line that is always there, and the rule under it. What is simulated stands in
// the rule.
func (m *model) header() []string {
	badge, style, practice := " REAL ", m.theme.real, oneLine(m.shot.Header.Practice)
	if m.shot.Run == "" {
		badge = ""
	}
	if practice != "" {
		badge, style = " PRACTICE ", m.theme.practice
	}
	name, where, target := program, m.where(), m.target()
	room := func() int {
		return m.width - ansi.StringWidth(" "+name+badge+"   "+where+" ") - 2
	}
	if need := ansi.StringWidth(strings.Join(target, " / ")); need > room() {
		where = m.progressOfSteps()
		if need > room() {
			name = ""
		}
	}
	left := ""
	if name != "" {
		left = " " + m.theme.title.Render(name) + " "
	}
	left += style.Render(badge) + " " + path(target, room())
	rule := strings.Repeat("─", m.width)
	if practice != "" {
		if !strings.HasPrefix(practice, "practice") {
			practice = "practice: " + practice
		}
		words := "── " + clip(practice, m.width-6) + " "
		rule = words + strings.Repeat("─", max(0, m.width-ansi.StringWidth(words)))
	}
	return []string{ends(left, where, m.width-1), m.theme.faint.Render(rule)}
}

// where says where in the run we are: its name and the clock while it works, else the step.
func (m *model) where() string {
	switch {
	case m.shot.Run == "":
		return ""
	case m.shot.Question == nil || m.touched:
		return "run " + m.shot.Run + "  " + m.now.Format("15:04")
	}
	return m.progressOfSteps()
}

func (m *model) progressOfSteps() string {
	if len(m.shot.Steps) == 0 {
		return ""
	}
	return fmt.Sprintf("%d of %d", m.shot.Current+1, len(m.shot.Steps))
}

// target is where the run works: context, namespace, domain, as far as they are known.
func (m *model) target() []string {
	t := m.shot.Target
	var out []string
	for _, part := range []string{t.Context, t.Namespace, t.Domain} {
		if part = oneLine(part); part != "" {
			out = append(out, part)
		}
	}
	if len(out) == 0 {
		return []string{"no server chosen yet"}
	}
	return out
}

// path joins parts to at most w cells; the longest gives way first, in its middle.
func path(parts []string, w int) string {
	widths := make([]int, len(parts))
	for i, p := range parts {
		widths[i] = ansi.StringWidth(p)
	}
	widths = shrink(widths, w-3*(len(parts)-1))
	out := make([]string, len(parts))
	for i, p := range parts {
		out[i] = middle(p, widths[i])
	}
	return strings.Join(out, " / ")
}

// noticeLine is the answer to the last key, or what the run was asked to do.
func (m *model) noticeLine() string {
	text := m.notice
	switch {
	case text != "":
	case m.shot.Exit == nil && m.stopping != "":
		text = m.stopping
	case m.sent:
		text = "One moment…"
	default:
		return " " + m.theme.faint.Render(clip(m.twin(), m.width-2))
	}
	return " " + m.theme.warn.Render(clip(text, m.width-2))
}

// twin names the flag that would have answered the question on screen.
func (m *model) twin() string {
	q := m.shot.Question
	if q == nil || q.Flag == "" || q.Kind == workflow.KindConsent || m.over != nil {
		return ""
	}
	return "or run with " + oneLine(q.Flag)
}

// footer shows as many keys as fit. The last one given stays: it is the way to all the others.
func (m *model) footer(keys []key.Binding) string {
	if len(keys) == 0 {
		return ""
	}
	render := func(b key.Binding) (string, int) {
		h := b.Help()
		return m.theme.chosen.Render(h.Key) + " " + m.theme.faint.Render(h.Desc),
			ansi.StringWidth(h.Key) + 1 + ansi.StringWidth(h.Desc)
	}
	last, room := render(keys[len(keys)-1])
	room = m.width - 2 - room
	out := " "
	for _, b := range keys[:len(keys)-1] {
		text, w := render(b)
		if w+3 > room {
			continue
		}
		out += text + "   "
		room -= w + 3
	}
	return out + last
}

// small is all there is to see on a terminal that is too small to decide anything on.
func (m *model) small() []string {
	text := fmt.Sprintf("This terminal is too small: %d by %d is needed, it has %d by %d. The work goes on.",
		minWidth, minHeight, m.width, m.height)
	if m.shot.Question != nil {
		text = fmt.Sprintf("This terminal is too small: %d by %d is needed, it has %d by %d. A question is waiting.",
			minWidth, minHeight, m.width, m.height)
	}
	return wrap(text, m.width)
}
