package plain

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"

	"mastodon-restore/workflow"
)

// Prompt is the operator of the plain face: it asks on Out and reads lines from In. Ask is called
// by one goroutine at a time.
type Prompt struct {
	In  io.Reader
	Out io.Writer
	// Text, when there is one, tells what happened until now before a question is asked, is quiet
	// about progress until the answer, and leaves questions to the prompt.
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
			p.say("\n%s", sentence(oneLine(q.Title)))
			writeFailure(p.say, *q.Failure)
		}
		if len(q.Failure.Actions) == len(q.Options) {
			return
		}
	}
	if p.Text != nil {
		told := q.Forecast != nil
		q = p.Text.untold(q)
		if told && q.Forecast == nil && len(q.Options) == 0 {
			return
		}
	}
	writeQuestion(p.say, q)
}

func (p *Prompt) say(format string, args ...any) { fmt.Fprintf(p.Out, format+"\n", args...) }

// line waits for one line. Meanwhile the text may speak, as it must when a run is told to stop.
func (p *Prompt) line(ctx context.Context, q workflow.Question) (string, error) {
	if p.Text != nil {
		p.Text.mu.Unlock()
		defer p.Text.mu.Lock()
	}
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
	if names := acceptable(q.Checks); names != "" {
		ways = append(ways, "type the names of what you accept ("+names+")")
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

// hold tells what there is to tell and locks the text until the returned function is called. The
// question with this ID is the prompt's to show.
func (t *Text) hold(question string) (release func()) {
	t.mu.Lock()
	t.catchUp()
	t.prompted, t.asking = question, true
	return func() {
		t.asking = false
		t.mu.Unlock()
	}
}

// untold leaves out the forecast and the checks that were told as they came.
func (t *Text) untold(q workflow.Question) workflow.Question {
	if reflect.DeepEqual(q.Forecast, t.told.Forecast) {
		q.Forecast = nil
	}
	if t.told.Current >= 0 && t.told.Current < len(t.told.Steps) {
		told := t.told.Steps[t.told.Current].Checks
		q.Checks = slices.DeleteFunc(slices.Clone(q.Checks), func(c workflow.Check) bool { return slices.Contains(told, c) })
	}
	return q
}
