package transfer

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"mastodon-restore/internal/remote"
)

func TestSendSurvivesWhatStreamsDo(t *testing.T) {
	cases := map[string]func(n int) *fault{
		"a stream that ends cleanly, without a word": func(n int) *fault {
			return &fault{after: 100_000, end: true}
		},
		"a reset": func(int) *fault { return &fault{after: 150_000, end: true, err: errReset} },
		"the far side's word that its shell was killed": func(int) *fault {
			return &fault{after: 1, end: true, err: &remote.ExitError{Code: 137}}
		},
		"a stall":       func(int) *fault { return &fault{after: 120_000, stall: true} },
		"a flipped bit": func(int) *fault { return &fault{after: 200_000, flip: true} },
		"answers that are lost": func(int) *fault {
			return &fault{silent: true}
		},
	}
	files := avatars(60, 12_000)
	path := archiveOf(t, files)
	for name, strike := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			place := &faulty{fault: func(n int) *fault {
				if n > 4 {
					return nil
				}
				return strike(n)
			}}
			dir := t.TempDir()
			opt := quick()
			opt.StallAfter = 2 * time.Second
			report, err := Send(context.Background(), place, path, Destination{Dir: dir}, opt)
			require.NoError(t, err)
			requireTree(t, want(files), dir)
			require.Positive(t, report.Restarts)
			require.NotEmpty(t, report.Notes)
		})
	}
}

func TestSendGivesUpWhenNothingArrivesAnyMore(t *testing.T) {
	place := &faulty{fault: func(int) *fault { return &fault{after: 10, end: true, err: errReset} }}
	opt := quick()
	opt.Patience = 50 * time.Millisecond
	var stalled *StalledError
	_, err := Send(context.Background(), place, archiveOf(t, avatars(30, 900)), Destination{Dir: t.TempDir()}, opt)
	require.ErrorAs(t, err, &stalled)
	require.ErrorIs(t, err, errReset)
}

func TestSendEndsAtOnceWhenThePlaceIsGone(t *testing.T) {
	place := &faulty{fault: func(int) *fault { return &fault{after: 10, end: true, err: errReset} }}
	opt := quick()
	opt.Gone = func(err error) bool { return err == errReset }
	_, err := Send(context.Background(), place, archiveOf(t, avatars(30, 900)), Destination{Dir: t.TempDir()}, opt)
	require.ErrorIs(t, err, errReset)
	require.LessOrEqual(t, place.lanes.Load(), int64(3))
}

func TestSendStopsWhenItsContextEnds(t *testing.T) {
	place := &faulty{fault: func(int) *fault { return &fault{after: 10, stall: true} }}
	ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
	defer cancel()
	_, err := Send(ctx, place, archiveOf(t, avatars(30, 900)), Destination{Dir: t.TempDir()}, quick())
	require.ErrorIs(t, err, context.DeadlineExceeded)
}

// twoWay is a place with two transports.
type twoWay struct {
	faulty
	name  string
	other *twoWay
}

func (p *twoWay) Bulk() remote.Place  { return p }
func (p *twoWay) Other() remote.Place { return p.other }
func (p *twoWay) Transport() string   { return p.name }

func TestSendChangesTheTransportAndSaysSo(t *testing.T) {
	place := &twoWay{name: "one way", other: &twoWay{name: "the other way"}}
	place.fault = func(int) *fault { return &fault{after: 1000, end: true, err: errReset} }
	files := avatars(30, 900)
	dir := t.TempDir()
	opt := quick()
	opt.Lanes = 1
	report, err := Send(context.Background(), place, archiveOf(t, files), Destination{Dir: dir}, opt)
	require.NoError(t, err)
	requireTree(t, want(files), dir)
	require.Contains(t, strings.Join(report.Notes, "\n"), "one way broke twice at the same parcel; going on over the other way")
	require.EqualValues(t, 2, place.lanes.Load())
	require.Positive(t, place.other.received.Load())
}

func TestSendTellsAReadErrorOfThisMachine(t *testing.T) {
	files := avatars(120, 12_000)
	b := gzipped(t, tarBytes(t, files))
	opt := quick()
	opt.open = func(path string) (source, error) {
		return &readErrorSource{failingSource{Reader: bytes.NewReader(b), from: int64(len(b) / 2)}}, nil
	}
	opt.BackupTime = time.Now()
	dir := t.TempDir()
	report, err := Send(context.Background(), &remote.Local{}, "system_accounts.tar.gz", Destination{Dir: dir}, opt)
	require.ErrorIs(t, err, errDisk)
	require.Positive(t, report.Files, "what was read before the error has arrived")
	all := want(files)
	for name, content := range tree(t, dir) {
		if strings.HasPrefix(name, ".mastodon-restore-") {
			continue // the notes of what has arrived
		}
		require.True(t, all[name] == content, "%q is not what the archive holds", name)
	}
}

type readErrorSource struct{ failingSource }

func (*readErrorSource) Close() error       { return nil }
func (*readErrorSource) ModTime() time.Time { return time.Time{} }

func TestSendTellsWhereAnArchiveIsDamaged(t *testing.T) {
	files := avatars(120, 12_000)
	whole := gzipped(t, tarBytes(t, files))
	flipped := bytes.Clone(whole)
	flipped[len(flipped)-6] ^= 1
	for name, b := range map[string][]byte{
		"cut off":               whole[:len(whole)/2],
		"with a wrong checksum": flipped,
		"that is no archive":    []byte(strings.Repeat("no archive at all ", 100)),
		"of no bytes":           nil,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var damaged *DamagedError
			_, err := Send(context.Background(), &remote.Local{}, writeFile(t, "a.tar.gz", b), Destination{Dir: t.TempDir()}, quick())
			require.ErrorAs(t, err, &damaged)
			require.ErrorContains(t, err, "a.tar.gz")
		})
	}
}

