package transfer

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"mastodon-restore/internal/remote"
)

func TestSendOnlyWhatHasNotArrived(t *testing.T) {
	files := append(avatars(150, 12_000), file{name: root + "cache/big", content: strings.Repeat("0123456789abcdef", 100_000)})
	path := archiveOf(t, files)
	for round := range 4 {
		t.Run(fmt.Sprintf("cut at random, round %d", round), func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(7, uint64(round)))
			dir := t.TempDir()
			ledgerPath := filepath.Join(t.TempDir(), "ledger")
			place := &faulty{}
			var again int64
			for range 3 {
				report := cutAfter(t, place, path, dir, ledgerPath, time.Duration(r.IntN(150))*time.Millisecond)
				again += report.AgainBytes
			}
			ledger, err := OpenLedger(ledgerPath)
			require.NoError(t, err)
			opt := quick()
			opt.Ledger = ledger
			_, err = Send(context.Background(), place, path, Destination{Dir: dir}, opt)
			require.NoError(t, err)
			requireTree(t, want(files), dir)
			// Four processes may have had a memory full of parcels under way at their ends.
			total := int64(len(tarBytes(t, files))) + 1<<20
			require.LessOrEqual(t, place.received.Load()-again, total+3*opt.Memory)
		})
	}
}

// cutAfter runs a transfer whose process ends after a while.
func cutAfter(t *testing.T, place remote.Place, path, dir, ledgerPath string, d time.Duration) Report {
	ctx, cancel := context.WithTimeout(context.Background(), d)
	defer cancel()
	ledger, err := OpenLedger(ledgerPath)
	require.NoError(t, err)
	defer ledger.Close()
	opt := quick()
	opt.Ledger = ledger
	report, err := Send(ctx, place, path, Destination{Dir: dir}, opt)
	if err != nil {
		require.ErrorIs(t, err, context.DeadlineExceeded)
	}
	return report
}

func TestSendAgainSendsNothing(t *testing.T) {
	files := avatars(100, 5_000)
	path, dir, opt := archiveOf(t, files), t.TempDir(), quick()
	opt.Ledger = &MemoryLedger{}
	place := &faulty{}
	first, err := Send(context.Background(), place, path, Destination{Dir: dir}, opt)
	require.NoError(t, err)
	opt.Verify = VerifyNone
	before := place.received.Load()
	second, err := Send(context.Background(), place, path, Destination{Dir: dir}, opt)
	require.NoError(t, err)
	require.Equal(t, before, place.received.Load())
	require.Equal(t, second.Parcels, second.Resumed)
	require.Equal(t, first.Files, second.Files)
	require.Equal(t, first.Bytes, second.Bytes)
}

func TestSendRefusesAnArchiveThatChangedSince(t *testing.T) {
	files := avatars(100, 5_000)
	other := avatars(100, 5_000)
	other[50].content = strings.Repeat("z", len(other[50].content))
	changes := map[string]struct{ first, second []byte }{
		"to another size":        {tarBytes(t, files), tarBytes(t, files[:90])},
		"in its middle":          {tarBytes(t, files), tarBytes(t, other)},
		"as a gzip file anyhow":  {gzipped(t, tarBytes(t, files)), gzipped(t, tarBytes(t, other))},
		"from gzip to plain tar": {gzipped(t, tarBytes(t, files)), tarBytes(t, files)},
	}
	for name, c := range changes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			opt := quick()
			opt.Ledger = &MemoryLedger{}
			dir := t.TempDir()
			path := writeFile(t, "system_accounts.tar.gz", c.first)
			_, err := Send(context.Background(), &remote.Local{}, path, Destination{Dir: dir}, opt)
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(path, c.second, 0o600))
			var changed *ChangedError
			_, err = Send(context.Background(), &remote.Local{}, path, Destination{Dir: dir}, opt)
			require.ErrorAs(t, err, &changed)
		})
	}
}

