package main

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"mastodon-restore/internal/practice"
	"mastodon-restore/workflow"
)

func TestADrillRestoresAndCanBeUndone(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	drill := m.run(workflow.ExitDone, "drill", "--fast", "--simulate-database")
	run := m.last()
	require.Contains(t, drill.out.String(), "PRACTICE")
	require.Contains(t, drill.out.String(), practice.Domain+" is open again.")
	requireRestored(t, m, run)
	m.requireNoSecrets(drill)

	require.Contains(t, m.run(workflow.ExitDone, "runs").out.String(), run.Run+"  restore")
	status := m.run(workflow.ExitDone, "status").out.String()
	require.Contains(t, status, "Run "+run.Run+", restore of practice.example")
	require.Contains(t, status, "Now: done")
	require.Contains(t, m.run(workflow.ExitUsage, "resume", run.Run).err.String(), "has ended (done)")

	m.run(workflow.ExitUsage, "undo", run.Run, "--confirm", "example.org")
	require.Equal(t, run.Run, m.last().Run, "who does not consent leaves nothing behind")
	undo := m.run(workflow.ExitDone, "undo", run.Run, "--confirm", practice.Domain)
	require.Contains(t, undo.out.String(), "PRACTICE, context practice, namespace mastodon, practice.example", "the target is told")
	require.Contains(t, undo.out.String(), "mastodon_production_undone_"+run.Run, "what is kept is named")
	require.Contains(t, m.run(workflow.ExitDone, "runs").out.String(), "undone by "+m.last().Run)
	require.Contains(t, m.run(workflow.ExitUsage, "undo", run.Run).err.String(), "was undone by")
	m.requireNothingTemporary()
}

// requireRestored holds the report against what a restore is for.
func requireRestored(t *testing.T, m *machine, run workflow.Snapshot) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(m.store().Path(run.Run), workflow.ReportFile))
	require.NoError(t, err)
	var report struct {
		Run    string
		Report workflow.Report
		Media  struct{ Looked int }
		Kept   string `json:"kept_database"`
	}
	require.NoError(t, json.Unmarshal(text, &report))
	require.Equal(t, run.Run, report.Run)
	require.Positive(t, report.Media.Looked)
	require.Equal(t, "mastodon_production_before_"+run.Run, report.Kept)
	rows := map[string]workflow.ReportRow{}
	for _, r := range report.Report.Rows {
		rows[r.Name] = r
		require.Equal(t, workflow.SeverityOK, r.Level, "%+v", r)
	}
	require.Equal(t, "5", rows["users"].Now)
	require.Equal(t, rows["local posts"].Backup, rows["local posts"].Now)
	require.Contains(t, rows["health"].Remark, "mastodon-web 2/2", "it has its replicas again")
}

// requireNothingTemporary makes sure that no practice cluster is left.
func (m *machine) requireNothingTemporary() {
	m.t.Helper()
	require.Empty(m.t, m.practiceFiles())
	left, err := os.ReadDir(filepath.Join(m.dir, "tmp"))
	require.NoError(m.t, err)
	require.Empty(m.t, left)
}

func TestAFaultStopsADrillHalfWayAndResumeEndsIt(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	drill := m.run(workflow.ExitUnknown, "drill", "--fast", "--simulate-database", "--fault", "stream-cut", "--output", "json")
	lines := drill.lines()
	run := m.last().Run
	exit := lines[len(lines)-1]
	require.Equal(t, "mastodon-restore resume "+run, exit["resume"])
	failures := ofType(lines, "failure")
	require.Len(t, failures, 1)
	text, err := json.Marshal(failures[0])
	require.NoError(t, err)
	require.Contains(t, string(text), "mastodon-restore resume "+run, "the card says how to go on")
	require.Contains(t, m.run(workflow.ExitDone, "status").out.String(), "The server is closed since")

	resume := m.run(workflow.ExitDone, "resume", "--output", "json")
	lines = resume.lines()
	require.Equal(t, true, lines[0]["resumed"])
	requireRestored(t, m, m.last())
	m.requireNoSecrets(drill, resume)

	lines = m.run(workflow.ExitDone, "dismiss", run, "--confirm", practice.Domain, "--output", "json").lines()
	require.Equal(t, practice.Domain, ofType(lines, "target")[0]["domain"])
	require.Contains(t, m.run(workflow.ExitUsage, "undo", run).err.String(), "was dismissed by")
	m.requireNothingTemporary()
}

