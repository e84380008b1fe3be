package tui

import (
	"fmt"
	"slices"

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
	var text []string
	for _, line := range slices.Backward(l.log.tail(rows)) {
		text = append(logText(line, width-2, true, l.theme), text...)
		if len(text) >= rows {
			text = text[len(text)-rows:]
			break
		}
	}
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

// logText draws one line with its time: in full, or cut in its middle to one line of the screen,
// as lines that follow each other mostly differ at their ends.
func logText(l workflow.Line, width int, full bool, t theme) []string {
	text := []string{middle(l.Text, width-stampWidth)}
	if full {
		text = wrap(l.Text, width-stampWidth)
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
