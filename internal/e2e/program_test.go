//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// The program's exit codes, as documented.
const (
	exitDone      = 0
	exitFailed    = 1
	exitUsage     = 2
	exitBlocked   = 3
	exitWarnings  = 4
	exitLocked    = 7
	exitCancelled = 130
)

// built makes the program once for all tests.
var built = sync.OnceValues(func() (string, error) {
	if given := os.Getenv("E2E_PROGRAM"); given != "" {
		return filepath.Abs(given)
	}
	path, err := filepath.Abs(filepath.Join(root, "bin/mastodon-restore"))
	if err != nil {
		return "", err
	}
	build := exec.Command("go", "build", "-o", path, "./cmd/mastodon-restore")
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		return "", errors.Join(err, errors.New(string(out)))
	}
	return path, nil
})

// An operator is a machine that the program is run on: its journals are in state.
type operator struct {
	testing.TB
	path, state string
	env         []string
}

func newOperator(t testing.TB) *operator {
	t.Helper()
	path, err := built()
	require.NoError(t, err)
	return &operator{TB: t, path: path, state: t.TempDir()}
}

// A command is the program at work.
type command struct {
	*exec.Cmd
	out  lockedBuffer
	done chan struct{}
}

// lockedBuffer is read while the program still writes.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// start runs the program and returns at once. It never outlives the test.
func (o *operator) start(args ...string) *command {
	o.Helper()
	c := &command{Cmd: exec.Command(o.path, args...), done: make(chan struct{})}
	c.Env = append(append(os.Environ(), "XDG_STATE_HOME="+o.state), o.env...)
	c.Stdout, c.Stderr = &c.out, &c.out
	require.NoError(o, c.Start())
	go func() { _ = c.Wait(); close(c.done) }()
	o.Cleanup(func() {
		_ = c.Process.Kill()
		<-c.done
	})
	return c
}

// end waits for the program and returns its exit code, -1 when a signal ended it.
func (c *command) end(ctx context.Context) (int, error) {
	select {
	case <-c.done:
		return c.ProcessState.ExitCode(), nil
	case <-ctx.Done():
		return -1, ctx.Err()
	}
}

// run runs the program to its end.
func (o *operator) run(args ...string) (code int, output string) {
	o.Helper()
	return o.await(o.start(args...))
}

func (o *operator) await(c *command) (code int, output string) {
	o.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 8*time.Minute)
	defer cancel()
	code, err := c.end(ctx)
	require.NoError(o, err, "the program does not end:\n%s", tail(c.out.String()))
	return code, c.out.String()
}

// said waits until the program has printed what matches a regular expression.
func (o *operator) said(c *command, pattern string) {
	o.Helper()
	text := regexp.MustCompile(pattern)
	for deadline := time.Now().Add(4 * time.Minute); !text.MatchString(c.out.String()); time.Sleep(50 * time.Millisecond) {
		select {
		case <-c.done:
			require.Regexp(o, text, c.out.String(), "the program ended without saying it")
			return
		default:
		}
		require.True(o, time.Now().Before(deadline), "the program never said %s:\n%s", pattern, tail(c.out.String()))
	}
}

// tail is the end of an output, enough to see why.
func tail(output string) string {
	lines := strings.Split(output, "\n")
	return strings.Join(lines[max(0, len(lines)-60):], "\n")
}

// restoring are the arguments of a headless restore that asks nothing.
func restoring(i *instance, b backup, more ...string) []string {
	return append([]string{"restore", "--plain", "--set", b.dir, "-n", i.name, "--confirm", i.size.Settings()["LOCAL_DOMAIN"]}, more...)
}

// working waits until the program reports progress within a step, by its JSON lines.
func (o *operator) working(c *command, step string) {
	o.Helper()
	o.said(c, `(?m)^\{"type":"progress".*"step":"`+step+`"`)
}