func TestSignalsStopARunAndOnlyOneProcessGoesOn(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	drill := m.start("drill", "--fast", "--simulate-database")
	drill.reaches("files")
	drill.signal(os.Interrupt)
	require.Equal(t, workflow.ExitInterrupted, drill.exit(), drill.out.String())
	require.Contains(t, drill.out.String(), "stopping after this step")
	require.Contains(t, drill.out.String(), "Next: mastodon-restore resume ")
	run := m.last()
	require.Equal(t, workflow.StatusCompleted, run.Steps[run.Current].Status, "the step was not cut off")
	require.Equal(t, workflow.StatusPending, run.Steps[run.Current+1].Status)

	first := m.start("resume")
	first.reaches(run.Steps[run.Current+1].ID)
	first.signal(syscall.SIGSTOP)
	second := m.run(workflow.ExitLocked, "resume", "--output", "json")
	require.Contains(t, second.err.String(), "another process is working on this run; mastodon-restore status "+run.Run)
	require.Equal(t, "locked", second.lines()[0]["name"])
	require.Contains(t, m.run(workflow.ExitLocked, "undo", run.Run).err.String(), "another process")
	first.signal(syscall.SIGTERM)
	first.signal(syscall.SIGCONT)
	require.Equal(t, workflow.ExitInterrupted, first.exit(), first.out.String())
	require.False(t, m.last().Ended())

	m.run(workflow.ExitDone, "resume", run.Run)
	requireRestored(t, m, m.last())
}

func TestARunGoesOnInTheBackground(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.run(workflow.ExitUnknown, "drill", "--fast", "--simulate-database", "--fault", "stream-cut")
	run := m.last()
	require.Contains(t, m.run(workflow.ExitDone, "status").out.String(), "Go on with: mastodon-restore resume "+run.Run)

	first := m.start("resume", "--detach")
	first.until("the background", func() bool { return m.store().AtWork(run.Run) })
	require.Contains(t, m.run(workflow.ExitLocked, "resume").err.String(), "another process")
	require.Equal(t, workflow.ExitDone, first.exit(), first.err.String())
	require.Eventually(t, func() bool { return m.last().Ended() && !m.store().AtWork(run.Run) }, 2*time.Minute, 20*time.Millisecond)
	requireRestored(t, m, m.last())
	said, err := os.ReadFile(filepath.Join(m.store().Path(run.Run), backgroundFile))
	require.NoError(t, err)
	require.Contains(t, string(said), "Going on with a run")
	require.Contains(t, m.run(workflow.ExitUsage, "resume", run.Run, "--detach").out.String(), "has ended")
	require.Contains(t, m.run(workflow.ExitUsage, "resume", "nobody", "--detach").err.String(), "mastodon-restore runs lists them")
	m.requireNoSecrets(first)
}

// The program is killed whenever its journal has grown by a few entries, again and again.
func TestARunThatIsKilledAgainAndAgainEndsWell(t *testing.T) {
	for name, database := range map[string]string{"with a real PostgreSQL": "--simulate-database=false", "simulated": "--simulate-database"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newMachine(t)
			seed := uint64(time.Now().UnixNano())
			t.Logf("seed %d", seed)
			random := rand.New(rand.NewPCG(seed, 0))
			programs := []*program{m.start("drill", "--fast", database)}
			for {
				p := programs[len(programs)-1]
				if !p.killed(1 + m.entries() + random.IntN(50)) {
					require.Equal(t, workflow.ExitDone, p.exit(), "after %d kills:\n%s%s", len(programs)-1, p.out.String(), p.err.String())
					break
				}
				if m.last().Ended() { // killed between its last word and its end
					break
				}
				programs = append(programs, m.start("resume"))
			}
			t.Logf("killed %d times", len(programs)-1)
			require.Greater(t, len(programs), 1)
			requireRestored(t, m, m.last())
			m.requireNoSecrets(programs...)
		})
	}
}

// entries is how long the journal is.
func (m *machine) entries() (n int) {
	journals, err := filepath.Glob(filepath.Join(m.store().Dir, "*", workflow.JournalFile))
	require.NoError(m.t, err)
	for _, j := range journals {
		text, err := os.ReadFile(j)
		require.NoError(m.t, err)
		n += bytes.Count(text, []byte("\n"))
	}
	return n
}

// killed kills the program when the journal has so many entries; it is false when the program ended
// before.
func (p *program) killed(at int) bool {
	for p.m.entries() < at {
		select {
		case <-p.ended:
			return false
		case <-time.After(2 * time.Millisecond):
		}
	}
	_ = p.cmd.Process.Kill()
	<-p.ended
	return p.cmd.ProcessState.ExitCode() == -1
}
