package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"mastodon-restore/internal/practice"
	"mastodon-restore/internal/sample"
	"mastodon-restore/workflow"
)

// asProgram makes the test binary the program itself.
const asProgram = "MASTODON_RESTORE_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
	}
	os.Exit(m.Run())
}

// machine is a place of its own to run the program in: home, state and temporary files.
type machine struct {
	t   *testing.T
	dir string
}

func newMachine(t *testing.T) *machine {
	t.Helper()
	// Not t.TempDir: a PostgreSQL that root starts runs as somebody else, who can't get in there.
	dir, err := os.MkdirTemp("", "mr")
	require.NoError(t, err)
	require.NoError(t, os.Chmod(dir, 0o755))
	m := &machine{t, dir}
	for _, d := range []string{"home", "state", "tmp"} {
		require.NoError(t, os.Mkdir(filepath.Join(dir, d), 0o755))
	}
	t.Cleanup(func() {
		for _, f := range m.practiceFiles() {
			text, err := os.ReadFile(f)
			require.NoError(t, err)
			cluster, err := practice.Reopen(context.Background(), string(text))
			require.NoError(t, err)
			require.NoError(t, cluster.Destroy())
		}
		require.NoError(t, os.RemoveAll(dir))
	})
	return m
}

func (m *machine) store() workflow.Store {
	return workflow.Store{Dir: filepath.Join(m.dir, "state", "mastodon-restore", "runs")}
}

func (m *machine) practiceFiles() []string {
	files, err := filepath.Glob(filepath.Join(m.store().Dir, "*", practiceFile))
	require.NoError(m.t, err)
	return files
}

// program is one process of the program.
type program struct {
	m        *machine
	cmd      *exec.Cmd
	out, err buffer
	ended    chan struct{}
}

// buffer may be read while it is written to.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// start starts the program without a terminal.
func (m *machine) start(args ...string) *program {
	m.t.Helper()
	exe, err := os.Executable()
	require.NoError(m.t, err)
	p := &program{m: m, cmd: exec.Command(exe, args...), ended: make(chan struct{})}
	p.cmd.Stdout, p.cmd.Stderr = &p.out, &p.err
	p.cmd.Dir = m.dir
	p.cmd.Env = []string{asProgram + "=1", "PATH=" + os.Getenv("PATH"), "HOME=" + filepath.Join(m.dir, "home"),
		"XDG_STATE_HOME=" + filepath.Join(m.dir, "state"), "TMPDIR=" + filepath.Join(m.dir, "tmp")}
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	// What a practice cluster leaves running has its own idea of when to end.
	p.cmd.WaitDelay = 5 * time.Second
	require.NoError(m.t, p.cmd.Start())
	go func() {
		_ = p.cmd.Wait()
		close(p.ended)
	}()
	m.t.Cleanup(func() { _ = p.cmd.Process.Kill() })
	return p
}

// exit waits for the end.
func (p *program) exit() workflow.Exit {
	p.m.t.Helper()
	select {
	case <-p.ended:
	case <-time.After(3 * time.Minute):
		p.m.t.Fatalf("%v does not end:\n%s%s", p.cmd.Args[1:], p.out.String(), p.err.String())
	}
	return workflow.Exit(p.cmd.ProcessState.ExitCode())
}

// run runs the program to its end, which must be as expected.
func (m *machine) run(want workflow.Exit, args ...string) *program {
	m.t.Helper()
	p := m.start(args...)
	require.Equal(m.t, want, p.exit(), "%v:\n%s%s", args, p.out.String(), p.err.String())
	return p
}

// last is the newest run.
func (m *machine) last() workflow.Snapshot {
	m.t.Helper()
	runs, broken, err := m.store().List()
	require.NoError(m.t, err)
	require.Empty(m.t, broken)
	require.NotEmpty(m.t, runs)
	return runs[0]
}

// until waits for something while p runs.
func (p *program) until(what string, is func() bool) {
	p.m.t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); ; time.Sleep(3 * time.Millisecond) {
		if is() {
			return
		}
		select {
		case <-p.ended:
			p.m.t.Fatalf("%v ended before %s:\n%s%s", p.cmd.Args[1:], what, p.out.String(), p.err.String())
		default:
		}
		if time.Now().After(deadline) {
			p.m.t.Fatalf("%v does not get to %s:\n%s%s", p.cmd.Args[1:], what, p.out.String(), p.err.String())
		}
	}
}

// reaches waits until a step of the newest run is at work.
func (p *program) reaches(step string) {
	p.m.t.Helper()
	p.until("step "+step, func() bool {
		runs, _, err := p.m.store().List()
		if err != nil || len(runs) == 0 {
			return false
		}
		v, _ := runs[0].Step(step)
		return v.Status == workflow.StatusRunning
	})
}

func (p *program) signal(sig os.Signal) { require.NoError(p.m.t, p.cmd.Process.Signal(sig)) }

// line is one line of --output json.
type line map[string]any

// lines reads the output as JSON lines, of which the last and no other is the exit.
func (p *program) lines() (lines []line) {
	p.m.t.Helper()
	for text := range strings.Lines(p.out.String()) {
		var l line
		require.NoError(p.m.t, json.Unmarshal([]byte(text), &l), text)
		lines = append(lines, l)
	}
	require.NotEmpty(p.m.t, lines)
	for i, l := range lines {
		require.Equal(p.m.t, i == len(lines)-1, l["type"] == "exit", "%v", l)
	}
	require.EqualValues(p.m.t, p.exit(), lines[len(lines)-1]["code"])
	return lines
}

func ofType(lines []line, kind string) (found []line) {
	for _, l := range lines {
		if l["type"] == kind {
			found = append(found, l)
		}
	}
	return found
}

// requireNoSecrets reads everything that the program wrote about a practice run.
func (m *machine) requireNoSecrets(outputs ...*program) {
	m.t.Helper()
	dir, err := os.ReadFile(m.practiceFiles()[0])
	require.NoError(m.t, err)
	environments, err := filepath.Glob(filepath.Join(string(dir), "sets", "*", "mastodon_environment.txt"))
	require.NoError(m.t, err)
	require.NotEmpty(m.t, environments)
	text, err := os.ReadFile(environments[0])
	require.NoError(m.t, err)
	names := sample.Small.Secrets()
	names["DB_PASS"], names["REDIS_PASSWORD"] = "", ""
	secrets := map[string]string{}
	for setting := range strings.Lines(string(text)) {
		name, value, _ := strings.Cut(strings.TrimSpace(setting), "=")
		if _, secret := names[name]; secret {
			secrets[name] = value
		}
	}
	require.Len(m.t, secrets, len(names))
	look := func(where, text string) {
		for name, value := range secrets {
			if strings.Contains(text, value) {
				m.t.Errorf("%s tells %s", where, name)
			}
		}
	}
	for _, p := range outputs {
		look(strings.Join(p.cmd.Args[1:], " "), p.out.String()+p.err.String())
	}
	err = filepath.WalkDir(m.store().Dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		look(path, string(text))
		return err
	})
	require.NoError(m.t, err)
}
