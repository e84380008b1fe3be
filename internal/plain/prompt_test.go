package plain

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"mastodon-restore/workflow"
)

// decideQuestion is what the engine asks about a card.
func decideQuestion() workflow.Question {
	card := indexCard()
	q := workflow.Question{ID: "failure", Kind: workflow.KindDecide, Title: card.Summary, Failure: card}
	for _, a := range card.Actions {
		q.Options = append(q.Options, workflow.Option{ID: a.ID, Label: a.Label})
	}
	return q
}

func firm() workflow.Question {
	q := reviewQuestion()
	q.Checks = append(q.Checks, workflow.Check{ID: "claims", Severity: workflow.SeverityBlocks, Firm: true, Evidence: "not bound"})
	return q
}

// without is q with something changed.
func without(q workflow.Question, change func(*workflow.Question)) workflow.Question {
	change(&q)
	return q
}

func TestPromptUnderstands(t *testing.T) {
	noDefault := without(setQuestion(), func(q *workflow.Question) { q.Default = "" })
	badDefault := without(setQuestion(), func(q *workflow.Question) { q.Default = "old" })
	pushy := without(consentQuestion(), func(q *workflow.Question) {
		q.Options = []workflow.Option{{ID: "back", Key: "b", Label: "back to the checks"}}
		q.Default = "back"
	})
	tests := map[string]struct {
		q     workflow.Question
		typed string
		want  workflow.Answer
		says  []string
	}{
		"a number":                    {q: setQuestion(), typed: "1\n", want: workflow.Answer{Option: "new"}},
		"a number with spaces":        {q: setQuestion(), typed: "  1 \r\n", want: workflow.Answer{Option: "new"}},
		"an option's name":            {q: setQuestion(), typed: "New\n", want: workflow.Answer{Option: "new"}},
		"an option's key":             {q: reviewQuestion(), typed: "r\n", want: workflow.Answer{Option: "again"}},
		"an empty line, by default":   {q: setQuestion(), typed: "\n", want: workflow.Answer{Option: "new"}, says: []string{"Enter alone takes 1."}},
		"q":                           {q: setQuestion(), typed: "q\n", want: workflow.Answer{Option: "quit"}},
		"q for a consent":             {q: consentQuestion(), typed: "Q\n", want: workflow.Answer{Option: "quit"}},
		"q where the question has it": {q: reviewQuestion(), typed: "q\n", want: workflow.Answer{Option: "quit"}},
		"the domain":                  {q: consentQuestion(), typed: "example.social\n", want: workflow.Answer{Text: "example.social"}},
		"an action":                   {q: decideQuestion(), typed: "2\n", want: workflow.Answer{Option: "leave"}},
		"the names of checks": {
			q: firm(), typed: "db-createdb, probe\n", want: workflow.Answer{Option: Accept, Accept: []string{"db-createdb", "probe"}},
		},
		"not a number that is not there, and asks again": {
			q: setQuestion(), typed: "3\n0\n-1\n1\n", want: workflow.Answer{Option: "new"},
			says: []string{`"3" is none of the choices.`, `"0" is none`, `"-1" is none`},
		},
		"not an option that can't be taken": {
			q: setQuestion(), typed: "2\nold\n1\n", want: workflow.Answer{Option: "new"},
			says: []string{"2 can't be taken: system_accounts.tar.gz ends early."},
		},
		"not an empty line without a default": {
			q: noDefault, typed: "\n1\n", want: workflow.Answer{Option: "new"}, says: []string{"An empty line is no answer here."},
		},
		"not a default that can't be taken": {
			q: badDefault, typed: "\n1\n", want: workflow.Answer{Option: "new"}, says: []string{"An empty line is no answer here."},
		},
		"not an empty line for a consent, whatever the default": {
			q: pushy, typed: "\nb\n", want: workflow.Answer{Option: "back"}, says: []string{"An empty line is no answer here."},
		},
		"not another domain, nor yes": {
			q: consentQuestion(), typed: "yes\nexample.socia\nEXAMPLE.social\nexample.social\n", want: workflow.Answer{Text: "example.social"},
			says: []string{`"yes" is not "example.social"; nothing has been agreed to.`, `"EXAMPLE.social" is not`},
		},
		"not the name of no check": {
			q: reviewQuestion(), typed: "db-creatdb\n,\nagain\n", want: workflow.Answer{Option: "again"},
			says: []string{`"db-creatdb" is neither a choice nor the name of a check.`, `"," is none of the choices.`},
		},
		"not the name of a check that is well": {
			q: reviewQuestion(), typed: "permissions\nr\n", want: workflow.Answer{Option: "again"},
			says: []string{`Check "permissions" needs no acceptance.`},
		},
		"not the name of a check that nobody may accept": {
			q: firm(), typed: "db-createdb claims\nr\n", want: workflow.Answer{Option: "again"},
			says: []string{`Check "claims" can't be accepted: the restore could not go on.`},
		},
		"a wish to hear more": {
			q: setQuestion(), typed: "i 1\ni 2\ni\n1\n", want: workflow.Answer{Option: "new"},
			says: []string{"  database: 912 MB, 103 tables\n  cache:    Warning: not in this set\n", `"i 2" is none of the choices.`},
		},
		"what the terminal put around a line": {q: setQuestion(), typed: "\x1b[200~1\x1b[201~\n", want: workflow.Answer{Option: "new"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			p := &Prompt{In: strings.NewReader(test.typed), Out: &out}
			a, err := p.Ask(context.Background(), test.q)
			require.NoError(t, err)
			test.want.Question = test.q.ID
			require.Equal(t, test.want, a)
			for _, s := range test.says {
				require.Contains(t, out.String(), s)
			}
		})
	}
}

