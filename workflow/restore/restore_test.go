package restore_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"mastodon-restore/internal/backupset"
	"mastodon-restore/internal/mastodon"
	"mastodon-restore/internal/postgres"
	"mastodon-restore/internal/practice"
	"mastodon-restore/workflow"
	"mastodon-restore/workflow/restore"
)

const runID = "k7q2x"

// sets is a folder of practice backup sets, made once; the dump in it is the embedded one.
var sets = sync.OnceValues(func() (string, error) {
	c, err := practice.Open(context.Background(), practice.Options{Fast: true, Simulate: true})
	if err != nil {
		return "", err
	}
	return c.SetDir(), nil
})

func soundSet(t *testing.T) string {
	t.Helper()
	dir, err := sets()
	require.NoError(t, err)
	found, err := backupset.Find(dir)
	require.NoError(t, err)
	require.NotEmpty(t, found)
	return found[0].Dir
}

func TestMain(m *testing.M) {
	code := m.Run()
	if dir, err := sets(); err == nil {
		_ = os.RemoveAll(filepath.Dir(dir))
	}
	os.Exit(code)
}

// newWorld is a server that runs: web 2, one Sidekiq at 1 and one at 0, streaming 1.
func newWorld() *world {
	named := func(name string, c mastodon.Component) mastodon.Workload {
		return mastodon.Workload{Kind: "Deployment", Name: name, Component: c}
	}
	return &world{
		instance: mastodon.Instance{
			Name: "mastodon", Domain: practice.Domain, Version: "4.6.5", SystemPath: "/opt/mastodon/public/system",
			Web: named("web", mastodon.Web), Sidekiq: []mastodon.Workload{named("sidekiq-a", mastodon.Sidekiq), named("sidekiq-b", mastodon.Sidekiq)},
			Streaming: []mastodon.Workload{named("streaming", mastodon.Streaming)},
			CronJobs:  []mastodon.CronJob{{Name: "media-remove"}},
			Claims:    []mastodon.Claim{{Name: "system", System: true, Phase: "Bound", AccessModes: []string{"ReadWriteOnce"}}},
			Database:  mastodon.Database{Name: "production", User: "mastodon", Pod: "postgresql-0", Container: "postgresql"},
		},
		replicas:  map[string]int{"web": 2, "sidekiq-a": 1, "sidekiq-b": 0, "streaming": 1},
		notes:     map[string]map[string]string{},
		suspended: map[string]bool{"media-remove": false},
		databases: map[string]*fakeDatabase{"production": {}},
		files:     map[string]int{}, jobs: map[string]string{},
	}
}

// process is one process's part of a run in a world.
type process struct {
	*restore.Restore
	run *workflow.Run
}

func start(t *testing.T, w *world, options restore.Options, flags restore.Flags, journal *workflow.Journal, folder string) *process {
	t.Helper()
	r := restore.New(runID, restore.World{
		Cluster: w, Files: w, Database: func(postgres.Server) restore.Database { return fakeDB{w} },
		Scratch: "/restore", Who: "ana@laptop", Resume: "mastodon-restore resume %s", Patience: 5 * time.Second, Poll: time.Millisecond,
	}, options)
	flags.Headless = true
	return &process{r, &workflow.Run{ID: runID, Plan: r.Plan(), State: &r.Facts, Journal: journal, Folder: folder, Feed: &workflow.Feed{},
		Operator: workflow.Presets{Answers: flags.Answers, Next: nobody{}}, ResumeCommand: "mastodon-restore resume " + runID}}
}

type nobody struct{}

func (nobody) Ask(context.Context, workflow.Question) (workflow.Answer, error) {
	return workflow.Answer{}, workflow.ErrNoAnswer
}

// execute runs in a context that the world can end.
func (p *process) execute(w *world) workflow.Exit {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	w.die = cancel
	return p.run.Execute(ctx)
}

func options(t *testing.T) restore.Options {
	return restore.Options{Set: soundSet(t), Cache: restore.CacheAfter, Database: restore.DatabaseSwap}
}

// fill gives the world's database what the dump holds.
func (w *world) fill(r *backupset.Report) {
	w.dump = contentsOfDump{r.Database.Contents, r.Database.Rows, r.Database.Counts}
}

