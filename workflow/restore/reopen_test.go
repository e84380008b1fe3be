package restore_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"mastodon-restore/workflow"
	"mastodon-restore/workflow/restore"
)

// A server that was broken before the run is as broken when it is opened as before.
func TestGivingUpDoesNotWaitForAServerThatWasBroken(t *testing.T) {
	for name, missing := range map[string][]string{"its database lacks tables": {"users"}, "for another reason": nil} {
		t.Run(name, func(t *testing.T) {
			journal, report := begun(t)
			w, folder := newWorld(), t.TempDir()
			w.fill(report)
			w.dump.rows = map[string]int64{}
			require.NoError(t, os.WriteFile(filepath.Join(folder, workflow.JournalFile), journal, 0o600))
			p, exit := resume(t, w, folder)
			require.Equal(t, workflow.ExitUnverified, exit)

			w.ill = true
			p.Facts.Before.Missing = missing
			p.World.Patience = 1 // nanosecond
			u := restore.NewUndo(runID, p.World, p.Facts)
			run := &workflow.Run{ID: "undo1", Plan: u.Undo(), State: &u.Facts, Feed: &workflow.Feed{}, Operator: nobody{}}
			require.NoError(t, run.Begin(workflow.Header{Kind: "undo"}))
			require.Equal(t, workflow.ExitDone, run.Execute(t.Context()), "%+v", run.Feed.Snapshot().Failure)
			require.Equal(t, 2, w.replicas["web"])
			require.False(t, w.suspended["media-remove"])
			require.Nil(t, w.lock)
			lines, _ := run.Feed.Lines(0, 0)
			require.True(t, slices.ContainsFunc(lines, func(l workflow.Line) bool { return l.Severity == workflow.SeverityWarns }), "it is told: %v", lines)
		})
	}
}
