package tui

import (
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/exp/teatest"
	"github.com/stretchr/testify/require"

	"mastodon-restore/workflow"
)

func TestFarewell(t *testing.T) {
	exit := func(s *story, code workflow.Exit, resume string) *story {
		return s.happen(workflow.Event{Type: workflow.EventExit, Exit: &workflow.ExitStatus{Code: code, Name: code.String(), Resume: resume}})
	}
	tests := []struct {
		name string
		at   *story
	}{
		{"done", atDone()},
		{"failed", atFailed()},
		{"interrupted", exit(atDatabase(), workflow.ExitInterrupted, resume)},
		{"unknown", exit(atDatabase(), workflow.ExitUnknown, resume)},
		{"cancelled", exit(atConsent().practice(), workflow.ExitCancelled, "")},
		{"left", atDatabase()},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			text := Farewell(tt.at.shot, drawn(tt.at, 80, 24).opts)
			require.Equal(t, text, ansi.Strip(text))
			teatest.RequireEqualOutput(t, []byte(text))
		})
	}
}

func TestEveryEndingHasASentence(t *testing.T) {
	seen := map[string]workflow.Exit{}
	for _, code := range []workflow.Exit{
		workflow.ExitDone, workflow.ExitFailed, workflow.ExitUsage, workflow.ExitBlocked, workflow.ExitWarnings, workflow.ExitInterrupted,
		workflow.ExitUnknown, workflow.ExitLocked, workflow.ExitUnverified, workflow.ExitCancelled,
	} {
		text := ending(workflow.Snapshot{Current: -1, Exit: &workflow.ExitStatus{Code: code}})
		require.True(t, strings.HasSuffix(text, "."), text)
		require.NotContains(t, seen, text)
		seen[text] = code
	}
}
