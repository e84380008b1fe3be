package plain

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"mastodon-restore/workflow"
)

// clock ticks one second each time it is read.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func newClock() *clock {
	return &clock{at: time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)}
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(time.Second)
	return c.at
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// script is a small restore whose every event is known. look is called wherever a face would have
// been woken, so that what it writes does not depend on the machine.
type script struct {
	clock *clock
	look  func()
	// load is what the database step does after half of its rows.
	load func(context.Context, *workflow.Task) error
}

func (s *script) plan() workflow.Plan {
	step := func(id string, run func(context.Context, *workflow.Task) error) workflow.Step {
		return workflow.Step{ID: id, Title: id, Run: run}
	}
	cache := step("cache", s.quiet)
	cache.Needed = func() string { return "this set has no cache" }
	assets := step("assets", s.quiet)
	assets.Done = func(context.Context, *workflow.Task) (bool, error) { return true, nil }
	return workflow.Plan{
		step("target", s.target), step("backup set", s.set), step("preflight", s.preflight), step("plan", s.consent),
		step("quiesce", s.quiesce), step("files", s.files), assets, step("database", s.database), cache,
		step("reopen", func(_ context.Context, t *workflow.Task) error { return t.Opened() }),
		step("report", s.report),
	}
}

func (s *script) quiet(context.Context, *workflow.Task) error { return nil }

func (s *script) target(_ context.Context, t *workflow.Task) error {
	return t.Aim(workflow.Target{Context: "microk8s", Namespace: "mastodon", Domain: "example.social", Cluster: "c-uid", NamespaceUID: "n-uid"})
}

func (s *script) set(ctx context.Context, t *workflow.Task) error {
	a, err := t.Ask(ctx, setQuestion())
	if err != nil {
		return err
	}
	t.Log("reading %s", a.Option)
	return nil
}

func setQuestion() workflow.Question {
	return workflow.Question{
		ID: "set", Kind: workflow.KindChoose, Title: "Which backup?", Hint: "folder: /mnt/nas", Flag: "--set DIR", Default: "new",
		Columns: []string{"taken", "size", ""},
		Options: []workflow.Option{
			{ID: "new", Cells: []string{"2026-11-19 03:00", "14.2 GB", "sound"}, Card: []workflow.Field{
				{Name: "database", Value: "912 MB, 103 tables"},
				{Name: "cache", Value: "not in this set", Level: workflow.SeverityWarns},
			}},
			{ID: "old", Cells: []string{"2026-11-12 03:00", "", "damaged"}, Unavailable: "system_accounts.tar.gz ends early"},
		},
	}
}

func (s *script) preflight(ctx context.Context, t *workflow.Task) error {
	q := reviewQuestion()
	for _, c := range q.Checks {
		t.Check(c)
		s.look()
	}
	a, err := t.Ask(ctx, q)
	if err == nil && len(a.Accept) > 0 {
		t.Warn()
	}
	return err
}

func reviewQuestion() workflow.Question {
	return workflow.Question{
		ID: "preflight", Kind: workflow.KindReview, Title: "Before anything changes: 3 checks, 1 block, 1 warn",
		Flag: "--accept ID,…", Default: "again",
		Options: []workflow.Option{
			{ID: "go", Key: "enter", Label: "go on", Unavailable: "blocked by db-createdb"},
			{ID: "again", Key: "r", Label: "check again"}, {ID: "quit", Key: "q", Label: "leave"},
		},
		Checks: []workflow.Check{
			{ID: "permissions", Severity: workflow.SeverityOK, Evidence: "11 of 11"},
			{ID: "db-createdb", Severity: workflow.SeverityBlocks, Evidence: `role "mastodon" may not create databases`, Fix: "restore in place"},
			{ID: "probe", Severity: workflow.SeverityWarns, Evidence: "no startupProbe", Meaning: "A long recovery would be killed", Fix: "set one"},
		},
	}
}

func (s *script) consent(ctx context.Context, t *workflow.Task) error {
	q := consentQuestion()
	if err := t.Show(*q.Forecast); err != nil {
		return err
	}
	a, err := t.Ask(ctx, q)
	if err == nil && a.Text != q.Expect {
		return workflow.ErrDeclined
	}
	return err
}

func consentQuestion() workflow.Question {
	return workflow.Question{
		ID: "consent", Kind: workflow.KindConsent, Title: "What will happen", Expect: "example.social", Flag: "--confirm example.social",
		Forecast: &workflow.Forecast{
			Steps:  []workflow.ForecastStep{{Text: "scale all to 0", About: "40 s"}, {Text: "database into mastodon_restore_k7q2"}},
			Closed: "about 7 minutes", Total: "about 30 minutes", Replaced: "the database mastodon_production",
			Kept: "the old database", Undo: "mastodon-restore undo k7q2", Notes: []string{"2 scheduled posts will be published."},
		},
	}
}

func (s *script) quiesce(_ context.Context, t *workflow.Task) error {
	if err := t.Note("web", "2"); err != nil {
		return err
	}
	return t.Closed()
}

func (s *script) files(_ context.Context, t *workflow.Task) error {
	for done := int64(0); done <= 2_000_000_000; done += 80_000_000 {
		t.Progress(workflow.Progress{ID: "media", Label: "media_attachments", Done: done, Total: 2_000_000_000, Unit: "bytes", Now: "a/b.png"})
		s.look()
	}
	for n := range int64(4) {
		s.clock.pass(20 * time.Second)
		t.Progress(workflow.Progress{ID: "found", Done: n * 1200, Unit: "files"})
		s.look()
	}
	t.LogAt(workflow.SeverityWarns, "12 files have no owner")
	t.Log("tar: 8,911 files")
	return nil
}

