package restore_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"mastodon-restore/internal/practice"
	"mastodon-restore/workflow"
	"mastodon-restore/workflow/restore"
)

// watcher looks at the table of sets until it shows what is waited for, and answers nothing.
type watcher struct {
	feed  *workflow.Feed
	until func(workflow.Question) bool
	saw   workflow.Question
}

func (w *watcher) Ask(ctx context.Context, q workflow.Question) (workflow.Answer, error) {
	wake, done := w.feed.Changed()
	defer done()
	for w.saw = q; !w.until(w.saw); {
		select {
		case <-wake:
		case <-ctx.Done():
			return workflow.Answer{}, ctx.Err()
		}
		if asked := w.feed.Snapshot().Question; asked != nil {
			w.saw = *asked
		}
	}
	return workflow.Answer{}, workflow.ErrNoAnswer
}

func TestTheTableOfSetsTellsTheVersionBeforeASetIsRead(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.CopyFS(filepath.Join(dir, "set"), os.DirFS(soundSet(t))))
	// Zeros are a whole archive, and so many of them are never read to their end.
	endless := filepath.Join(dir, "set", "assets.tar")
	require.NoError(t, os.WriteFile(endless, nil, 0o644))
	require.NoError(t, os.Truncate(endless, 1<<40))

	o := options(t)
	o.Set, o.Sets = "", dir
	store := workflow.Store{Dir: t.TempDir()}
	j, err := store.Create(runID)
	require.NoError(t, err)
	defer j.Close()
	p := start(t, newWorld(), o, restore.Flags{}, j, store.Path(runID))
	p.run.Plan = p.Plan()[:2]
	require.NoError(t, p.run.Begin(workflow.Header{Kind: "restore"}))
	w := &watcher{feed: p.run.Feed, until: func(q workflow.Question) bool { return q.ID == "set" && q.Options[0].Cells[4] != "" }}
	p.run.Operator = w
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	p.run.Execute(ctx)
	require.NoError(t, ctx.Err(), "%+v", w.saw)

	row := w.saw.Options[0]
	require.True(t, w.saw.Updating)
	require.Equal(t, practice.Domain, row.Cells[3])
	require.Regexp(t, `^\d+\.\d+\.\d+$`, row.Cells[4])
	require.Regexp(t, `^reading \d+ %$|^not read yet$`, row.Cells[5])
	card := fmt.Sprint(row.Card)
	require.Contains(t, card, "{Mastodon "+row.Cells[4])
	require.Regexp(t, `\{database [^}]*\d+ tables`, card)
}
