package plain

import (
	"strings"
	"time"

	"mastodon-restore/workflow"
)

// maxEvidence bounds how many lines of evidence a failure is told with; the journal has them all.
const maxEvidence = 12

// failure tells a card in paragraphs: what, the first error, meaning, world, evidence, ways on.
func (t *Text) failure(e workflow.Event) {
	f := e.Failure
	if f == nil {
		return
	}
	say := t.printer()
	say("")
	say("Stopped at %s: %s", lowerFirst(t.place(e.Step)), sentence(oneLine(f.Summary)))
	writeFailure(say, *f)
	say("")
}

func lowerFirst(s string) string { return strings.ToLower(s[:1]) + s[1:] }

// writeFailure says all of a card but its summary.
func writeFailure(say printer, f workflow.Failure) {
	if f.First != "" && f.First != f.Summary {
		paragraph(say, "First error:", f.First)
	}
	if f.Meaning != "" {
		paragraph(say, "What it means:", f.Meaning)
	}
	if f.World != "" {
		paragraph(say, "State now:", f.World)
	}
	writeEvidence(say, f.Evidence)
	if len(f.Actions) > 0 {
		say("")
		say("You can:")
	}
	for i, a := range f.Actions {
		text := sentence(oneLine(a.Label))
		if a.Command != "" {
			text += " Command: " + a.Command
		}
		say("%3d. %s", i+1, text)
	}
}

func paragraph(say printer, name, text string) {
	say("")
	for i, l := range lines(text) {
		if i == 0 {
			l = name + " " + l
		}
		say("%s", l)
	}
}

func writeEvidence(say printer, evidence []string) {
	if len(evidence) == 0 {
		return
	}
	var all []string
	for _, e := range evidence {
		all = append(all, lines(e)...)
	}
	say("")
	if left := len(all) - maxEvidence; left > 0 {
		say("Evidence, oldest first, the last %d of %d lines (the journal has the rest):", maxEvidence, len(all))
		all = all[left:]
	} else {
		say("Evidence, oldest first:")
	}
	for _, l := range all {
		say("  %s", l)
	}
}

// writeReport says a report row by row; each figure carries its column's name.
func writeReport(say printer, r workflow.Report) {
	say("")
	say("%s", oneLine(r.Headline))
	width := [4]int{}
	cells := func(row workflow.ReportRow) [4]string {
		return [4]string{row.Name + ":", "before " + row.Before + ",", "backup " + row.Backup + ",", "now " + row.Now + "."}
	}
	for _, row := range r.Rows {
		for i, c := range cells(row) {
			width[i] = max(width[i], len([]rune(c)))
		}
	}
	for _, row := range r.Rows {
		var line []string
		for i, c := range cells(row) {
			line = append(line, pad(oneLine(c), width[i]))
		}
		say("%s", strings.TrimRight(strings.Join(line, " ")+" "+rowRemark(row), " "))
	}
	if len(r.Notes) > 0 {
		say("Still to know:")
		writeFields(say, "  ", r.Notes)
	}
	if len(r.Kept) > 0 {
		say("Kept:")
		writeFields(say, "  ", r.Kept)
	}
	if r.Path != "" {
		say("Report: %s", r.Path)
	}
	say("")
}

func rowRemark(row workflow.ReportRow) string {
	remark := sentence(oneLine(row.Remark))
	switch row.Level {
	case workflow.SeverityOK:
		return strings.TrimSpace("Ok. " + remark)
	case workflow.SeverityWarns, workflow.SeverityBlocks:
		return strings.TrimSpace("Warning: " + remark)
	}
	return remark
}

// exit tells how the run ended, what state the server is in and what to type next.
func (t *Text) exit(e workflow.Event) {
	t.ended = true
	status := workflow.ExitStatus{Code: workflow.ExitFailed, Name: workflow.ExitFailed.String()}
	if e.Exit != nil {
		status = *e.Exit
	}
	took := length(worked(t.told, e.Time))
	switch status.Code {
	case workflow.ExitDone:
		t.say("Done in %s.", took)
	case workflow.ExitWarnings:
		t.say("Done in %s, with warnings that were accepted.", took)
	case workflow.ExitInterrupted:
		t.say("Interrupted after %s. What is over stays over.", took)
	case workflow.ExitCancelled:
		t.say("Cancelled before anything was changed.")
	case workflow.ExitUnknown:
		t.say("Ended after %s: nobody can say what became of the last command.", took)
	case workflow.ExitUnverified:
		t.say("Ended after %s: the result did not pass its checks; the server was not reopened.", took)
	case workflow.ExitBlocked:
		t.say("Ended: a check blocks the way.")
	default:
		t.say("Ended after %s without success.", took)
	}
	t.say("Exit code %d, %s.", status.Code, status.Name)
	if t.told.Failure == nil && e.Message != "" && status.Code != workflow.ExitInterrupted && status.Code != workflow.ExitCancelled {
		paragraph(t.printer(), "Reason:", e.Message)
	}
	switch {
	case t.told.Closed.Open():
		t.say("The server is closed, since %s.", moment(t.told.Closed.From))
	case !t.told.Closed.From.IsZero():
		t.say("The server was closed for %s.", length(t.told.Closed.Length(e.Time)))
	}
	if status.Resume != "" {
		t.say("Next: %s", status.Resume)
	}
}

// worked is the time all steps were at work: a resumed run may have been left for days.
func worked(s workflow.Snapshot, now time.Time) time.Duration {
	var sum time.Duration
	for _, v := range s.Steps {
		sum += v.Took(now)
	}
	return sum
}