func (s *script) database(ctx context.Context, t *workflow.Task) error {
	t.Progress(workflow.Progress{ID: "tables", Label: "tables", Done: 0, Total: 103, Unit: "tables"})
	s.look()
	t.Progress(workflow.Progress{ID: "tables", Label: "tables", Done: 52, Total: 103, Unit: "tables", Now: "statuses"})
	s.look()
	if s.load != nil {
		return s.load(ctx, t)
	}
	return nil
}

func (s *script) report(_ context.Context, t *workflow.Task) error {
	return t.Report(workflow.Report{
		Headline: "example.social is open again.",
		Rows: []workflow.ReportRow{
			{Name: "users", Before: "5", Backup: "5", Now: "5", Level: workflow.SeverityOK},
			{Name: "local posts", Before: "21,340", Backup: "21,112", Now: "21,112", Level: workflow.SeverityInfo, Remark: "11 h of posts are not in it"},
			{Name: "pictures", Before: "-", Backup: "3,880", Now: "3,666", Level: workflow.SeverityWarns, Remark: "214 could not be fetched"},
		},
		Notes: []workflow.Field{{Name: "emoji", Value: "come back as profiles change", Level: workflow.SeverityWarns}},
		Kept:  []workflow.Field{{Name: "database", Value: "mastodon_production_before_k7q2, 3.0 GB"}, {Name: "undo", Value: "mastodon-restore undo k7q2"}},
		Path:  "/state/runs/k7q2/report.json",
	})
}

// flags answers what a full command line would.
func flags(q workflow.Question) (workflow.Answer, bool, error) {
	switch q.ID {
	case "set":
		return workflow.Answer{Option: "new"}, true, nil
	case "preflight":
		return workflow.Answer{Accept: []string{"db-createdb"}}, true, nil
	case "consent":
		return workflow.Answer{Text: "example.social"}, true, nil
	}
	return workflow.Answer{}, false, nil
}

// indexCard is a failure with everything a card can have.
func indexCard() *workflow.Failure {
	f := workflow.Fail(errors.New(`could not create unique index "index_tags"`+"\nKey (name)=(caturday) is duplicated."), "building indexes stopped")
	f.Meaning = "The backed-up database already held duplicates.\nMastodon calls this index corruption."
	f.World = "Your old database is untouched. The server is closed."
	for i := range 20 {
		f.Evidence = append(f.Evidence, fmt.Sprintf("pg_restore: \x1b[31mline %d\x1b[0m", i+1))
	}
	f.Actions = []workflow.Action{
		{ID: "retry", Label: "try again", Then: workflow.ThenRetry},
		{ID: "leave", Label: "leave it closed and come back", Command: "mastodon-restore resume k7q2", Then: workflow.ThenStop},
	}
	return f
}

// stage is a script with a run and a journal.
type stage struct {
	*script
	run     *workflow.Run
	feed    *workflow.Feed
	journal string
}

func newStage(t *testing.T) *stage {
	t.Helper()
	s := &stage{script: &script{clock: newClock(), look: func() {}}, feed: &workflow.Feed{}, journal: filepath.Join(t.TempDir(), workflow.JournalFile)}
	j, err := workflow.CreateJournal(s.journal)
	require.NoError(t, err)
	t.Cleanup(func() { _ = j.Close() }) // closed already where the run was resumed
	s.run = s.newRun(j)
	return s
}

func (s *stage) newRun(j *workflow.Journal) *workflow.Run {
	return &workflow.Run{
		ID: "k7q2", Plan: s.plan(), Feed: s.feed, Journal: j, Clock: s.clock.now, ResumeCommand: "mastodon-restore resume k7q2",
		Operator: workflow.Presets{Answers: flags, Next: Nobody{}},
	}
}

func (s *stage) execute(t *testing.T, ctx context.Context) workflow.Exit {
	t.Helper()
	require.NoError(t, s.run.Begin(workflow.Header{Tool: "1.0", Kind: "restore"}))
	exit := s.run.Execute(ctx)
	s.look()
	return exit
}

// interrupt runs the script until its database step is cut off, and closes the journal.
func (s *stage) interrupt(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	s.load = func(ctx context.Context, _ *workflow.Task) error { cancel(); return ctx.Err() }
	require.Equal(t, workflow.ExitInterrupted, s.execute(t, ctx))
	require.NoError(t, s.run.Journal.Close())
	s.load = nil
}

// resume opens the journal for a new run on a new feed, and returns the first event that is news.
func (s *stage) resume(t *testing.T) (from int) {
	t.Helper()
	j, events, err := workflow.OpenJournal(s.journal)
	require.NoError(t, err)
	t.Cleanup(func() { _ = j.Close() })
	s.clock.pass(time.Hour)
	s.feed = &workflow.Feed{}
	s.run = s.newRun(j)
	require.NoError(t, s.run.Resume(events))
	_, from = s.feed.Events(0)
	return from
}

// golden compares with a file in testdata; UPDATE_GOLDEN=1 writes it.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if os.Getenv("UPDATE_GOLDEN") != "" {
		require.NoError(t, os.WriteFile(path, []byte(got), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err, "write it with UPDATE_GOLDEN=1")
	require.Equal(t, string(want), got)
}
