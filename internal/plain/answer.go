package plain

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"mastodon-restore/workflow"
)

// Quit is the option of an answer when the person typed q.
const Quit = "quit"

// Accept is the option of an answer that accepts checks and chooses nothing yet: the review is asked
// again, with the checks as they stand then.
const Accept = "accept"

// defaultOf is the index of the option an empty line takes, or -1.
func defaultOf(q workflow.Question) int {
	if q.Kind == workflow.KindConsent || q.Default == "" {
		return -1
	}
	return slices.IndexFunc(q.Options, func(o workflow.Option) bool { return o.ID == q.Default && o.Unavailable == "" })
}

// understand makes an answer of a line, or finds the card that was asked for; an error says to the
// person why the line is no answer.
func understand(q workflow.Question, line string) (a workflow.Answer, more []workflow.Field, err error) {
	if q.Kind == workflow.KindConsent && line == q.Expect && line != "" {
		return workflow.Answer{Text: line}, nil, nil
	}
	if line == "" {
		return empty(q)
	}
	if card, ok := cardOf(q, line); ok {
		return workflow.Answer{}, card, nil
	}
	if i := optionOf(q, line); i >= 0 {
		if o := q.Options[i]; o.Unavailable != "" {
			return workflow.Answer{}, nil, fmt.Errorf("%d can't be taken: %s", i+1, oneLine(o.Unavailable))
		}
		return workflow.Answer{Option: q.Options[i].ID}, nil, nil
	}
	if strings.EqualFold(line, "q") || strings.EqualFold(line, Quit) {
		return workflow.Answer{Option: Quit}, nil, nil
	}
	switch q.Kind {
	case workflow.KindReview:
		a, err := accepted(q, line)
		return a, nil, err
	case workflow.KindConsent:
		return workflow.Answer{}, nil, fmt.Errorf("%q is not %q; nothing has been agreed to", line, q.Expect)
	}
	return workflow.Answer{}, nil, fmt.Errorf("%q is none of the choices", line)
}

func empty(q workflow.Question) (workflow.Answer, []workflow.Field, error) {
	if i := defaultOf(q); i >= 0 {
		return workflow.Answer{Option: q.Options[i].ID}, nil, nil
	}
	return workflow.Answer{}, nil, errors.New("an empty line is no answer here")
}

// optionOf finds an option by its number, key or ID; -1 for none.
func optionOf(q workflow.Question, line string) int {
	if n, err := strconv.Atoi(line); err == nil && n >= 1 && n <= len(q.Options) {
		return n - 1
	}
	return slices.IndexFunc(q.Options, func(o workflow.Option) bool {
		return line == o.Key || strings.EqualFold(line, o.ID)
	})
}

// cardOf finds the card that "i 2" asks for.
func cardOf(q workflow.Question, line string) ([]workflow.Field, bool) {
	number, ok := strings.CutPrefix(line, "i ")
	if !ok {
		return nil, false
	}
	i := optionOf(q, strings.TrimSpace(number))
	if i < 0 || len(q.Options[i].Card) == 0 {
		return nil, false
	}
	return q.Options[i].Card, true
}

// accepted reads the names of checks. One that is not in the list, or is well, accepts nothing:
// a slip of the finger must not pass for consent.
func accepted(q workflow.Question, line string) (workflow.Answer, error) {
	var ids []string
	for _, id := range strings.FieldsFunc(line, func(r rune) bool { return r == ',' || r == ' ' }) {
		i := slices.IndexFunc(q.Checks, func(c workflow.Check) bool { return c.ID == id })
		switch {
		case i < 0:
			return workflow.Answer{}, fmt.Errorf("%q is neither a choice nor the name of a check", id)
		case q.Checks[i].Severity == workflow.SeverityOK || q.Checks[i].Severity == workflow.SeverityInfo:
			return workflow.Answer{}, fmt.Errorf("check %q needs no acceptance", id)
		case q.Checks[i].Firm && q.Checks[i].Severity == workflow.SeverityBlocks:
			return workflow.Answer{}, fmt.Errorf("check %q can't be accepted: the restore could not go on", id)
		}
		ids = append(ids, id)
	}
	if len(ids) == 0 {
		return workflow.Answer{}, fmt.Errorf("%q is none of the choices", line)
	}
	return workflow.Answer{Option: Accept, Accept: ids}, nil
}

// blocks says that a check stands in the way, unaccepted.
func blocks(c workflow.Check) bool {
	return c.Severity == workflow.SeverityBlocks && !c.Accepted
}

// acceptable names the checks that block and may be accepted.
func acceptable(checks []workflow.Check) string {
	var names []string
	for _, c := range checks {
		if blocks(c) && !c.Firm {
			names = append(names, c.ID)
		}
	}
	return strings.Join(names, ", ")
}