// begun is a run that was consented to and has changed nothing yet: its journal, for many ends.
func begun(t *testing.T) (journal []byte, report *backupset.Report) {
	t.Helper()
	store := workflow.Store{Dir: t.TempDir()}
	j, err := store.Create(runID)
	require.NoError(t, err)
	w := newWorld()
	p := start(t, w, options(t), restore.Flags{Confirm: practice.Domain}, j, store.Path(runID))
	p.run.Plan = p.Plan()[:4]
	full := p.Plan()
	require.NoError(t, (&workflow.Run{ID: runID, Plan: full, Journal: j, Feed: p.run.Feed}).Begin(workflow.Header{Kind: "restore"}))
	p.execute(w)
	for _, id := range []string{"target", "set", "preflight", "plan"} {
		v, _ := p.run.Feed.Snapshot().Step(id)
		require.Equal(t, workflow.StatusCompleted, v.Status, "%s: %+v", id, p.run.Feed.Snapshot().Failure)
	}
	require.Empty(t, w.effects, "the first four steps change nothing")
	require.NoError(t, j.Close())
	data, err := os.ReadFile(filepath.Join(store.Path(runID), workflow.JournalFile))
	require.NoError(t, err)
	// The exit of this process is not part of what is resumed.
	lines := strings.Split(strings.TrimSpace(string(data)), "\n")
	return []byte(strings.Join(lines[:len(lines)-1], "\n") + "\n"), p.Facts.Backup
}

// resume goes on with the journal in folder as a new process does.
func resume(t *testing.T, w *world, folder string) (*process, workflow.Exit) {
	t.Helper()
	j, events, err := workflow.OpenJournal(filepath.Join(folder, workflow.JournalFile))
	require.NoError(t, err)
	defer j.Close()
	p := start(t, w, restore.Options{}, restore.Flags{}, j, folder)
	require.NoError(t, p.run.Resume(events))
	require.NoError(t, p.Rejoin(t.Context()))
	return p, p.execute(w)
}

func TestARunThatIsCutAnywhereEndsAsIfItHadNotBeen(t *testing.T) {
	journal, report := begun(t)
	fresh := func(t *testing.T) (*world, string) {
		w, folder := newWorld(), t.TempDir()
		w.fill(report)
		require.NoError(t, os.WriteFile(filepath.Join(folder, workflow.JournalFile), journal, 0o600))
		return w, folder
	}
	w, folder := fresh(t)
	p, exit := resume(t, w, folder)
	require.Equal(t, workflow.ExitDone, exit, "%+v", p.run.Feed.Snapshot().Failure)
	want := w.outcome()
	require.Equal(t, map[string]int{"web": 2, "sidekiq-a": 1, "sidekiq-b": 0, "streaming": 1}, want["replicas"])
	require.Equal(t, []string{"production", "production_before_" + runID}, want["databases"])
	require.Equal(t, []string{"accounts", "cache", "media_attachments", "site_uploads"}, want["files"])
	require.Contains(t, strings.Join(want["chores"].([]string), "\n"), "bin/rails db:migrate")
	effects := len(w.effects)
	require.Greater(t, effects, 30)

	for cut := 1; cut <= effects; cut++ {
		for _, after := range []bool{false, true} {
			t.Run(fmt.Sprintf("%02d %s, after %v", cut, w.effects[cut-1], after), func(t *testing.T) {
				w, folder := fresh(t)
				w.cutAt, w.after = cut, after
				_, exit := resume(t, w, folder)
				require.Equal(t, workflow.ExitInterrupted, exit)
				w.cutAt = 0
				p, exit := resume(t, w, folder)
				require.Equal(t, workflow.ExitDone, exit, "%+v", p.run.Feed.Snapshot().Failure)
				require.Equal(t, want, w.outcome())
			})
		}
	}
}

func TestAPodLostWhileTheDatabaseLoadsStartsTheDatabaseAnew(t *testing.T) {
	journal, report := begun(t)
	w, folder := newWorld(), t.TempDir()
	w.fill(report)
	require.NoError(t, os.WriteFile(filepath.Join(folder, workflow.JournalFile), journal, 0o600))
	w.cutAt, w.after = indexOf(t, journal, report, "load data"), true
	_, exit := resume(t, w, folder)
	require.Equal(t, workflow.ExitInterrupted, exit)

	// The client died after pg_restore had begun to load; then the pod went, and the job with it.
	w.cutAt, w.pod, w.jobs = 0, nil, map[string]string{}
	p, exit := resume(t, w, folder)
	require.Equal(t, workflow.ExitDone, exit, "%+v", p.run.Feed.Snapshot().Failure)
	require.Equal(t, 1, w.databases["production"].loads, "the rows are there once")
}

// indexOf finds the number of an effect in an uncut run.
func indexOf(t *testing.T, journal []byte, report *backupset.Report, name string) int {
	t.Helper()
	w, folder := newWorld(), t.TempDir()
	w.fill(report)
	require.NoError(t, os.WriteFile(filepath.Join(folder, workflow.JournalFile), journal, 0o600))
	resume(t, w, folder)
	for i, e := range w.effects {
		if e == name {
			return i + 1
		}
	}
	t.Fatalf("no effect %q in %v", name, w.effects)
	return 0
}

