package tui

import (
	"strings"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"mastodon-restore/workflow"
)

// keymap is every key of the program, so that a screen's footer and its behaviour agree.
type keymap struct {
	up, down, pageUp, pageDown, top, bottom key.Binding
	take, back, erase, eraseAll             key.Binding
	details, filter, accept                 key.Binding
	log, follow, explain, evidence, copy    key.Binding
	help, leave, interrupt, suspend, redraw key.Binding
}

func newKeymap() keymap {
	return keymap{
		up:        bind("↑", "up", "up", "k"),
		down:      bind("↓", "down", "down", "j"),
		pageUp:    bind("pgup", "a page up", "pgup", "ctrl+b"),
		pageDown:  bind("pgdn", "a page down", "pgdown", "ctrl+f"),
		top:       bind("home", "to the beginning", "home", "g"),
		bottom:    bind("end", "to the end", "end", "G"),
		take:      bind("enter", "take it", "enter"),
		back:      bind("esc", "back", "esc"),
		erase:     bind("backspace", "take one letter back", "backspace", "ctrl+h"),
		eraseAll:  bind("ctrl+u", "empty the line", "ctrl+u"),
		details:   bind("i", "details", "i"),
		filter:    bind("/", "filter", "/"),
		accept:    bind("a", "accept a check by name", "a"),
		log:       bind("l", "log", "l"),
		follow:    bind("space", "hold the log", " "),
		explain:   bind("e", "explain", "e"),
		evidence:  bind("e", "evidence", "e"),
		copy:      bind("y", "copy", "y"),
		help:      bind("?", "help", "?"),
		leave:     bind("q", "leave", "q"),
		interrupt: bind("ctrl+c", "stop…", "ctrl+c"),
		suspend:   bind("ctrl+z", "suspend", "ctrl+z"),
		redraw:    bind("ctrl+l", "draw the screen anew", "ctrl+l"),
	}
}

func bind(name, does string, keys ...string) key.Binding {
	return key.NewBinding(key.WithKeys(keys...), key.WithHelp(name, does))
}

// as is the binding under other words: the same key does different things on different screens.
func as(b key.Binding, does string) key.Binding {
	b.SetHelp(b.Help().Key, does)
	return b
}

func pressed(k tea.KeyMsg, b key.Binding) bool { return key.Matches(k, b) }

// choosing is the footer's name for both arrows.
func choosing(does string) key.Binding { return bind("↑↓", does, "up", "down") }

// quitOption is the option by which every question can be left. It has no key here: leaving is asked
// for in words first.
const quitOption = "quit"

// backOption is the one that goes a question back.
const backOption = "back"

// keyed returns the options that have a key of their own, as bindings with prefix before it.
func keyed(options []workflow.Option, prefix string) []key.Binding {
	var out []key.Binding
	for _, o := range options {
		if o.Key != "" && o.ID != quitOption {
			out = append(out, bind(prefix+o.Key, oneLine(o.Label), prefix+o.Key))
		}
	}
	return out
}

// optionFor finds the option whose key, after prefix, was pressed.
func optionFor(k tea.KeyMsg, options []workflow.Option, prefix string) (workflow.Option, bool) {
	for _, o := range options {
		if o.Key != "" && o.ID != quitOption && k.String() == prefix+o.Key {
			return o, true
		}
	}
	return workflow.Option{}, false
}

// option finds an option by its ID.
func option(options []workflow.Option, id string) (workflow.Option, bool) {
	for _, o := range options {
		if o.ID == id {
			return o, true
		}
	}
	return workflow.Option{}, false
}

// take answers with an option, or says why it can't be taken.
func take(o workflow.Option) effect {
	if o.Unavailable != "" {
		return say("Not possible: " + oneLine(o.Unavailable))
	}
	return reply(workflow.Answer{Option: o.ID})
}

// goBack answers with the option that goes back, if the question has one.
func goBack(options []workflow.Option) effect {
	if o, ok := option(options, backOption); ok {
		return take(o)
	}
	return say("There is nothing to go back to from here. ctrl+c leaves.")
}

// typing is a line of text being typed.
type typing struct{ text string }

// press returns false for a key that is not part of typing.
func (t *typing) press(k tea.KeyMsg, keys keymap) bool {
	switch {
	case k.Type == tea.KeyRunes && !k.Alt, k.Type == tea.KeySpace:
		t.text += strings.ReplaceAll(workflow.CleanLine(string(k.Runes)), "\n", "")
	case pressed(k, keys.erase):
		if r := []rune(t.text); len(r) > 0 {
			t.text = string(r[:len(r)-1])
		}
	case pressed(k, keys.eraseAll):
		t.text = ""
	default:
		return false
	}
	return true
}