// What has not been sent yet has no receipt that could tell.
func TestSendRefusesAChangedArchiveBeforeItSendsTheRest(t *testing.T) {
	archive := tarBytes(t, avatars(400, 12_000))
	path, dir, opt := writeFile(t, "system_accounts.tar", archive), t.TempDir(), quick()
	sum := sha256.Sum256(archive)
	opt.Ledger, opt.SHA256 = &MemoryLedger{}, hex.EncodeToString(sum[:])
	ctx, cancel := context.WithCancel(context.Background())
	opt.Progress = func(p Progress) {
		if p.Files > 0 {
			cancel()
		}
	}
	place := &faulty{fault: func(int) *fault { return &fault{after: 600_000, stall: true} }}
	_, err := Send(ctx, place, path, Destination{Dir: dir}, opt)
	require.ErrorIs(t, err, context.Canceled)

	opt.Progress, place.fault = nil, nil
	before := place.received.Load()
	later := time.Now().Add(time.Minute)
	damaged := bytes.Clone(archive)
	damaged[len(damaged)/20*19] ^= 0xff
	require.NoError(t, os.WriteFile(path, damaged, 0o600))
	require.NoError(t, os.Chtimes(path, later, later))
	var changed *ChangedError
	_, err = Send(context.Background(), place, path, Destination{Dir: dir}, opt)
	require.ErrorAs(t, err, &changed)
	require.Equal(t, before, place.received.Load(), "something was sent")

	require.NoError(t, os.WriteFile(path, archive, 0o600))
	report, err := Send(context.Background(), place, path, Destination{Dir: dir}, opt)
	require.NoError(t, err, "copied back it is the same")
	require.Positive(t, report.Resumed)
	requireTree(t, want(avatars(400, 12_000)), dir)
}

// A file that changes while its time stays is found out late, when receipts speak of the wrong
// bytes. With the right file back they must not stand in the way.
func TestSendGoesOnWithTheRightArchiveAfterAWrongOne(t *testing.T) {
	files, wrong := avatars(200, 9_000), avatars(200, 9_000)
	wrong[120].content = strings.Repeat("z", len(wrong[120].content))
	archive, other := tarBytes(t, files), tarBytes(t, wrong)
	require.Len(t, other, len(archive))
	path, dir, opt := writeFile(t, "system_accounts.tar", other), t.TempDir(), quick()
	sum := sha256.Sum256(archive)
	opt.Ledger, opt.SHA256 = &MemoryLedger{}, hex.EncodeToString(sum[:])
	var changed *ChangedError
	_, err := Send(context.Background(), &remote.Local{}, path, Destination{Dir: dir}, opt)
	require.ErrorAs(t, err, &changed)

	later := time.Now().Add(time.Minute)
	require.NoError(t, os.WriteFile(path, archive, 0o600))
	require.NoError(t, os.Chtimes(path, later, later))
	report, err := Send(context.Background(), &remote.Local{}, path, Destination{Dir: dir}, opt)
	require.NoError(t, err)
	require.Positive(t, report.Resumed)
	requireTree(t, want(files), dir)
}

func TestSendRefusesAnArchiveOfAnotherDigestThanChecked(t *testing.T) {
	opt := quick()
	opt.SHA256 = strings.Repeat("0", 64)
	var changed *ChangedError
	_, err := Send(context.Background(), &remote.Local{}, archiveOf(t, avatars(3, 10)), Destination{Dir: t.TempDir()}, opt)
	require.ErrorAs(t, err, &changed)
}

func TestSendMendsWhatTheVerificationFinds(t *testing.T) {
	files := append(avatars(100, 5_000), file{name: root + "cache/big", content: strings.Repeat("0123456789abcdef", 50_000)})
	path, dir, opt := archiveOf(t, files), t.TempDir(), quick()
	opt.Ledger = &MemoryLedger{}
	_, err := Send(context.Background(), &remote.Local{}, path, Destination{Dir: dir}, opt)
	require.NoError(t, err)
	require.NoError(t, os.Remove(filepath.Join(dir, strings.TrimPrefix(files[7].name, root))))
	require.NoError(t, os.Remove(filepath.Join(dir, "cache/big")))
	require.NoError(t, os.WriteFile(filepath.Join(dir, strings.TrimPrefix(files[9].name, root)), []byte("bad"), 0o644))
	report, err := Send(context.Background(), &remote.Local{}, path, Destination{Dir: dir}, opt)
	require.NoError(t, err)
	require.Contains(t, strings.Join(report.Notes, "\n"), "3 files are missing or differ")
	requireTree(t, want(files), dir)
}

func TestSendGoesOnFromAnotherMachine(t *testing.T) {
	files := append(avatars(150, 12_000), file{name: root + "cache/big", content: strings.Repeat("0123456789abcdef", 100_000)})
	path, dir, opt := archiveOf(t, files), t.TempDir(), quick()
	ctx, cancel := context.WithCancel(context.Background())
	place := &faulty{fault: func(n int) *fault { return &fault{after: 1_000_000, stall: true} }}
	opt.Progress = func(p Progress) {
		if p.Files > 60 {
			cancel()
		}
	}
	_, err := Send(ctx, place, path, Destination{Dir: dir}, opt)
	require.ErrorIs(t, err, context.Canceled)

	opt = quick()
	report, err := Send(context.Background(), &remote.Local{}, path, Destination{Dir: dir}, opt)
	require.NoError(t, err)
	require.Positive(t, report.Resumed)
	requireTree(t, want(files), dir)
}
