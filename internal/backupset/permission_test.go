package backupset

import (
	"context"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// asReader makes the test binary a program that reads the set in a folder and prints the report.
const asReader = "BACKUPSET_TEST_AS_READER"

func TestMain(m *testing.M) {
	dir := os.Getenv(asReader)
	if dir == "" {
		os.Exit(m.Run())
	}
	set, err := Open(dir)
	if err == nil {
		var r *Report
		if r, err = set.Read(context.Background(), Options{Now: now}); err == nil {
			err = json.NewEncoder(os.Stdout).Encode(r)
		}
	}
	if err != nil {
		_, _ = io.WriteString(os.Stderr, err.Error())
		os.Exit(1)
	}
}

// readAsNobody reads a set in a process without root's right to read everything.
func readAsNobody(t *testing.T, program, dir string) (*Report, string) {
	t.Helper()
	cmd := exec.Command(program)
	cmd.Env = []string{asReader + "=" + dir}
	if os.Getuid() == 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	}
	out, err := cmd.Output()
	if err != nil {
		var exit *exec.ExitError
		require.ErrorAs(t, err, &exit)
		return nil, string(exit.Stderr)
	}
	var r Report
	require.NoError(t, json.Unmarshal(out, &r))
	return &r, ""
}

func TestWhatMayNotBeReadIsSaid(t *testing.T) {
	// Not t.TempDir, nor where go test puts its binary: nobody else can get in there.
	scratch, err := os.MkdirTemp("", "backupset")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(scratch)) })
	require.NoError(t, os.Chmod(scratch, 0o755))
	self, err := os.Executable()
	require.NoError(t, err)
	binary, err := os.ReadFile(self)
	require.NoError(t, err)
	program := filepath.Join(scratch, "reader")
	require.NoError(t, os.WriteFile(program, binary, 0o755))

	set := func(name string) string {
		dir := filepath.Join(scratch, name)
		require.NoError(t, os.CopyFS(dir, os.DirFS(realSet(t).write(t))))
		return dir
	}
	sound := set("sound")
	r, said := readAsNobody(t, program, sound)
	require.Empty(t, said)
	require.Equal(t, Sound, r.Verdict, r.Findings)

	for _, class := range []Class{Dump, Accounts, Env} {
		dir := set(string(class))
		require.NoError(t, os.Chmod(filepath.Join(dir, class.Names()[0]), 0))
		r, said := readAsNobody(t, program, dir)
		require.Empty(t, said)
		require.Equal(t, Damaged, r.Part(class).Verdict)
		require.Contains(t, ids(r, Damage), "unreadable")
		require.Contains(t, r.Part(class).Reason, "permission denied")
		require.Empty(t, r.Digest)
	}

	shut := set("shut")
	require.NoError(t, os.Chmod(shut, 0))
	_, said = readAsNobody(t, program, shut)
	require.Contains(t, said, "permission denied")
	require.NoError(t, os.Chmod(shut, 0o755))
}
