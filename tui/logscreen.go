package tui

import (
	"fmt"
	"slices"
	"strings"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"mastodon-restore/workflow"
)

// logScreen is the log on the whole screen: long lines in full, to scroll and filter.
type logScreen struct {
	*scene
	typing bool
	page   int
}

func newLogScreen(s *scene) *logScreen { return &logScreen{scene: s} }

func (l *logScreen) Press(k tea.KeyMsg) effect {
	if l.typing {
		return l.pressFilter(k)
	}
	page := max(1, l.page-1)
	switch {
	case pressed(k, l.keys.follow):
		l.log.toggle()
	case pressed(k, l.keys.up):
		l.log.move(-1, l.page)
	case pressed(k, l.keys.down):
		l.log.move(1, l.page)
	case pressed(k, l.keys.pageUp):
		l.log.move(-page, l.page)
	case pressed(k, l.keys.pageDown):
		l.log.move(page, l.page)
	case pressed(k, l.keys.top):
		l.log.move(-l.log.len(), l.page)
	case pressed(k, l.keys.bottom):
		l.log.follow()
	case pressed(k, l.keys.filter):
		l.typing = true
	case pressed(k, l.keys.back) && l.log.filter.text != "":
		l.log.filter.text = ""
	case pressed(k, l.keys.back), pressed(k, l.keys.log), pressed(k, l.keys.leave):
		l.log.filter.text = ""
		l.log.follow()
		return shut
	default:
		return nil
	}
	return stay
}

func (l *logScreen) pressFilter(k tea.KeyMsg) effect {
	switch {
	case pressed(k, l.keys.take):
		l.typing = false
	case pressed(k, l.keys.back):
		l.typing, l.log.filter.text = false, ""
	default:
		l.log.filter.press(k, l.keys)
	}
	return stay
}

func (l *logScreen) Keys() []key.Binding {
	if l.typing {
		return []key.Binding{as(l.keys.take, "keep the filter"), as(l.keys.back, "show all")}
	}
	follow := l.keys.follow
	if l.log.held {
		follow = as(follow, "follow")
	}
	return []key.Binding{choosing("scroll"), follow, l.keys.filter, l.keys.top, l.keys.bottom, l.keys.back}
}

func (l *logScreen) Render(width, height int) []string {
	rows := height - 2
	l.page = rows
	text := logRows(l.log.tail(rows), width-2, rows, wholeLines, l.theme)
	return append([]string{" " + l.title(width), ""}, indent(text, 1)...)
}

func (l *logScreen) title(width int) string {
	left := l.theme.title.Render("Log")
	switch {
	case l.typing:
		left += "  only lines with: " + l.log.filter.text + "█"
	case l.log.filter.text != "":
		left += "  only lines with \"" + l.log.filter.text + "\""
	}
	return ends(left, l.theme.faint.Render(middle(l.state(), width/2)), width-2)
}

// state says whether new lines appear, and where the lines are that are no longer here.
func (l *logScreen) state() string {
	if l.log.held {
		return fmt.Sprintf("held, %s", plural(l.log.newer(), "newer line", "newer lines"))
	}
	return "following, all of it in " + l.opts.LogPath
}

const stampWidth = 11 // "15:04:05", and a gap with room for a mark

// How many rows of the screen a line of the log may take.
const (
	wholeLines = 0 // as many as it needs
	briefLines = 2
)

// logRows draws the last lines that have room in height rows.
func logRows(lines []workflow.Line, width, height, limit int, t theme) []string {
	var out []string
	for _, l := range slices.Backward(lines) {
		if out = append(logText(l, width, limit, t), out...); len(out) >= height {
			return out[len(out)-height:]
		}
	}
	return out
}

// logText draws one line with its time. What is more than limit rows is cut in its middle: lines
// that follow each other mostly differ at their ends.
func logText(l workflow.Line, width, limit int, t theme) []string {
	text := wrap(l.Text, width-stampWidth)
	if limit > 0 && len(text) > limit {
		rest := strings.Join(text[limit-1:], " ")
		text = append(text[:limit-1], middle(rest, width-stampWidth))
	}
	gutter, style := "   ", t.plain
	if l.Severity == workflow.SeverityWarns || l.Severity == workflow.SeverityBlocks {
		gutter, style = " "+mark(l.Severity)+" ", graded(l.Severity, t)
	}
	for i, s := range text {
		if i > 0 {
			gutter = "   "
		}
		head := t.faint.Render(l.Time.Format("15:04:05"))
		if i > 0 {
			head = spaces(stampWidth - len(gutter))
		}
		text[i] = head + style.Render(gutter+s)
	}
	return text
}