func TestPromptShowsTheQuestion(t *testing.T) {
	tests := map[string]workflow.Question{
		"choose": setQuestion(), "review": firm(), "consent": consentQuestion(), "decide": decideQuestion(),
		"bare": {ID: "bare", Kind: workflow.KindChoose, Title: "Go on?", Options: []workflow.Option{{ID: "yes"}}},
	}
	for name, q := range tests {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			_, err := (&Prompt{In: strings.NewReader("q\n"), Out: &out}).Ask(context.Background(), q)
			require.NoError(t, err)
			golden(t, "prompt-"+name+".txt", out.String())
			requireReadable(t, out.String())
		})
	}
}

// broken is an input that fails.
type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errors.New("input/output error") }

func TestPromptNeverTakesADefaultForAMissingAnswer(t *testing.T) {
	inputs := map[string]struct {
		in   io.Reader
		says string
	}{
		"a closed input":                     {strings.NewReader(""), "the input has ended"},
		"an input that ends after a mistake": {strings.NewReader("maybe\n"), "the input has ended"},
		"an input torn within the answer":    {strings.NewReader("example.social"), "in the middle of a line"},
		"an input torn within a number":      {strings.NewReader("1"), "in the middle of a line"},
		"an input that fails":                {broken{}, "input/output error"},
		"a line without end":                 {strings.NewReader(strings.Repeat("x", 5000) + "\n"), "buffer full"},
	}
	for name, input := range inputs {
		for _, q := range []workflow.Question{setQuestion(), reviewQuestion(), consentQuestion(), decideQuestion()} {
			t.Run(name+", "+string(q.Kind), func(t *testing.T) {
				if s, ok := input.in.(*strings.Reader); ok {
					_, err := s.Seek(0, io.SeekStart)
					require.NoError(t, err)
				}
				a, err := (&Prompt{In: input.in, Out: io.Discard}).Ask(context.Background(), q)
				require.ErrorIs(t, err, workflow.ErrNoAnswer)
				require.ErrorContains(t, err, input.says)
				require.ErrorContains(t, err, q.Flag)
				require.Zero(t, a)
			})
		}
	}
}

func TestPromptReadsOneLineAQuestion(t *testing.T) {
	p := &Prompt{In: strings.NewReader("1\nexample.social\n"), Out: io.Discard}
	a, err := p.Ask(context.Background(), setQuestion())
	require.NoError(t, err)
	require.Equal(t, "new", a.Option)
	a, err = p.Ask(context.Background(), consentQuestion())
	require.NoError(t, err)
	require.Equal(t, "example.social", a.Text)
	_, err = p.Ask(context.Background(), setQuestion())
	require.ErrorIs(t, err, workflow.ErrNoAnswer)
}

func TestPromptLetsGoWhenTheRunIsCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	in, typing := io.Pipe()
	defer typing.Close()
	p := &Prompt{In: in, Out: onWrite(cancel)}
	_, err := p.Ask(ctx, setQuestion())
	require.ErrorIs(t, err, context.Canceled)
}

func TestPromptAsksNothingInACancelledRun(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	var out bytes.Buffer
	_, err := (&Prompt{In: strings.NewReader("1\n"), Out: &out}).Ask(ctx, setQuestion())
	require.ErrorIs(t, err, context.Canceled)
	require.Empty(t, out.String())
}

