package tui

import (
	"fmt"
	"slices"
	"strings"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"mastodon-restore/workflow"
)

// review is a list of checks: what blocks first, then what warns, each with what to do about it.
// It lets nobody past a check that blocks, unless that check was accepted by its name.
type review struct {
	*scene
	q        workflow.Question
	cursor   string // the check's ID
	accepted []string
	naming   bool
	name     typing
	scroll   scroll
	moved    bool // the cursor, since it was last drawn
}

func newReview(s *scene, q workflow.Question) *review {
	r := &review{scene: s}
	r.refresh(q)
	return r
}

func (r *review) refresh(q workflow.Question) {
	r.q = q
	r.q.Checks = slices.Clone(q.Checks)
	slices.SortStableFunc(r.q.Checks, func(a, b workflow.Check) int { return weight(a) - weight(b) })
	if r.at() < 0 && len(q.Checks) > 0 {
		r.cursor = r.q.Checks[0].ID
	}
}

func weight(c workflow.Check) int {
	switch c.Severity {
	case workflow.SeverityBlocks:
		return 0
	case workflow.SeverityWarns:
		return 1
	case workflow.SeverityInfo:
		return 2
	}
	return 3
}

func (r *review) at() int {
	return slices.IndexFunc(r.q.Checks, func(c workflow.Check) bool { return c.ID == r.cursor })
}

func (r *review) isAccepted(c workflow.Check) bool {
	return c.Accepted || slices.Contains(r.accepted, c.ID)
}

// blocking are the checks that stand in the way, those first that can't be accepted, and the
// others alone.
func (r *review) blocking() (all, acceptable []string) {
	for _, c := range r.q.Checks {
		if c.Severity != workflow.SeverityBlocks || r.isAccepted(c) {
			continue
		}
		if c.Firm {
			all = slices.Insert(all, 0, c.ID)
			continue
		}
		all, acceptable = append(all, c.ID), append(acceptable, c.ID)
	}
	return all, acceptable
}

func (r *review) blocked() bool {
	all, _ := r.blocking()
	return len(all) > 0
}

func (r *review) Press(k tea.KeyMsg) effect {
	if r.naming {
		return r.pressName(k)
	}
	if o, ok := optionFor(k, r.q.Options, ""); ok {
		return r.takeOption(o)
	}
	switch {
	case pressed(k, r.keys.up):
		return r.move(-1)
	case pressed(k, r.keys.down):
		return r.move(1)
	case pressed(k, r.keys.top):
		return r.move(-len(r.q.Checks))
	case pressed(k, r.keys.bottom):
		return r.move(len(r.q.Checks))
	case pressed(k, r.keys.pageUp), pressed(k, r.keys.pageDown):
		r.scroll.press(k, r.keys)
		return stay
	case pressed(k, r.keys.accept):
		return r.beginNaming()
	case pressed(k, r.keys.back):
		return goBack(r.q.Options)
	case pressed(k, r.keys.take):
		return r.goOn()
	}
	return nil
}

func (r *review) move(by int) effect {
	if at := r.at(); at >= 0 {
		r.cursor = r.q.Checks[min(max(at+by, 0), len(r.q.Checks)-1)].ID
	}
	r.moved = true
	return stay
}

func (r *review) beginNaming() effect {
	switch all, acceptable := r.blocking(); {
	case len(all) == 0:
		return say("Nothing blocks: there is nothing to accept.")
	case len(acceptable) == 0:
		return say("What blocks here can't be accepted: the run could not go on. Mend it and check again.")
	}
	r.naming, r.name.text = true, ""
	return stay
}

// pressName is a key while a check's name is typed.
func (r *review) pressName(k tea.KeyMsg) effect {
	switch {
	case pressed(k, r.keys.back):
		r.naming = false
	case pressed(k, r.keys.take):
		r.naming = false
		return r.acceptNamed(strings.TrimSpace(r.name.text))
	default:
		r.name.press(k, r.keys)
	}
	return stay
}

func (r *review) acceptNamed(id string) effect {
	if id == "" {
		return stay
	}
	all, acceptable := r.blocking()
	switch {
	case !slices.Contains(all, id):
		return say(fmt.Sprintf("No check that blocks is named %q. Nothing was accepted.", id))
	case !slices.Contains(acceptable, id):
		return say(id + " can't be accepted: the run could not go on.")
	}
	r.accepted = append(r.accepted, id)
	r.cursor, r.moved = id, true
	return say("You accepted " + id + ". The run's journal will say so.")
}

// advance is the option that goes on from here: the one called so, or the first that needs no key.
func (r *review) advance() workflow.Option {
	if o, ok := option(r.q.Options, "go"); ok {
		return o
	}
	for _, o := range r.q.Options {
		if o.Key == "" && o.ID != backOption && o.ID != quitOption {
			return o
		}
	}
	return workflow.Option{}
}

func (r *review) goOn() effect {
	if r.q.Updating {
		return say("The checks are not finished yet.")
	}
	if all, acceptable := r.blocking(); len(all) > 0 {
		way := "Mend it and check again, or accept it by name."
		if len(acceptable) < len(all) {
			way = "It can't be accepted: mend it and check again."
		}
		return say(all[0] + " blocks. " + way)
	}
	// The option may have been unavailable for what blocked before it was accepted.
	return reply(workflow.Answer{Option: r.advance().ID, Accept: r.accepted})
}

// takeOption answers with an option and everything accepted so far. The one that goes on is
// subject to what blocks, whatever key it has.
func (r *review) takeOption(o workflow.Option) effect {
	switch {
	case o.ID == r.advance().ID:
		return r.goOn()
	case o.Unavailable != "":
		return take(o)
	}
	return reply(workflow.Answer{Option: o.ID, Accept: r.accepted})
}

func (r *review) Keys() []key.Binding {
	if r.naming {
		return []key.Binding{as(r.keys.take, "accept this check"), as(r.keys.back, "accept nothing")}
	}
	out := []key.Binding{choosing("look")}
	if !r.blocked() && !r.q.Updating {
		does := oneLine(r.advance().Label)
		if does == "" {
			does = "go on"
		}
		out = append(out, as(r.keys.take, does))
	} else if _, acceptable := r.blocking(); len(acceptable) > 0 {
		out = append(out, r.keys.accept)
	}
	out = append(out, keyed(r.q.Options, "")...)
	if _, ok := option(r.q.Options, backOption); ok {
		out = append(out, r.keys.back)
	}
	return append(out, r.keys.explain, r.keys.leave, r.keys.help)
}
