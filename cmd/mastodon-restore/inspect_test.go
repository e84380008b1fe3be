package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"mastodon-restore/internal/backupset"
	"mastodon-restore/internal/practice"
	"mastodon-restore/workflow"
)

// inspect runs the command and returns what it wrote on standard output, and its exit code.
func inspect(t *testing.T, args ...string) (string, workflow.Exit) {
	t.Helper()
	var out bytes.Buffer
	root := newRoot()
	root.SetOut(&out)
	root.SetArgs(append([]string{"inspect"}, args...))
	err := root.ExecuteContext(t.Context())
	var end *endedError
	switch {
	case err == nil:
		return out.String(), workflow.ExitDone
	case errors.As(err, &end):
		return out.String(), end.exit
	}
	return out.String() + err.Error(), exitOf(t.Context(), err)
}

// practiceSet is a copy of a sound set.
func practiceSet(t *testing.T) string {
	t.Helper()
	c, err := practice.Open(t.Context(), practice.Options{Fast: true, Simulate: true})
	require.NoError(t, err)
	defer os.RemoveAll(filepath.Dir(c.SetDir()))
	sets, err := backupset.Find(c.SetDir())
	require.NoError(t, err)
	dir := t.TempDir()
	require.NoError(t, os.CopyFS(dir, os.DirFS(sets[0].Dir)))
	return dir
}

func TestInspectSaysWhatASetIsByItsExitCode(t *testing.T) {
	dir := practiceSet(t)
	dump, environment := filepath.Join(dir, backupset.Dump.Names()[0]), filepath.Join(dir, backupset.Env.Names()[0])

	out, exit := inspect(t, dir, "--write-manifest")
	require.Equal(t, workflow.ExitDone, exit, out)
	first, rest, _ := strings.Cut(out, "\n")
	require.Regexp(t, `, server practice\.example, taken \d{4}-.*, Mastodon \d+\.\d+\.\d+, PostgreSQL .*, \d+ tables$`, first)
	require.Regexp(t, `Mastodon \d+\.\d+\.\d+ \(schema \d{14}, runs on PostgreSQL \d\d or newer\), from PostgreSQL`, rest)
	require.Contains(t, rest, "The set is sound.")
	require.FileExists(t, filepath.Join(dir, backupset.ManifestName))
	require.NoError(t, os.Remove(filepath.Join(dir, backupset.ManifestName)))

	out, exit = inspect(t, dir, "--output", "json", "--deep")
	require.Equal(t, workflow.ExitDone, exit)
	var report backupset.Report
	require.NoError(t, json.Unmarshal([]byte(out), &report))
	require.Equal(t, backupset.Sound, report.Verdict)
	require.True(t, report.Deep)

	require.NoError(t, os.Rename(environment, environment+".away"))
	out, exit = inspect(t, dir)
	require.Equal(t, workflow.ExitWarnings, exit)
	require.Contains(t, out, "The set is suspicious.")
	require.Contains(t, out, "missing-environment: ")

	info, err := os.Stat(dump)
	require.NoError(t, err)
	require.NoError(t, os.Truncate(dump, info.Size()-1))
	out, exit = inspect(t, dir, "--write-manifest")
	require.Equal(t, workflow.ExitFailed, exit)
	require.Contains(t, out, "it ends too early")
	require.NoFileExists(t, filepath.Join(dir, backupset.ManifestName))

	for _, args := range [][]string{{}, {dump}, {filepath.Join(dir, "gone")}, {t.TempDir()}, {dir, "--output", "xml"}, {dir, dir}} {
		out, exit = inspect(t, args...)
		require.Equal(t, workflow.ExitUsage, exit, "%q: %s", args, out)
	}
}
