package tui

import (
	"io"

	"github.com/charmbracelet/lipgloss"
	"github.com/muesli/termenv"

	"mastodon-restore/workflow"
)

// theme is every style there is. Colours are the terminal's own sixteen, so that they suit the
// person's light or dark background.
type theme struct {
	plain    lipgloss.Style
	title    lipgloss.Style // what the screen is about
	faint    lipgloss.Style // what may be overlooked
	chosen   lipgloss.Style // where the cursor is, and keys
	real     lipgloss.Style
	practice lipgloss.Style
	good     lipgloss.Style
	warn     lipgloss.Style
	bad      lipgloss.Style
}

func newTheme(out io.Writer, noColor bool) theme {
	r := lipgloss.NewRenderer(out)
	if noColor {
		r.SetColorProfile(termenv.Ascii)
	}
	color := func(c string) lipgloss.Style { return r.NewStyle().Foreground(lipgloss.Color(c)) }
	badge := func(c string) lipgloss.Style {
		return r.NewStyle().Bold(true).Foreground(lipgloss.Color("15")).Background(lipgloss.Color(c))
	}
	return theme{
		plain:    r.NewStyle(),
		title:    r.NewStyle().Bold(true),
		faint:    r.NewStyle().Faint(true),
		chosen:   color("6").Bold(true),
		real:     badge("1"),
		practice: badge("2"),
		good:     color("2"),
		warn:     color("3"),
		bad:      color("1").Bold(true),
	}
}

// graded is the style of a severity.
func graded(s workflow.Severity, t theme) lipgloss.Style {
	switch s {
	case workflow.SeverityBlocks:
		return t.bad
	case workflow.SeverityWarns:
		return t.warn
	case workflow.SeverityOK:
		return t.good
	}
	return t.faint
}