func TestADifferenceFromTheDumpKeepsTheServerClosed(t *testing.T) {
	journal, report := begun(t)
	w, folder := newWorld(), t.TempDir()
	w.fill(report)
	w.dump.contents.Indexes = w.dump.contents.Indexes[1:]
	require.NoError(t, os.WriteFile(filepath.Join(folder, workflow.JournalFile), journal, 0o600))
	p, exit := resume(t, w, folder)
	require.Equal(t, workflow.ExitUnverified, exit)
	card := p.run.Feed.Snapshot().Failure
	require.Contains(t, card.First, "index "+report.Database.Contents.Indexes[0]+" is missing")
	require.Contains(t, card.World, "Your old database is untouched")
	require.Contains(t, card.World, "kubectl -n mastodon scale deployment/web --replicas=2")
	require.Equal(t, 0, w.replicas["web"])
	require.Equal(t, []string{"retry", "give-up", "leave"}, []string{card.Actions[0].ID, card.Actions[1].ID, card.Actions[2].ID})
}

func TestGivingUpOpensTheServerWithTheOldDatabase(t *testing.T) {
	journal, report := begun(t)
	w, folder := newWorld(), t.TempDir()
	w.fill(report)
	w.dump.rows = map[string]int64{}
	require.NoError(t, os.WriteFile(filepath.Join(folder, workflow.JournalFile), journal, 0o600))
	p, exit := resume(t, w, folder)
	require.Equal(t, workflow.ExitUnverified, exit)

	u := restore.NewUndo(runID, p.World, p.Facts)
	require.NoError(t, u.CanUndo())
	run := &workflow.Run{ID: "undo1", Plan: u.Undo(), State: &u.Facts, Feed: &workflow.Feed{}, Operator: nobody{}}
	require.NoError(t, run.Begin(workflow.Header{Kind: "undo"}))
	require.Equal(t, workflow.ExitDone, run.Execute(t.Context()), "%+v", run.Feed.Snapshot().Failure)
	require.Equal(t, 2, w.replicas["web"])
	require.Equal(t, 0, w.replicas["sidekiq-b"])
	require.False(t, w.suspended["media-remove"])
	require.Nil(t, w.lock)
	require.Nil(t, w.pod)
	require.Len(t, w.databases, 1)
}

func TestUndoBringsTheOldDatabaseBack(t *testing.T) {
	journal, report := begun(t)
	w, folder := newWorld(), t.TempDir()
	w.fill(report)
	old := w.databases["production"]
	require.NoError(t, os.WriteFile(filepath.Join(folder, workflow.JournalFile), journal, 0o600))
	p, exit := resume(t, w, folder)
	require.Equal(t, workflow.ExitDone, exit)
	require.NotSame(t, old, w.databases["production"])

	u := restore.NewUndo(runID, p.World, p.Facts)
	run := &workflow.Run{ID: "undo1", Plan: u.Undo(), State: &u.Facts, Feed: &workflow.Feed{},
		Operator: workflow.Presets{Answers: restore.Flags{Confirm: practice.Domain}.Answers, Next: nobody{}}}
	require.NoError(t, run.Begin(workflow.Header{Kind: "undo"}))
	require.Equal(t, workflow.ExitDone, run.Execute(t.Context()), "%+v", run.Feed.Snapshot().Failure)
	require.Same(t, old, w.databases["production"])
	require.Contains(t, w.databases, "production_undone_"+runID)
	require.Equal(t, 2, w.replicas["web"])
}

func TestASecondRunNamesTheHolder(t *testing.T) {
	w := newWorld()
	w.lock = &mastodon.Holder{Run: "other", Who: "ben@nas", Step: "database"}
	p := start(t, w, options(t), restore.Flags{Confirm: practice.Domain}, nil, t.TempDir())
	require.NoError(t, p.run.Begin(workflow.Header{Kind: "restore"}))
	require.Equal(t, workflow.ExitLocked, p.execute(w))
	require.Contains(t, p.run.Feed.Snapshot().Failure.Meaning, "Run other of ben@nas")
	require.Empty(t, w.effects)
}

func TestAnotherServersSetAndAWrongConfirmationChangeNothing(t *testing.T) {
	w := newWorld()
	p := start(t, w, options(t), restore.Flags{Confirm: "example.org"}, nil, t.TempDir())
	require.NoError(t, p.run.Begin(workflow.Header{Kind: "restore"}))
	require.Equal(t, workflow.ExitUsage, p.execute(w))
	require.Empty(t, w.effects)

	w.instance.Domain = "example.org"
	p = start(t, w, options(t), restore.Flags{Confirm: "example.org"}, nil, t.TempDir())
	require.NoError(t, p.run.Begin(workflow.Header{Kind: "restore"}))
	require.Equal(t, workflow.ExitBlocked, p.execute(w))
	require.Contains(t, p.run.Feed.Snapshot().Failure.First, "domain")

	w.fill(p.Facts.Backup)
	p = start(t, w, options(t), restore.Flags{Confirm: "example.org", Accept: []string{"domain"}}, nil, t.TempDir())
	require.NoError(t, p.run.Begin(workflow.Header{Kind: "restore"}))
	require.Equal(t, workflow.ExitWarnings, p.execute(w), "%+v", p.run.Feed.Snapshot().Failure)
}
