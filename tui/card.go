package tui

import (
	"github.com/charmbracelet/x/ansi"

	"mastodon-restore/workflow"
)

// card describes one option: a heading, then its fields under one another.
func (c *choose) card(o workflow.Option, width int) []string {
	lines := []string{" " + c.theme.title.Render(middle(oneLine(o.Label), width-2))}
	if o.Unavailable != "" {
		for _, l := range wrap("Can't be taken: "+o.Unavailable, width-4) {
			lines = append(lines, "   "+c.theme.warn.Render(l))
		}
	}
	return append(lines, fields(o.Card, width, c.theme)...)
}

// fields draws names in one column and values, wrapped, beside them.
func fields(list []workflow.Field, width int, t theme) []string {
	names := 0
	for _, f := range list {
		names = max(names, ansi.StringWidth(oneLine(f.Name)))
	}
	names = min(names, width/3)
	var lines []string
	for _, f := range list {
		for i, l := range labelled(oneLine(f.Name), names+3, f.Value, width-5) {
			lines = append(lines, "   "+levelled(l, f.Level, i == 0, names+1, t))
		}
	}
	return lines
}

// levelled colours a line that needs attention and, on the first of several, puts the mark into
// the gap at column at.
func levelled(l string, s workflow.Severity, first bool, at int, t theme) string {
	if s != workflow.SeverityWarns && s != workflow.SeverityBlocks {
		return l
	}
	if first {
		l = ansi.Truncate(l, at, "") + mark(s) + ansi.TruncateLeft(l, at+1, "")
	}
	return graded(s, t).Render(l)
}
