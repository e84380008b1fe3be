package tui

import (
	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"
)

// page is text to read and scroll, over the main screen.
type page struct {
	*scene
	scroll scroll
	text   func(width int) []string
}

func newPage(s *scene, text func(width int) []string) *page { return &page{scene: s, text: text} }

func (p *page) Render(width, height int) []string {
	return p.scroll.window(p.text(min(width, readable)), height, p.theme)
}

func (p *page) Press(k tea.KeyMsg) effect {
	if p.scroll.press(k, p.keys) {
		return stay
	}
	if pressed(k, p.keys.take) {
		return shut
	}
	return nil
}

func (p *page) Keys() []key.Binding { return []key.Binding{choosing("scroll"), p.keys.back} }
