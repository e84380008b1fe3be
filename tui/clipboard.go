package tui

import (
	"io"
	"strings"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/x/ansi"

	"mastodon-restore/workflow"
)

// copied is how putting text on the clipboard went.
type copied struct{ err error }

// copyText asks the terminal to put text on the clipboard (OSC 52), which also works over SSH.
// Nobody says whether it did: some terminals forbid it.
func copyText(text string) effect {
	return func(m *model) tea.Cmd {
		out := m.opts.Out
		return func() tea.Msg {
			_, err := io.WriteString(out, ansi.SetSystemClipboard(text))
			return copied{err}
		}
	}
}

// cardText is a failure for a bug report or a chat.
func cardText(f workflow.Failure) string {
	var b strings.Builder
	for _, part := range []struct{ name, text string }{
		{"Stopped: ", f.Summary}, {"", f.First}, {"What it means: ", f.Meaning}, {"State now: ", f.World},
	} {
		if part.text != "" {
			b.WriteString(part.name + part.text + "\n")
		}
	}
	for _, e := range f.Evidence {
		b.WriteString("  " + e + "\n")
	}
	return b.String()
}