// onWrite calls itself when something is written.
type onWrite func()

func (f onWrite) Write(p []byte) (int, error) {
	f()
	return len(p), nil
}

func TestNobodyNamesTheFlag(t *testing.T) {
	_, err := Nobody{}.Ask(context.Background(), consentQuestion())
	require.ErrorIs(t, err, workflow.ErrNoAnswer)
	require.ErrorContains(t, err, "there is no terminal to ask on; pass --confirm example.social")

	_, err = Nobody{}.Ask(context.Background(), decideQuestion())
	require.ErrorIs(t, err, workflow.ErrNoAnswer)
	require.NotContains(t, err.Error(), "pass")
}

func TestTextAndPromptShareAnOutput(t *testing.T) {
	s, out := newStage(t), &bytes.Buffer{}
	text := &Text{Feed: s.feed, Out: out}
	typed := "1\ndb-createdb\nno\nexample.social\n2\n"
	s.run.Operator = &Prompt{In: strings.NewReader(typed), Out: out, Text: text}
	s.load = func(context.Context, *workflow.Task) error { return indexCard() }
	s.watch(text)
	s.look = func() {} // the prompt makes the text catch up, else it is told at the end
	require.Equal(t, workflow.ExitFailed, s.execute(t, context.Background()))
	s.watch(text)
	s.look()
	golden(t, "prompted.txt", out.String())
	requireReadable(t, out.String())
}

func TestAnAnswerFromThePromptIsNotToldAgain(t *testing.T) {
	s, out := newStage(t), &bytes.Buffer{}
	text := &Text{Feed: s.feed, Out: out}
	s.run.Operator = &Prompt{In: strings.NewReader("1\ndb-createdb\nexample.social\n"), Out: out, Text: text}
	told := make(chan error, 1)
	go func() { told <- text.Follow(context.Background()) }()
	require.Equal(t, workflow.ExitWarnings, s.execute(t, context.Background()))
	require.NoError(t, <-told)
	require.Equal(t, 1, strings.Count(out.String(), "Which backup?"))
	require.Equal(t, 1, strings.Count(out.String(), "Closed: about 7 minutes"))
	require.NotContains(t, out.String(), "Answered:")
	require.NotContains(t, out.String(), "Consent:")
}

func TestAQuestionThePromptCouldNotGetAnsweredIsNotToldAgain(t *testing.T) {
	s, out := newStage(t), &bytes.Buffer{}
	text := &Text{Out: out}
	s.watch(text)
	s.run.Operator = &Prompt{In: strings.NewReader(""), Out: out, Text: text}
	require.Equal(t, workflow.ExitUsage, s.execute(t, context.Background()))
	require.Equal(t, 1, strings.Count(out.String(), "Which backup?"+" (folder"))
	require.NotContains(t, out.String(), "Nobody is there")
	require.Contains(t, out.String(), "pass --set DIR")
}

func TestWarningsAreToldWhileAQuestionWaitsAndBarsAreNot(t *testing.T) {
	s := newStage(t)
	in, typing := io.Pipe()
	shown, warned := make(chan struct{}), make(chan struct{})
	var out bytes.Buffer // written under the text's lock only
	text := &Text{Feed: s.feed, Out: io.MultiWriter(&out, onLine(func(line string) {
		switch {
		case strings.HasPrefix(line, "Type a number"):
			close(shown)
		case strings.HasPrefix(line, "Warning: stopping"):
			close(warned)
		}
	}))}
	s.run.Operator = &Prompt{In: in, Out: text.Out, Text: text}
	told := make(chan error, 1)
	go func() { told <- text.Follow(context.Background()) }()
	go func() {
		<-shown
		s.feed.Observe(workflow.Event{Type: workflow.EventProgress, Step: "backup set", Progress: &workflow.Progress{ID: "read", Done: 50, Total: 100}})
		s.run.Log(workflow.SeverityWarns, "stopping after this step")
		<-warned
		s.run.StopAfterStep()
		_, _ = io.WriteString(typing, "1\n")
	}()
	require.Equal(t, workflow.ExitInterrupted, s.execute(t, context.Background()))
	require.NoError(t, <-told)
	require.Equal(t, 1, strings.Count(out.String(), "Which backup?"))
	question, after, _ := strings.Cut(out.String(), "Warning: stopping")
	require.Contains(t, question, "Type a number from 1 to 2")
	require.NotContains(t, question, "50 %")
	require.Contains(t, after, "Step 2 of 11, backup set: done")
}
