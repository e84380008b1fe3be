package tui

import (
	"fmt"
	"strings"
	"time"

	"mastodon-restore/workflow"
)

// Farewell is what stays on the normal screen after the wizard: how the run ended, whether the
// server is open, where everything is written and how to go on. Plain sentences, one a line.
func Farewell(s workflow.Snapshot, o Options) string {
	var b strings.Builder
	say := func(text string) { // a sentence; the terminal would break it within words
		for _, l := range wrap(oneLine(text), 79) {
			b.WriteString(l + "\n")
		}
	}
	name := func(name, value string) { // to copy, so it stays in one piece
		if value != "" {
			b.WriteString(oneLine(name) + ": " + oneLine(value) + "\n")
		}
	}
	say(strings.Join(whose(s), ", ") + ".")
	if s.Report != nil && s.Report.Headline != "" {
		say(s.Report.Headline)
	}
	if s.Report == nil || s.Exit == nil || s.Exit.Code != workflow.ExitDone {
		say(ending(s))
	}
	if f := s.Failure; f != nil {
		say("Stopped: " + f.Summary)
		if f.First != "" && f.First != f.Summary {
			say("First error: " + f.First)
		}
		if f.World != "" {
			say(f.World)
		}
	}
	if s.Report == nil || s.Closed.Open() {
		say(doors(s, o.now()))
	}
	if s.Report != nil {
		for _, f := range s.Report.Kept {
			name(f.Name, f.Value)
		}
		name("Report", s.Report.Path)
	}
	name("Journal of run "+s.Run, o.JournalPath)
	name("Go on with", goOn(s, o))
	return b.String()
}

// whose names what the run worked on.
func whose(s workflow.Snapshot) []string {
	kind := "REAL"
	if s.Header.Practice != "" {
		kind = "PRACTICE (" + oneLine(s.Header.Practice) + ")"
	}
	out := []string{program + ": " + kind}
	for _, part := range []struct{ name, value string }{
		{"context ", s.Target.Context}, {"namespace ", s.Target.Namespace}, {"", s.Target.Domain},
	} {
		if part.value != "" {
			out = append(out, part.name+oneLine(part.value))
		}
	}
	return out
}

// goOn is the command that resumes the run. A run whose end nobody saw can be resumed as well.
func goOn(s workflow.Snapshot, o Options) string {
	if s.Exit == nil {
		return o.Resume
	}
	return s.Exit.Resume
}

// ending says in one sentence how the run ended.
func ending(s workflow.Snapshot) string {
	if s.Exit == nil {
		return "You left before the run had ended."
	}
	switch s.Exit.Code {
	case workflow.ExitDone:
		return "Done."
	case workflow.ExitWarnings:
		return "Done, with warnings that were accepted."
	case workflow.ExitUsage:
		return "Not started: the command line does not fit."
	case workflow.ExitBlocked:
		return "Not started: a check blocks."
	case workflow.ExitInterrupted:
		return "Stopped" + atStep(s) + ". The work done so far is kept."
	case workflow.ExitUnknown:
		return "Stopped" + atStep(s) + ": what became of the last command in the cluster is not known. Going on looks first."
	case workflow.ExitLocked:
		return "Not started: another run holds the lock."
	case workflow.ExitUnverified:
		return "Verification failed, so the server was not reopened."
	case workflow.ExitCancelled:
		return "Cancelled. Nothing was changed."
	}
	return "Failed" + atStep(s) + "."
}

func atStep(s workflow.Snapshot) string {
	if s.Current < 0 || s.Current >= len(s.Steps) {
		return ""
	}
	return fmt.Sprintf(" at step %d of %d, %s", s.Current+1, len(s.Steps), oneLine(s.Steps[s.Current].Title))
}

// doors says whether the server is open, as far as this run knows.
func doors(s workflow.Snapshot, now time.Time) string {
	switch {
	case s.Closed.From.IsZero():
		return "The server was not closed by this run."
	case s.Closed.Open():
		return "The server is still closed, for " + spanWords(s.Closed.Length(now)) + " so far."
	}
	return "The server is open again. It was closed for " + spanWords(s.Closed.Length(now)) + "."
}