func TestSendRefusesUnsafeEntries(t *testing.T) {
	cases := map[string]file{
		"a name that climbs out":           {name: root + "accounts/../../../../x", content: "x"},
		"another absolute path":            {name: "/etc/cron.d/x", content: "x"},
		"a path outside the tree":          {name: "opt/mastodon/config/x", content: "x"},
		"an absolute symbolic link":        {name: root + "accounts/l", symlink: "/etc"},
		"a symbolic link that climbs":      {name: root + "accounts/l", symlink: "../../.."},
		"a hard link to outside":           {name: root + "accounts/l", link: "etc/passwd"},
		"a hard link that climbs":          {name: root + "accounts/l", link: root + "../x"},
		"a device":                         {name: root + "accounts/null", kind: '3'},
		"a pipe":                           {name: root + "accounts/fifo", kind: '6'},
		"a name too long for a file":       {name: root + "accounts/" + strings.Repeat("n", 256), content: "x"},
		"a file where the tree shall grow": {name: "opt/mastodon/public/system", content: "x"},
	}
	for name, bad := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			files := append(avatars(3, 10), bad)
			dir := t.TempDir()
			var unsafe *UnsafeError
			_, err := Send(context.Background(), &remote.Local{}, archiveOf(t, files), Destination{Dir: dir}, quick())
			require.ErrorAs(t, err, &unsafe)
			require.Equal(t, bad.name, unsafe.Entry)
			require.NoFileExists(t, filepath.Join(filepath.Dir(dir), "x"))
		})
	}
}

// fullTar stands for tar on a volume with no room: it writes as much as fits, then fails as GNU
// tar does.
const fullTar = `#!/bin/sh
[ "$1" = --version ] && exec %[1]s --version
if [ -e %[2]s/full ]; then
	cat >/dev/null
	echo "tar: accounts/x: Cannot write: No space left on device" >&2
	echo "tar: Exiting with failure status due to previous errors" >&2
	exit 2
fi
n=$(ls %[2]s | wc -l)
: >%[2]s/$$
[ "$n" -ge 3 ] && : >%[2]s/full
exec %[1]s "$@"
`

func TestSendStopsAtAFullVolumeAndGoesOnWhenThereIsRoom(t *testing.T) {
	tools, state := t.TempDir(), t.TempDir()
	script := fmt.Sprintf(fullTar, "/bin/tar", state)
	require.NoError(t, os.WriteFile(filepath.Join(tools, "tar"), []byte(script), 0o755))
	place := &remote.Local{Env: []string{"PATH=" + tools + ":" + os.Getenv("PATH")}}

	files := avatars(200, 9_000)
	path, dir, opt := archiveOf(t, files), t.TempDir(), quick()
	opt.Ledger = &MemoryLedger{}
	report, err := Send(context.Background(), place, path, Destination{Dir: dir}, opt)
	var full *VolumeFullError
	require.ErrorAs(t, err, &full)
	require.Positive(t, full.PlacedFiles)
	require.Equal(t, report.Files, full.PlacedFiles)
	require.EqualValues(t, 200, full.PlacedFiles+full.MissingFiles)
	require.Positive(t, full.MissingBytes)
	require.Positive(t, full.FreeBytes)

	report, err = Send(context.Background(), &remote.Local{}, path, Destination{Dir: dir}, opt)
	require.NoError(t, err)
	require.Positive(t, report.Resumed)
	requireTree(t, want(files), dir)
}

// leftover is a lane whose far side lives on after its stream has broken, as in a kubelet that was
// frozen: it must be dead before its parcels are sent again.
func TestSendEndsTheProcessesOfABrokenLane(t *testing.T) {
	files := avatars(60, 12_000)
	place := &deaf{}
	dir := t.TempDir()
	opt := quick()
	opt.StallAfter = 500 * time.Millisecond
	opt.Lanes = 1
	_, err := Send(context.Background(), place, archiveOf(t, files), Destination{Dir: dir}, opt)
	require.NoError(t, err)
	requireTree(t, want(files), dir)
	defer place.held.Close()
	select {
	case <-place.gone:
	case <-time.After(10 * time.Second):
		t.Fatal("the first lane's processes still run")
	}
}

// deaf keeps the first lane's command running when its stream is cancelled, with its input open.
type deaf struct {
	remote.Local
	once sync.Once
	gone chan struct{}
	held *os.File
}

func (d *deaf) Exec(ctx context.Context, argv []string, s remote.Streams) error {
	first := false
	if isLane(argv) {
		d.once.Do(func() { first = true; d.gone = make(chan struct{}) })
	}
	if !first {
		return d.Local.Exec(ctx, argv, s)
	}
	// A file as input, so that Exec returns as soon as the command has ended.
	r, w, err := os.Pipe()
	if err != nil {
		return err
	}
	out := &muzzle{w: s.Out}
	go func() {
		defer close(d.gone)
		defer r.Close()
		_ = d.Local.Exec(context.Background(), argv, remote.Streams{In: r, Out: out})
	}()
	go func() { _, _ = io.CopyN(w, s.In, 50_000) }()
	d.held = w
	<-ctx.Done()
	out.shut()
	return ctx.Err()
}
