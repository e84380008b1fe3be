package tui

import (
	"strings"

	"github.com/charmbracelet/lipgloss"
	"github.com/charmbracelet/x/ansi"

	"mastodon-restore/workflow"
)

const leastBar = 8

// progressLines draws a bar where the total is known and a count where it is not, and under each
// what is being worked on.
func progressLines(list []workflow.Progress, width int, t theme) []string {
	labels, amounts := 0, 0
	for _, p := range list {
		labels = max(labels, ansi.StringWidth(oneLine(p.Label)))
		amounts = max(amounts, ansi.StringWidth(amount(p)))
	}
	labels = min(labels, width*2/5)
	bar := width - labels - amounts - 4
	var lines []string
	for _, p := range list {
		label := pad(middle(oneLine(p.Label), labels), labels)
		switch {
		case p.Total > 0 && bar >= leastBar:
			lines = append(lines, label+"  "+drawBar(p, bar, t)+"  "+padLeft(amount(p), amounts))
		default:
			lines = append(lines, clip(label+"  "+amount(p), width))
		}
		if p.Total > 0 && p.Done >= p.Total {
			continue
		}
		for _, l := range nowLines(p, width-2) {
			lines = append(lines, "  "+t.faint.Render(l))
		}
	}
	return lines
}

// nowLines say what is being worked on and how fast: in one line where both have room.
func nowLines(p workflow.Progress, width int) []string {
	now, rate := oneLine(p.Now), pace(p)
	switch {
	case now == "" && rate == "":
		return nil
	case now == "":
		return []string{clip(rate, width)}
	case rate == "":
		return []string{middle("now "+now, width)}
	}
	if room := width - ansi.StringWidth(rate) - 2; room >= min(40, ansi.StringWidth(now)+4) {
		return []string{ends(middle("now "+now, room), rate, width)}
	}
	return []string{middle("now "+now, width), clip(rate, width)}
}

// drawBar is never full before the work is.
func drawBar(p workflow.Progress, width int, t theme) string {
	full := width
	if p.Done < p.Total {
		full = min(int(float64(width)*float64(max(0, p.Done))/float64(p.Total)), width-1)
	}
	return t.good.Render(strings.Repeat("█", full)) + t.faint.Render(strings.Repeat("░", width-full))
}

// stepMark is the sign before a step; the word or time behind it says the same.
func stepMark(s workflow.Status, t theme) (string, lipgloss.Style) {
	switch s {
	case workflow.StatusCompleted, workflow.StatusSatisfied:
		return "✓", t.good
	case workflow.StatusFailed:
		return "✗", t.bad
	case workflow.StatusInterrupted:
		return "!", t.warn
	case workflow.StatusSkipped, workflow.StatusDeclined:
		return "–", t.faint
	case workflow.StatusPending:
		return " ", t.plain
	}
	return "▸", t.chosen
}
