//go:build e2e

package e2e

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"mastodon-restore/internal/sample"
)

// The same restore, by a person at a terminal.
func TestWizardRestoresABrokenServer(t *testing.T) {
	i := standUp(t, "wizard", sample.Small)
	b := i.backUp(archives...)
	i.breakIt()
	before := i.posture()
	soon := 30 * time.Second

	o := newOperator(t)
	term := newTerminal(t, o, "--sets", filepath.Dir(b.dir), "-n", i.name)
	term.sees("Which backup?", soon)
	term.sees("sound", soon)
	require.Contains(t, term.screen(), "REAL")
	term.presses("Enter")

	term.sees("Before anything changes", soon)
	term.presses("Enter")

	term.sees("What will happen", soon)
	term.types("other.example")
	term.presses("Enter")
	term.sees("What will happen", soon)
	require.Equal(t, before, i.posture(), "another name is no consent")
	for range "other.example" {
		term.presses("BSpace")
	}
	term.types(i.size.Settings()["LOCAL_DOMAIN"])
	term.presses("Enter")
	// Where not all of it fits on 24 lines, the wizard wants the rest read first.
	if strings.Contains(term.seesAny(soon, "There was more to read", "✓ plan"), "There was more to read") {
		term.presses("Enter")
	}

	term.sees("scale down", soon)
	term.presses("e")
	term.sees("Why", soon)
	term.presses("Escape")
	term.sees("ctrl+c stop", soon)
	term.presses("C-c")
	term.sees("Stop the run?", soon) // it asks; it stops nothing
	term.presses("Escape")

	term.sees("is open again", 4*time.Minute)
	t.Logf("the last screen:\n%s", term.screen())
	term.presses("Enter")
	last := term.sees("ended with", soon)
	require.Contains(t, last, "ended with 0")
	require.Contains(t, last, o.runName(), "the summary stays on the screen")

	i.equal(b)
	i.reopened(before)
	o.keepsSecrets(i, last)
}
