package tui

import (
	"fmt"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"mastodon-restore/workflow"
)

// Render draws the list and, while a check is being named, the line to type it on.
func (r *review) Render(width, height int) []string {
	width = min(width, readable)
	title := oneLine(r.q.Title) + ": " + r.counts()
	lines := []string{" " + r.theme.title.Render(clip(title, width-2))}
	for _, l := range wrap(r.q.Hint, width-2) { // at least one line, an empty one
		lines = append(lines, strings.TrimRight(" "+r.theme.warn.Render(l), " "))
	}
	room := height - len(lines)
	if r.naming {
		room -= 3
	}
	list, from, to := r.list(width)
	if r.moved {
		r.scroll.show(from, to, room)
		r.moved = false
	}
	lines = append(lines, r.scroll.window(list, room, r.theme)...)
	if r.naming {
		_, acceptable := r.blocking()
		lines = append(lines, "",
			" "+clip("To accept a check that blocks, type its name: "+strings.Join(acceptable, ", "), width-2),
			" > "+r.name.text+"█")
	}
	return lines
}

func (r *review) counts() string {
	var blocks, accepted, warns int
	for _, c := range r.q.Checks {
		switch {
		case c.Severity == workflow.SeverityBlocks && r.isAccepted(c):
			accepted++
		case c.Severity == workflow.SeverityBlocks:
			blocks++
		case c.Severity == workflow.SeverityWarns:
			warns++
		}
	}
	parts := []string{plural(len(r.q.Checks), "check", "checks")}
	if r.q.Updating {
		parts[0] += " so far"
	}
	if blocks > 0 {
		parts = append(parts, plural(blocks, "blocks", "block"))
	}
	if accepted > 0 {
		parts = append(parts, fmt.Sprintf("%d accepted", accepted))
	}
	if warns > 0 {
		parts = append(parts, plural(warns, "warns", "warn"))
	}
	if blocks+warns+accepted == 0 && len(r.q.Checks) > 0 {
		parts = append(parts, "all ok")
	}
	return strings.Join(parts, ", ")
}

// list draws every check and says which lines belong to the one under the cursor.
func (r *review) list(width int) (lines []string, from, to int) {
	ids := 0
	for _, c := range r.q.Checks {
		ids = max(ids, ansi.StringWidth(c.ID))
	}
	ids = min(ids, width/3)
	for _, c := range r.q.Checks {
		here := c.ID == r.cursor
		if here {
			from = len(lines)
		}
		lines = append(lines, r.check(c, ids, width, here)...)
		if here {
			to = len(lines)
		}
	}
	return lines, from, to
}

const wordWidth = 8 // "accepted"

// check draws one check: in full when it needs attention or is under the cursor, else in a line.
func (r *review) check(c workflow.Check, ids, width int, here bool) []string {
	grade, label, sign := c.Severity, word(c.Severity), mark(c.Severity)
	if c.Severity == workflow.SeverityBlocks && r.isAccepted(c) {
		grade, label, sign = workflow.SeverityWarns, "accepted", "!"
	}
	head := sign + " " + pad(label, wordWidth) + "  "
	pointer := "  "
	if here {
		pointer = r.theme.chosen.Render("> ")
	}
	name := pad(middle(oneLine(c.ID), ids), ids)
	if here {
		name = r.theme.chosen.Render(name)
	}
	left := 2 + ansi.StringWidth(head) + ids + 2
	evidence := wrap(c.Evidence, width-left-1)
	full := here || c.Severity == workflow.SeverityBlocks || c.Severity == workflow.SeverityWarns
	if !full {
		evidence = []string{clip(oneLine(c.Evidence), width-left-1)}
	}
	lines := []string{pointer + graded(grade, r.theme).Render(head) + name + "  " + evidence[0]}
	lines = append(lines, indent(evidence[1:], left)...)
	if !full {
		return lines
	}
	under := 2 + ansi.StringWidth(head)
	if c.Meaning != "" {
		lines = append(lines, indent(wrap(c.Meaning, width-under-1), under)...)
	}
	if c.Fix != "" {
		lines = append(lines, indent(labelled("fix", 6, c.Fix, width-under-1), under)...)
	}
	return lines
}
