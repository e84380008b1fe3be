package transfer

import (
	"bytes"
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"mastodon-restore/internal/remote"
)

func noise(n int) []byte {
	b := make([]byte, n)
	r := rand.NewChaCha8([32]byte{byte(n)})
	_, _ = r.Read(b)
	return b
}

func requireFile(t *testing.T, path string, want []byte) {
	t.Helper()
	got, err := os.ReadFile(path)
	require.NoError(t, err)
	require.True(t, bytes.Equal(want, got), "%s differs", path)
	require.NoFileExists(t, path+".part")
}

func TestSendFileStagesTheWholeFile(t *testing.T) {
	for name, size := range map[string]int{"empty": 0, "of one byte": 1, "of one piece": 256 << 10, "of many pieces": 3_000_001} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b, to := noise(size), filepath.Join(t.TempDir(), "a dump.sqlc")
			report, err := SendFile(context.Background(), &remote.Local{}, writeFile(t, "dump", b), to, quick())
			require.NoError(t, err)
			requireFile(t, to, b)
			require.EqualValues(t, size, report.Bytes)
			require.EqualValues(t, 1, report.Files)
			require.Len(t, report.SHA256, 64)
		})
	}
}

func TestSendFileSurvivesBrokenStreams(t *testing.T) {
	b, to := noise(3_000_000), filepath.Join(t.TempDir(), "dump")
	place := &faulty{fault: func(n int) *fault {
		switch n {
		case 1:
			return &fault{after: 700_000, end: true}
		case 2:
			return &fault{after: 300_000, flip: true}
		case 3:
			return &fault{after: 100_000, end: true, err: errReset}
		}
		return nil
	}}
	_, err := SendFile(context.Background(), place, writeFile(t, "dump", b), to, quick())
	require.NoError(t, err)
	requireFile(t, to, b)
}

func TestSendFileSendsOnlyTheMissingPieces(t *testing.T) {
	b, to := noise(8<<20), filepath.Join(t.TempDir(), "dump")
	path, opt := writeFile(t, "dump", b), quick()
	opt.Ledger, opt.Lanes = &MemoryLedger{}, 1
	ctx, cancel := context.WithCancel(context.Background())
	place := &faulty{fault: func(int) *fault { return &fault{after: 5 << 20, stall: true} }}
	time.AfterFunc(2*time.Second, cancel)
	first, err := SendFile(ctx, place, path, to, opt)
	require.ErrorIs(t, err, context.Canceled)
	require.NotZero(t, first.Parcels)
	require.NoFileExists(t, to)

	second := &faulty{}
	report, err := SendFile(context.Background(), second, path, to, opt)
	require.NoError(t, err)
	requireFile(t, to, b)
	require.Positive(t, report.Resumed)
	require.Less(t, place.received.Load()+second.received.Load(), int64(len(b))+opt.Memory)

	third := &faulty{}
	_, err = SendFile(context.Background(), third, path, to, opt)
	require.NoError(t, err)
	require.Less(t, third.received.Load(), int64(mib), "the file is there: only its digest is asked for")
}

func TestSendFileSendsAllAgainWhenTheStagedFileIsGone(t *testing.T) {
	b, to := noise(1<<20), filepath.Join(t.TempDir(), "dump")
	path, opt := writeFile(t, "dump", b), quick()
	opt.Ledger = &MemoryLedger{}
	_, err := SendFile(context.Background(), &remote.Local{}, path, to, opt)
	require.NoError(t, err)
	require.NoError(t, os.Remove(to))
	_, err = SendFile(context.Background(), &remote.Local{}, path, to, opt)
	require.NoError(t, err)
	requireFile(t, to, b)
}

func TestSendFileMendsAStagedFileThatSomebodyChanged(t *testing.T) {
	b, to := noise(1<<20), filepath.Join(t.TempDir(), "dump")
	path, opt := writeFile(t, "dump", b), quick()
	opt.Ledger = &MemoryLedger{}
	_, err := SendFile(context.Background(), &remote.Local{}, path, to, opt)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(to, noise(5), 0o600))
	report, err := SendFile(context.Background(), &remote.Local{}, path, to, opt)
	require.NoError(t, err)
	requireFile(t, to, b)
	require.NotEmpty(t, report.Notes)
}

func TestSendFileWantsAnAbsolutePath(t *testing.T) {
	_, err := SendFile(context.Background(), &remote.Local{}, writeFile(t, "dump", nil), "dump", quick())
	require.ErrorContains(t, err, "no absolute path")
}
