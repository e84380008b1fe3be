package plain

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"sync"

	"mastodon-restore/workflow"
)

// Quit is the option an answer carries when the person typed q.
const Quit = "quit"

// Prompt is the operator of the plain face: it asks on Out and reads lines from In. Ask is called
// by one goroutine at a time.
type Prompt struct {
	In  io.Reader
	Out io.Writer
	// Text, when there is one, tells what happened until now before a question is asked, keeps
	// quiet until the answer, and leaves questions to the prompt.
	Text *Text

	once  sync.Once
	input chan input
}

// input is one line, or why there are no more.
type input struct {
	line string
	err  error
}

// Ask puts q until it has a valid answer. The end of the input is an error wrapping
// [workflow.ErrNoAnswer]; a default is only taken by an empty line, and never for a consent.
func (p *Prompt) Ask(ctx context.Context, q workflow.Question) (workflow.Answer, error) {
	if err := ctx.Err(); err != nil {
		return workflow.Answer{}, err
	}
	if p.Text != nil {
		defer p.Text.hold(q.ID)()
	}
	p.once.Do(func() {
		p.input = make(chan input)
		go read(p.In, p.input)
	})
	p.show(q)
	for {
		p.say("%s", howTo(q))
		line, err := p.line(ctx, q)
		if err != nil {
			return workflow.Answer{}, err
		}
		a, more, err := understand(q, line)
		switch {
		case err != nil:
			p.say("%s", sentence(upperFirst(err.Error())))
		case more != nil:
			writeFields(p.say, "  ", more)
		default:
			a.Question = q.ID
			return a, nil
		}
	}
}

// show says the question; what the Text has told already is not said twice.
func (p *Prompt) show(q workflow.Question) {
	if q.Failure != nil {
		// The card's actions are the options: numbered once is enough.
		if p.Text == nil {
			writeFailure(p.say, *q.Failure)
		}
		if len(q.Failure.Actions) == len(q.Options) {
			return
		}
	}
	if p.Text != nil {
		q.Checks = p.Text.untold(q.Checks)
	}
	writeQuestion(p.say, q)
}

func (p *Prompt) say(format string, args ...any) { fmt.Fprintf(p.Out, format+"\n", args...) }

func (p *Prompt) line(ctx context.Context, q workflow.Question) (string, error) {
	select {
	case <-ctx.Done():
		return "", ctx.Err()
	case i, open := <-p.input:
		if !open {
			return "", noAnswer(q, "the input has ended")
		}
		if i.err != nil {
			return "", noAnswer(q, i.err.Error())
		}
		return strings.TrimSpace(workflow.CleanLine(i.line)), nil
	}
}

// read hands on whole lines. A last line without its end is not an answer: the connection may
// have been lost in the middle of it.
func read(from io.Reader, to chan<- input) {
	defer close(to)
	r := bufio.NewReaderSize(from, 4096)
	for {
		line, err := r.ReadSlice('\n')
		switch {
		case err == nil:
			to <- input{line: string(line)}
		case errors.Is(err, io.EOF) && len(line) == 0:
			return
		case errors.Is(err, io.EOF):
			to <- input{err: errors.New("the input ended in the middle of a line")}
			return
		default:
			to <- input{err: fmt.Errorf("read the answer: %w", err)}
			return
		}
	}
}

// howTo says what can be typed, and the flag that would have answered.
func howTo(q workflow.Question) string {
	var ways []string
	switch {
	case q.Kind == workflow.KindConsent:
		ways = append(ways, fmt.Sprintf("To go on, type %s", q.Expect))
	case len(q.Options) == 1:
		ways = append(ways, "Type 1")
	case len(q.Options) > 1:
		ways = append(ways, fmt.Sprintf("Type a number from 1 to %d", len(q.Options)))
	}
	if q.Kind == workflow.KindReview {
		ways = append(ways, "type the names of checks to accept them")
	}
	if slices.ContainsFunc(q.Options, func(o workflow.Option) bool { return len(o.Card) > 0 }) {
		ways = append(ways, "i and a number to hear more")
	}
	ways = append(ways, "q to stop")
	text := upperFirst(strings.Join(ways, ", or ")) + "."
	if d := defaultOf(q); d >= 0 {
		text += fmt.Sprintf(" Enter alone takes %s.", optionName(q.Options[d], d))
	}
	if q.Flag != "" {
		text += " A flag does the same: " + q.Flag
	}
	return text
}

func optionName(o workflow.Option, i int) string {
	if o.Label == "" {
		return strconv.Itoa(i + 1)
	}
	return fmt.Sprintf("%d, %s", i+1, oneLine(o.Label))
}

func upperFirst(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

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
		accept, err := accepted(q, line)
		return workflow.Answer{Accept: accept}, nil, err
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
func accepted(q workflow.Question, line string) ([]string, error) {
	var ids []string
	for _, id := range strings.FieldsFunc(line, func(r rune) bool { return r == ',' || r == ' ' }) {
		i := slices.IndexFunc(q.Checks, func(c workflow.Check) bool { return c.ID == id })
		switch {
		case i < 0:
			return nil, fmt.Errorf("%q is neither a choice nor the name of a check", id)
		case q.Checks[i].Severity == workflow.SeverityOK || q.Checks[i].Severity == workflow.SeverityInfo:
			return nil, fmt.Errorf("check %q needs no acceptance", id)
		}
		ids = append(ids, id)
	}
	if len(ids) == 0 {
		return nil, fmt.Errorf("%q is none of the choices", line)
	}
	return ids, nil
}

// hold tells what there is to tell, then keeps the text quiet until the returned function is
// called. The question with this ID is the prompt's to show.
func (t *Text) hold(question string) (release func()) {
	t.mu.Lock()
	t.catchUp()
	t.prompted = question
	return t.mu.Unlock
}

// untold leaves out the checks that were told as they came.
func (t *Text) untold(checks []workflow.Check) []workflow.Check {
	if t.told.Current < 0 || t.told.Current >= len(t.told.Steps) {
		return checks
	}
	told := t.told.Steps[t.told.Current].Checks
	return slices.DeleteFunc(slices.Clone(checks), func(c workflow.Check) bool { return slices.Contains(told, c) })
}
