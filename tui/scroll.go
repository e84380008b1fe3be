package tui

import (
	"fmt"

	tea "github.com/charmbracelet/bubbletea"
)

// scroll is a window on lines that may be more than there is room for.
type scroll struct {
	top    int
	height int // rows of text the last window had
	length int // lines there were
}

// window returns the lines to show. When there are more, the last row says how many.
func (s *scroll) window(lines []string, height int, t theme) []string {
	s.length = len(lines)
	if len(lines) <= height {
		s.top, s.height = 0, height
		return lines
	}
	s.height = max(1, height-1)
	s.top = min(max(s.top, 0), len(lines)-s.height)
	shown := append([]string(nil), lines[s.top:s.top+s.height]...)
	return append(shown, " "+t.faint.Render(s.where()))
}

func (s *scroll) where() string {
	above, below := s.top, s.length-s.top-s.height
	switch {
	case above == 0:
		return fmt.Sprintf("↓ %s below", plural(below, "more line", "more lines"))
	case below == 0:
		return fmt.Sprintf("↑ %s above", plural(above, "more line", "more lines"))
	}
	return fmt.Sprintf("↑ %d above, ↓ %d below", above, below)
}

// end says that the last line has been on screen.
func (s *scroll) end() bool { return s.top+s.height >= s.length }

// show moves the window, height rows high, so that the lines from..to are in it; if not all of
// them fit, the first ones.
func (s *scroll) show(from, to, height int) {
	rows := max(1, height-1)
	if to > s.top+rows {
		s.top = to - rows
	}
	if from < s.top {
		s.top = from
	}
}

// press moves the window; it returns false for other keys.
func (s *scroll) press(k tea.KeyMsg, keys keymap) bool {
	page := max(1, s.height-1)
	switch {
	case pressed(k, keys.up):
		s.top--
	case pressed(k, keys.down):
		s.top++
	case pressed(k, keys.pageUp):
		s.top -= page
	case pressed(k, keys.pageDown):
		s.top += page
	case pressed(k, keys.top):
		s.top = 0
	case pressed(k, keys.bottom):
		s.top = s.length
	default:
		return false
	}
	s.top = max(0, min(s.top, s.length-s.height))
	return true
}
