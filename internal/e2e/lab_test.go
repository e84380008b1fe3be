//go:build e2e

package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"
)

// A lab is the command that works the test cluster's faults and volumes.
type lab string

// needLab returns the lab. Without one a scenario fails, unless whoever runs the tests said that it
// is to be left out; then it says so on standard error too, where no quiet run hides it.
func needLab(t *testing.T) lab {
	t.Helper()
	if l := os.Getenv("LAB"); l != "" {
		return lab(l)
	}
	if os.Getenv("E2E_WITHOUT_LAB") == "1" {
		fmt.Fprintf(os.Stderr, "\n*** LEFT OUT: %s needs LAB, and E2E_WITHOUT_LAB=1 says to go on without it ***\n\n", t.Name())
		t.Skip("left out: E2E_WITHOUT_LAB=1")
	}
	require.FailNow(t, "this scenario works faults of the lab: set LAB to its command, or E2E_WITHOUT_LAB=1 to leave the scenario out")
	return ""
}

func (l lab) run(t testing.TB, args ...string) {
	t.Helper()
	out, err := exec.Command(string(l), args...).CombinedOutput()
	require.NoError(t, err, "%s %v: %s", l, args, out)
}
