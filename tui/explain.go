package tui

import (
	"fmt"

	"mastodon-restore/workflow"
)

// newExplanation tells about the step at work, or the one the run ended in: why it is there, how
// to do it by hand, what can go wrong, how to undo it.
func newExplanation(s *scene) *page {
	return newPage(s, func(width int) []string {
		step, ok := s.step()
		if !ok {
			return []string{"", " The run has not begun its first step."}
		}
		title := fmt.Sprintf("Step %d of %d: %s", s.shot.Current+1, len(s.shot.Steps), oneLine(step.Title))
		return append([]string{" " + s.theme.title.Render(clip(title, width-2))}, explained(step.Explain, width, s.theme)...)
	})
}

func explained(e workflow.Explain, width int, t theme) []string {
	var lines []string
	for _, part := range []struct{ name, text string }{
		{"Why", e.Why},
		{"By hand", e.ByHand},
		{"What can go wrong", e.Risk},
		{"How to undo it", e.Undo},
	} {
		if part.text == "" {
			continue
		}
		lines = append(lines, "", " "+t.title.Render(part.name))
		lines = append(lines, indent(wrap(part.text, width-5), 3)...)
	}
	if lines == nil {
		lines = []string{"", " Nothing more is written about this step."}
	}
	return lines
}
