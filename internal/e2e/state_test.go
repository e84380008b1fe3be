//go:build e2e

package e2e

import (
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/stretchr/testify/require"
)

// A posture is how a server stands apart from what it holds: what a restore must leave as it was.
type posture struct {
	replicas    map[string]string
	suspended   string
	annotations map[string]string // ours, of workloads and the CronJob
	lock        string
}

const ours = "mastodon-restore"

func (i *instance) posture() posture {
	i.Helper()
	p := posture{replicas: i.replicas(), suspended: i.suspended(), annotations: map[string]string{}}
	for line := range strings.Lines(i.kubectl("get", "deploy,cronjob", "-o", `jsonpath={range .items[*]}{.metadata.name} {.metadata.annotations}{"\n"}{end}`)) {
		if name, annotations, _ := strings.Cut(line, " "); strings.Contains(annotations, ours) {
			p.annotations[name] = annotations
		}
	}
	p.lock = i.kubectl("get", "lease", "--ignore-not-found", "-o", "name")
	return p
}

// reopened checks that a server serves again, stands as before, and that nothing of ours is left.
func (i *instance) reopened(before posture) {
	i.Helper()
	require.Equal(i, before, i.posture())
	i.ready()
	require.True(i, i.healthy(), "web is not healthy")
	require.NotContains(i, i.kubectl("get", "pods", "-o", "name"), ours, "a pod of ours is left")
}

// keptDatabase is the name of the database that was replaced.
func (i *instance) keptDatabase() string {
	i.Helper()
	return i.sql("SELECT datname FROM pg_database WHERE datname LIKE '" + database + "\\_before\\_%'")
}

// forget drops what earlier restores of the same server kept.
func (i *instance) forget() {
	i.Helper()
	for name := range strings.FieldsSeq(i.keptDatabase()) {
		i.sql(fmt.Sprintf("DROP DATABASE %q", name))
	}
}

// keepsSecrets looks for secrets in all that the program wrote: screen, journals, logs, report.
func (o *operator) keepsSecrets(i *instance, output string) {
	o.Helper()
	v := newValues(i.name, i.size)
	secrets := append(slices.Collect(maps.Values(v.Secrets)), v.DatabasePassword, v.AdminPassword, v.RedisPassword)
	wrote := map[string]string{"its output": output}
	require.NoError(o, filepath.WalkDir(o.state, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		wrote[path] = string(text)
		return err
	}))
	for where, text := range wrote {
		for _, secret := range secrets {
			require.False(o, strings.Contains(text, secret), "%s holds a secret", where)
		}
	}
}

// journals are the runs the operator's machine knows.
func (o *operator) journals() []string {
	o.Helper()
	found, err := filepath.Glob(filepath.Join(o.state, "mastodon-restore/runs/*/journal.jsonl"))
	require.NoError(o, err)
	return found
}

// reachable says whether the API server answers.
func (n namespace) reachable() bool { return n.try(nil, io.Discard, "get", "--raw", "/readyz") == nil }
