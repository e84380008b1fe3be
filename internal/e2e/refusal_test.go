//go:build e2e

package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"mastodon-restore/internal/sample"
)

// What can't end well is refused before anything changes, with the documented exit code and words
// that name the reason.
func TestRefusals(t *testing.T) {
	i := standUp(t, "refuse", sample.Small)
	b := i.backUp(archives...)
	before := i.posture()

	for _, c := range []struct {
		name  string
		args  func(t *testing.T) []string
		code  int
		words string
	}{
		{"a truncated archive", func(t *testing.T) []string { return restoring(i, cut(t, b, "system_media_attachments.tar.gz", 60)) }, exitBlocked, "system_media_attachments.tar.gz"},
		{"a dump truncated in its rows", func(t *testing.T) []string { return restoring(i, cut(t, b, "pg_dump_mastodon_backup.sqlc", 95)) }, exitBlocked, "pg_dump_mastodon_backup.sqlc"},
		{"a dump truncated in its contents", func(t *testing.T) []string { return restoring(i, cut(t, b, "pg_dump_mastodon_backup.sqlc", 20)) }, exitBlocked, "pg_dump_mastodon_backup.sqlc"},
		{"a namespace without Mastodon", func(*testing.T) []string { return append(restoring(i, b), "-n", "default") }, exitUsage, "default"},
		{"a namespace that is not there", func(*testing.T) []string { return append(restoring(i, b), "-n", "e2e-nowhere") }, exitUsage, "e2e-nowhere"},
		{"another server's name as consent", func(*testing.T) []string { return append(restoring(i, b), "--confirm", "other.example") }, exitUsage, "example.social"},
		{"no permission to scale", func(t *testing.T) []string { return append(restoring(i, b), "--kubeconfig", i.reader(t)) }, exitBlocked, "permissions"},
	} {
		t.Run(c.name, func(t *testing.T) {
			code, output := newOperator(t).run(c.args(t)...)
			require.Equal(t, c.code, code, tail(output))
			require.Contains(t, output, c.words)
			i := i.in(t)
			require.Equal(t, before, i.posture())
			require.Equal(t, b.rows, i.rows())
		})
	}
	t.Run("a second run at once", func(t *testing.T) {
		i.in(t).secondRun(b)
	})
}

// secondRun wants the second of two runs refused, and the first none the worse for it.
func (i *instance) secondRun(b backup) {
	i.Helper()
	i.breakIt()
	before := i.posture()
	first := newOperator(i)
	c := first.start(append(restoring(i, b), "--output", "json")...)
	first.said(c, `"step":"utility".*"status":"running"`)
	code, output := newOperator(i).run(restoring(i, b)...)
	require.Equal(i, exitLocked, code, tail(output))
	require.Contains(i, output, first.runName(), "the run that holds the lock is named")

	code, output = first.await(c)
	require.Equal(i, exitDone, code, tail(output))
	i.equal(b)
	i.reopened(before)
}

// cut is a copy of a set with only the first percent of one of its files, as an interrupted backup
// leaves it.
func cut(t *testing.T, b backup, name string, percent int64) backup {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.CopyFS(dir, os.DirFS(b.dir)))
	file := filepath.Join(dir, name)
	info, err := os.Stat(file)
	require.NoError(t, err)
	require.NoError(t, os.Truncate(file, info.Size()*percent/100))
	b.dir = dir
	return b
}

// reader makes a kubeconfig of somebody who may do all a restore needs in this namespace but scale.
func (i *instance) reader(t *testing.T) string {
	t.Helper()
	i.apply(`
apiVersion: v1
kind: ServiceAccount
metadata: {name: reader}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: reader}
rules:
  - {apiGroups: [""], resources: [pods, pods/exec, pods/log], verbs: [get, list, watch, create, delete]}
  - {apiGroups: ["", apps, batch], resources: [configmaps, secrets, services, events, persistentvolumeclaims, deployments, statefulsets, replicasets, jobs, cronjobs], verbs: [get, list, watch]}
  - {apiGroups: [coordination.k8s.io], resources: [leases], verbs: [get, create, update, delete]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: reader}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: reader}
subjects: [{kind: ServiceAccount, name: reader}]
`)
	config := filepath.Join(t.TempDir(), "reader.conf")
	require.NoError(t, os.WriteFile(config, []byte(i.kubectl("config", "view", "--raw", "--flatten", "--minify")), 0o600))
	i.kubectl("--kubeconfig", config, "config", "set-credentials", "reader", "--token", i.kubectl("create", "token", "reader"))
	i.kubectl("--kubeconfig", config, "config", "set-context", "--current", "--user", "reader")
	return config
}

// runName is the one run the operator's machine knows.
func (o *operator) runName() string {
	o.Helper()
	journals := o.journals()
	require.Len(o, journals, 1)
	return filepath.Base(filepath.Dir(journals[0]))
}

// A role that may not make databases: the superuser does it, and the role owns what comes of it.
func TestRestoreForARoleThatMayNotCreateDatabases(t *testing.T) {
	i := standUp(t, "role", sample.Small)
	b := i.backUp(archives...)
	i.breakIt()
	i.admin("ALTER ROLE mastodon NOCREATEDB")
	before := i.posture()
	code, output := newOperator(t).run(restoring(i, b)...)
	require.Equal(t, exitDone, code, tail(output))
	i.equal(b)
	i.reopened(before)
	require.False(t, strings.Contains(i.sql("SELECT rolcreatedb FROM pg_roles WHERE rolname = 'mastodon'"), "t"), "the role's rights are its own affair")
}
