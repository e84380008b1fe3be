//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A namespace is where one test works.
type namespace struct {
	testing.TB
	name string
}

// kubectl runs kubectl in the namespace and returns what it prints.
func (n namespace) kubectl(args ...string) string {
	n.Helper()
	return n.feed(nil, args...)
}

// feed is kubectl with something to read.
func (n namespace) feed(in io.Reader, args ...string) string {
	n.Helper()
	var out bytes.Buffer
	n.stream(in, &out, args...)
	return strings.TrimSpace(out.String())
}

// stream is kubectl with its output going elsewhere.
func (n namespace) stream(in io.Reader, out io.Writer, args ...string) {
	n.Helper()
	require.NoError(n, n.try(in, out, args...))
}

// try is kubectl for when failing is an answer too.
func (n namespace) try(in io.Reader, out io.Writer, args ...string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "kubectl", append([]string{"--namespace", n.name}, args...)...)
	var errs bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = in, out, &errs
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("kubectl %s: %w: %s", strings.Join(args, " "), err, strings.TrimSpace(errs.String()))
	}
	return nil
}

// shell runs a script in the first container of a pod, given as pod/… or deploy/….
func (n namespace) shell(pod, script string) string {
	n.Helper()
	return n.kubectl("exec", pod, "--", "sh", "-ec", script)
}

// eventually waits for a condition of the cluster and says what it waited for when it gives up.
func (n namespace) eventually(what string, patience time.Duration, holds func() bool) {
	n.Helper()
	for deadline := time.Now().Add(patience); !holds(); time.Sleep(500 * time.Millisecond) {
		if time.Now().After(deadline) {
			var state bytes.Buffer
			_ = n.try(nil, &state, "get", "pods,jobs,pvc,events", "--sort-by=.metadata.creationTimestamp")
			require.FailNow(n, "gave up waiting", "%s, for %s\n%s", what, patience, state.String())
		}
	}
}
