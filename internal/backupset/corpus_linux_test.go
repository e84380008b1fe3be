package backupset

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// badDisks stand for a disk that fails: Linux has a file that opens and can't be read.
var badDisks = []badInput{
	{"an archive on a bad disk", without(accountsFile), unreadable(accountsFile), Damaged, "unreadable", "input/output error"},
	{"a dump on a bad disk", without(dumpFile), unreadable(dumpFile), Damaged, "unreadable", "input/output error"},
	{"an environment on a bad disk", without(envFile), unreadable(envFile), Damaged, "unreadable", "input/output error"},
}

func unreadable(name string) func(*testing.T, string) {
	return func(t *testing.T, dir string) {
		require.NoError(t, os.Symlink("/proc/self/mem", filepath.Join(dir, name)))
	}
}
