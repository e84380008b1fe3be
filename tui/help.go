package tui

import (
	"slices"

	"github.com/charmbracelet/bubbles/key"
	"github.com/charmbracelet/x/ansi"
)

// newHelp lists the keys of the screen it was asked from, then those that work everywhere.
func newHelp(s *scene, from screen) *page {
	here := slices.DeleteFunc(from.Keys(), func(b key.Binding) bool { return b.Help().Key == s.keys.help.Help().Key })
	everywhere := []key.Binding{
		as(s.keys.explain, "what this step does, and how to do it by hand"),
		as(s.keys.log, "the log on the full screen"),
		as(s.keys.help, "this page"),
		as(s.keys.back, "back to where you were"),
		as(s.keys.redraw, s.keys.redraw.Help().Desc),
		as(s.keys.interrupt, "ask how to stop; stops nothing by itself"),
		as(s.keys.leave, "leave; asks first while something runs"),
	}
	return newPage(s, func(width int) []string {
		lines := []string{" " + s.theme.title.Render("Keys here")}
		lines = append(lines, keyLines(here, s.theme)...)
		lines = append(lines, "", " "+s.theme.title.Render("Keys everywhere"))
		lines = append(lines, keyLines(without(everywhere, here), s.theme)...)
		lines = append(lines, "")
		for _, l := range []struct{ name, text string }{
			{"Log file", s.opts.LogPath},
			{"Journal", s.opts.JournalPath},
			{"Go on later", s.opts.Resume},
			{"Version", s.opts.Version},
		} {
			if l.text != "" {
				lines = append(lines, indent(labelled(l.name, 14, l.text, width-4), 1)...)
			}
		}
		return lines
	})
}

// without leaves out the keys that mean something else on this screen.
func without(keys, taken []key.Binding) []key.Binding {
	return slices.DeleteFunc(slices.Clone(keys), func(b key.Binding) bool {
		return slices.ContainsFunc(taken, func(o key.Binding) bool { return o.Help().Key == b.Help().Key })
	})
}

func keyLines(keys []key.Binding, t theme) []string {
	var lines []string
	for _, b := range keys {
		h := b.Help()
		name := h.Key + spaces(11-ansi.StringWidth(h.Key))
		lines = append(lines, "   "+t.chosen.Render(name)+" "+h.Desc)
	}
	return lines
}
