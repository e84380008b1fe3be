//go:build e2e

package e2e

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

func TestMain(m *testing.M) {
	code := m.Run()
	if err := giveBack(); err != nil {
		fmt.Fprintln(os.Stderr, "e2e:", err)
		code = max(code, 1)
	}
	os.Exit(code)
}

// giveBack waits until the namespaces of this run are gone and returns their volumes to the lab.
func giveBack() error {
	l := os.Getenv("LAB")
	if l == "" || os.Getenv("E2E_KEEP") == "1" {
		return nil
	}
	var left []byte
	for deadline := time.Now().Add(3 * time.Minute); time.Now().Before(deadline); time.Sleep(time.Second) {
		var err error
		left, err = exec.Command("kubectl", "get", "namespaces", "--selector", mine, "-o", "name").Output()
		if err == nil && len(bytes.TrimSpace(left)) == 0 {
			out, err := exec.Command(l, "recycle").CombinedOutput()
			if err != nil {
				return fmt.Errorf("give volumes back: %w: %s", err, out)
			}
			return nil
		}
	}
	return fmt.Errorf("these namespaces do not go away: %s", strings.Join(strings.Fields(string(left)), ", "))
}

// mine tells the namespaces of this process from those of others on the same cluster.
var mine = fmt.Sprintf("e2e-process=%d", os.Getpid())
