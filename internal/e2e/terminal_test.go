//go:build e2e

package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A terminal is a real one, 80 columns by 24 lines, with a person at the keys.
type terminal struct {
	testing.TB
	socket string
}

// newTerminal runs a command in a terminal; what it leaves on the screen stays after its end,
// followed by "ended with" and its exit code.
func newTerminal(t testing.TB, o *operator, args ...string) *terminal {
	t.Helper()
	term := &terminal{t, fmt.Sprintf("e2e-%d", time.Now().UnixNano())}
	words := []string{o.path}
	words = append(words, args...)
	for i, word := range words {
		words[i] = "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
	}
	script := strings.Join(words, " ") + `; printf '\nended with %d\n' $?; sleep 3600`
	cmd := term.tmux("-f", "/dev/null", "new-session", "-d", "-x", "80", "-y", "24", script)
	cmd.Env = append(os.Environ(), "XDG_STATE_HOME="+o.state, "TERM=xterm-256color", "LC_ALL=C.UTF-8")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	t.Cleanup(func() { _ = term.tmux("kill-server").Run() })
	return term
}

func (term *terminal) tmux(args ...string) *exec.Cmd {
	return exec.Command("tmux", append([]string{"-L", term.socket}, args...)...)
}

// screen is what the person sees.
func (term *terminal) screen() string {
	term.Helper()
	out, err := term.tmux("capture-pane", "-p").Output()
	require.NoError(term, err)
	return string(out)
}

// sees waits until the screen shows a text, and returns the screen.
func (term *terminal) sees(text string, patience time.Duration) string {
	term.Helper()
	return term.seesAny(patience, text)
}

// seesAny waits until the screen shows one of several texts, and returns the screen.
func (term *terminal) seesAny(patience time.Duration, texts ...string) string {
	term.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(100 * time.Millisecond) {
		screen := term.screen()
		if slices.ContainsFunc(texts, func(text string) bool { return strings.Contains(screen, text) }) {
			return screen
		}
		require.True(term, time.Now().Before(deadline), "the screen never showed any of %q:\n%s", texts, screen)
	}
}

// presses sends keys by tmux's names for them, such as Enter, Escape, C-c.
func (term *terminal) presses(keys ...string) {
	term.Helper()
	require.NoError(term, term.tmux(append([]string{"send-keys"}, keys...)...).Run())
}

// types sends a text letter by letter.
func (term *terminal) types(text string) {
	term.Helper()
	require.NoError(term, term.tmux("send-keys", "-l", text).Run())
}
