package plain

import (
	"fmt"
	"strings"

	"mastodon-restore/workflow"
)

// writeQuestion says what is asked and what can be answered, but not how to answer.
func writeQuestion(say printer, q workflow.Question) {
	say("")
	if q.Hint == "" {
		say("%s", oneLine(q.Title))
	} else {
		say("%s (%s)", oneLine(q.Title), oneLine(q.Hint))
	}
	if q.Forecast != nil {
		writeForecast(say, *q.Forecast)
	}
	for _, c := range q.Checks {
		if c.Severity != workflow.SeverityOK {
			writeCheck(say, c)
		}
	}
	for i, o := range q.Options {
		say("%3d. %s", i+1, optionText(q, o))
	}
}

// optionText names each cell by its column, so that a row makes sense read aloud.
func optionText(q workflow.Question, o workflow.Option) string {
	var parts []string
	if o.Label != "" {
		parts = append(parts, oneLine(o.Label))
	}
	for i, cell := range o.Cells {
		cell = oneLine(cell)
		if i < len(q.Columns) && q.Columns[i] != "" && cell != "" {
			cell = q.Columns[i] + " " + cell
		}
		if cell != "" {
			parts = append(parts, cell)
		}
	}
	if len(parts) == 0 {
		parts = append(parts, o.ID)
	}
	text := strings.Join(parts, ", ")
	if o.Unavailable != "" {
		text += ". Can't be taken: " + oneLine(o.Unavailable)
	}
	return sentence(text)
}

func writeForecast(say printer, f workflow.Forecast) {
	for i, s := range f.Steps {
		about := ""
		if s.About != "" {
			about = " (about " + oneLine(s.About) + ")"
		}
		say("%3d. %s%s", i+1, oneLine(s.Text), about)
	}
	for _, part := range []struct{ name, text string }{
		{"Closed", f.Closed}, {"In all", f.Total}, {"Replaced", f.Replaced}, {"Kept", f.Kept}, {"Undo", f.Undo},
	} {
		if part.text != "" {
			say("%s: %s", part.name, oneLine(part.text))
		}
	}
	for _, n := range f.Notes {
		say("Note: %s", oneLine(n))
	}
}

// writeFields says a card line by line.
func writeFields(say printer, indent string, fields []workflow.Field) {
	width := 0
	for _, f := range fields {
		width = max(width, len([]rune(f.Name))+1)
	}
	for _, f := range fields {
		level := ""
		if f.Level == workflow.SeverityWarns || f.Level == workflow.SeverityBlocks {
			level = "Warning: "
		}
		for i, l := range lines(f.Value) {
			label := f.Name + ":"
			if i > 0 {
				label, level = "", ""
			}
			say("%s", strings.TrimRight(indent+pad(label, width)+" "+level+l, " "))
		}
	}
}

func writeCheck(say printer, c workflow.Check) {
	verb := map[workflow.Severity]string{workflow.SeverityOK: "is ok", workflow.SeverityInfo: "says"}[c.Severity]
	if verb == "" {
		verb = string(c.Severity)
	}
	if c.Accepted {
		verb += ", accepted"
	}
	text := fmt.Sprintf("Check %s %s:", c.ID, verb)
	for _, part := range []string{c.Evidence, c.Meaning} {
		if part != "" {
			text += " " + sentence(oneLine(part))
		}
	}
	if c.Fix != "" {
		text += " Fix: " + sentence(oneLine(c.Fix))
	}
	say("%s", text)
}

// checkSummary counts checks by severity: "19 checks: 16 ok, 2 warn, 1 blocks."
func checkSummary(checks []workflow.Check) string {
	n := map[workflow.Severity]int{}
	for _, c := range checks {
		n[c.Severity]++
	}
	var parts []string
	for _, s := range []struct {
		severity   workflow.Severity
		one, other string
	}{
		{workflow.SeverityOK, "ok", "ok"}, {workflow.SeverityInfo, "to know", "to know"},
		{workflow.SeverityWarns, "warns", "warn"}, {workflow.SeverityBlocks, "blocks", "block"},
	} {
		switch n[s.severity] {
		case 0:
		case 1:
			parts = append(parts, "1 "+s.one)
		default:
			parts = append(parts, fmt.Sprintf("%d %s", n[s.severity], s.other))
		}
	}
	noun := "checks"
	if len(checks) == 1 {
		noun = "check"
	}
	return fmt.Sprintf("%d %s: %s.", len(checks), noun, strings.Join(parts, ", "))
}

// check tells one finished check; what is well is only counted.
func (t *Text) check(c workflow.Check) {
	t.unsummed = true
	if t.Verbose || c.Severity == workflow.SeverityWarns || c.Severity == workflow.SeverityBlocks {
		writeCheck(t.printer(), c)
	}
}

func (t *Text) sumChecks(v workflow.StepView) {
	if t.unsummed && len(v.Checks) > 0 {
		t.say("%s: %s", t.place(v.ID), checkSummary(v.Checks))
	}
	t.unsummed = false
}

// question tells a question once it is settled, unless a Prompt has shown it: by a flag, or not at
// all.
func (t *Text) question(e workflow.Event) {
	switch {
	case e.Type == workflow.EventAnswer:
		if t.open != nil && t.prompted != t.open.ID {
			t.settled(e.Answer)
		}
		t.open, t.prompted = nil, ""
	case e.Question != nil:
		t.open = e.Question
	case t.open != nil:
		if t.prompted != t.open.ID {
			t.settled(nil)
		}
		t.open, t.prompted = nil, ""
	}
}

// settled tells an open question and its answer; nil means that nobody gave one.
func (t *Text) settled(a *workflow.Answer) {
	q := t.untold(*t.open)
	if q.Kind != workflow.KindChoose {
		q.Options = nil
	}
	// A card has been told, and so has a forecast: what is left of the question is its title.
	told := q.Kind == workflow.KindDecide || t.open.Forecast != nil && q.Forecast == nil
	if !told {
		writeQuestion(t.printer(), q)
	}
	switch {
	case a != nil && q.Kind == workflow.KindConsent && a.Text != "":
		t.say("Consent: %s", sentence(a.Text))
	case a != nil:
		t.say("Answered: %s", sentence(answerText(*t.open, *a)))
	case q.Kind != workflow.KindDecide:
		t.say("Nobody is there to answer.")
	}
}

func answerText(q workflow.Question, a workflow.Answer) string {
	var parts []string
	if a.Option != "" {
		text := a.Option
		for _, o := range q.Options {
			if o.ID == a.Option {
				o.Unavailable = ""
				text = strings.TrimSuffix(optionText(q, o), ".")
			}
		}
		parts = append(parts, text)
	}
	if a.Text != "" {
		parts = append(parts, a.Text)
	}
	if len(a.Accept) > 0 {
		parts = append(parts, "accepted "+strings.Join(a.Accept, ", "))
	}
	if len(parts) == 0 {
		return "go on"
	}
	return strings.Join(parts, ", ")
}
