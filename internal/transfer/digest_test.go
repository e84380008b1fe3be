package transfer

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"mastodon-restore/internal/remote"
)

// without is a place whose shell has all tools of a transfer but one.
func without(t *testing.T, missing string) *remote.Local {
	t.Helper()
	dir := t.TempDir()
	for _, tool := range []string{
		"sh", "env", "nice", "tar", "dd", "tee", "b2sum", "sha256sum", "wc", "mkdir", "mv", "rm", "truncate", "find", "grep", "df",
		"id", "ls", "sleep", "sync", "timeout", "head", "cat", "sort", "stat", "date",
	} {
		path, err := exec.LookPath(tool)
		require.NoError(t, err)
		if tool != missing {
			require.NoError(t, os.Symlink(path, filepath.Join(dir, tool)))
		}
	}
	return &remote.Local{Env: []string{"PATH=" + dir}}
}

func TestSendTakesTheDigestThatTheFarSideKnows(t *testing.T) {
	files := append(avatars(60, 5_000), file{name: root + "cache/big", content: string(make([]byte, 2*mib))})
	for _, tool := range []string{"b2sum", "sha256sum"} {
		t.Run("without "+tool, func(t *testing.T) {
			t.Parallel()
			opt, dir := quick(), t.TempDir()
			opt.Verify = VerifyFull
			report, err := Send(context.Background(), without(t, tool), archiveOf(t, files), Destination{Dir: dir}, opt)
			require.NoError(t, err)
			requireTree(t, want(files), dir)
			require.EqualValues(t, 61, report.Verification.Equal)
		})
	}
}

func TestSendRefusesAPlaceThatTakesNoDigest(t *testing.T) {
	place := without(t, "b2sum")
	for _, v := range place.Env {
		require.NoError(t, os.Remove(filepath.Join(v[len("PATH="):], "sha256sum")))
	}
	_, err := Send(context.Background(), place, archiveOf(t, avatars(3, 10)), Destination{Dir: t.TempDir()}, quick())
	var unfit *UnfitError
	require.ErrorAs(t, err, &unfit)
	require.Contains(t, unfit.Lacks, "b2sum or sha256sum")
}

// A pod of another image may know another digest: what was noted before cannot be compared then.
func TestSendSendsAgainWhatWasNotedByAnotherDigest(t *testing.T) {
	files := avatars(60, 5_000)
	path, dir, opt := archiveOf(t, files), t.TempDir(), quick()
	opt.Ledger = &MemoryLedger{}
	_, err := Send(context.Background(), without(t, "b2sum"), path, Destination{Dir: dir}, opt)
	require.NoError(t, err)
	report, err := Send(context.Background(), without(t, "sha256sum"), path, Destination{Dir: dir}, opt)
	require.NoError(t, err)
	require.Zero(t, report.Resumed)
	report, err = Send(context.Background(), without(t, "sha256sum"), path, Destination{Dir: dir}, opt)
	require.NoError(t, err)
	require.Equal(t, report.Parcels, report.Resumed)
	requireTree(t, want(files), dir)
}
