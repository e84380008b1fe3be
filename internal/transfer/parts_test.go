package transfer

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestSeenNeverForgetsAndSeldomErrs(t *testing.T) {
	s := newSeen()
	wrong := 0
	for i := range 100_000 {
		if s.add(fmt.Sprintf("accounts/avatars/%d.png", i)) {
			wrong++
		}
	}
	require.Less(t, wrong, 10)
	for i := range 100_000 {
		require.True(t, s.add(fmt.Sprintf("accounts/avatars/%d.png", i)))
	}
}

func TestSampleIsTheSameInWhateverOrder(t *testing.T) {
	up, down := &sample{digest: blake2}, &sample{digest: blake2}
	const n = 2000
	for i := range n {
		for s, k := range map[*sample]int{up: i, down: n - 1 - i} {
			name := fmt.Sprintf("file %d", k)
			if h := s.want(name); h != nil {
				_, _ = io.WriteString(h, name)
				s.set(name, h)
			}
		}
	}
	require.Len(t, up.files, sampleFiles)
	require.Equal(t, up.files, down.files)
}

func TestAFeedHoldsEverythingBackUntilTheFarSideIsThere(t *testing.T) {
	var took atomic.Int64
	f := newFeed(context.Background(), nil, func(n int) { took.Add(int64(n)) })
	f.push("bye", nil)
	f.close()
	read := make(chan []byte)
	go func() {
		b, _ := io.ReadAll(f)
		read <- b
	}()
	select {
	case <-read:
		t.Fatal("read before the start")
	case <-time.After(20 * time.Millisecond):
	}
	require.Zero(t, took.Load())
	f.start()
	require.Len(t, <-read, blockBytes)
}

func TestAFullVolumeIsKnownByTheFarSidesWords(t *testing.T) {
	for _, said := range []string{
		"tar: a/b.png: Cannot write: No space left on device", "dd: error writing 'x': Disk quota exceeded", "tar: a/b.png: Wrote only 8704 of 32768 bytes",
	} {
		require.True(t, saysFull(said), said)
	}
	require.False(t, saysFull("tar: a/b.png: Cannot open: Permission denied"))
}

func TestShelfHoldsAJoinBackUntilItsPiecesHaveArrived(t *testing.T) {
	s, left := newShelf(), new(atomic.Int64)
	left.Store(2)
	one, two := &parcel{id: "1", kind: place, whole: left}, &parcel{id: "2", kind: place, whole: left}
	last := &parcel{id: "3", kind: join, whole: left}
	s.put(one)
	s.put(two)
	s.put(last)
	s.close()
	ctx := context.Background()
	require.Same(t, one, s.take(ctx))
	require.Same(t, two, s.take(ctx))
	s.done(two)
	require.Nil(t, s.spare())
	s.back([]*parcel{one})
	require.Same(t, one, s.take(ctx))
	s.done(one)
	require.Same(t, last, s.take(ctx))
	require.False(t, s.over())
	s.done(last)
	require.True(t, s.over())
	require.Nil(t, s.take(ctx))
}

func TestBucketLetsThroughWhatItSays(t *testing.T) {
	b := newBucket(1 << 20)
	now := time.Now()
	var wait time.Duration
	for range 64 {
		wait = b.reserve(now, blockBytes)
	}
	require.InDelta(t, 1.9, wait.Seconds(), 0.01, "2 MiB at 1 MiB a second, less what was saved")
	require.NoError(t, (*bucket)(nil).take(context.Background(), 1<<30))
}

func TestFeedFillsWholeBlocks(t *testing.T) {
	ctx := context.Background()
	memory, err := newPool(mib)
	require.NoError(t, err)
	defer memory.close()
	p := &payload{pool: memory}
	require.NoError(t, p.write(ctx, noise(300_000)))
	require.NoError(t, p.seal(ctx))
	var took int
	f := newFeed(ctx, nil, func(n int) { took += n })
	f.start()
	f.push("tar 000001", p)
	f.push("tar 000002", p)
	f.close()
	buf := make([]byte, 100_000)
	for {
		n, err := f.Read(buf)
		if err == io.EOF {
			break
		}
		require.NoError(t, err)
		require.Equal(t, blockBytes, n)
	}
	require.EqualValues(t, 2*(blockBytes+p.n), took)
}

func TestAnswersAreReadInAnyOrder(t *testing.T) {
	sum := strings.Repeat("a", 64)
	a := parseAnswer("end 000007 n=12 " + sum + " - 256+0 records in 256+0 records out 8388608 bytes (8.4 MB, 8.0 MiB) copied, 0.1 s, 80 MB/s rc=2")
	require.Equal(t, answer{word: "end", id: "000007", code: 2, bytes: 8388608, entries: 12, digest: sum}, a)
	require.Equal(t, -1, parseAnswer("end 000007").code)
}

func TestTalkTakesOnlyItsOwnNonceForAnAnswer(t *testing.T) {
	talk := newTalk("nonce", func() {})
	_, err := io.WriteString(talk, "tar: placed 8\nother end 1 rc=0\ntar: x: Cannot open\x1b[2J\nnonce end 1 rc=2\npartial")
	require.NoError(t, err)
	a := <-talk.answers
	require.Equal(t, 2, a.code)
	require.Equal(t, []string{"other end 1 rc=0", "tar: x: Cannot open\x1b[2J"}, a.said)
	require.Equal(t, "tar: x: Cannot open[2J", clean(a.said, 1))
	require.Empty(t, talk.answers)
}

func TestNamesTravelThroughChecksumLists(t *testing.T) {
	for _, name := range []string{"plain", "-", "with\nnewline", "back\\slash", "\\n", "tail\r", "\xff"} {
		line := checkLine(name, "d")
		escaped := strings.HasPrefix(line, "\\")
		said := strings.TrimSuffix(line[strings.Index(line, "./"):], "\n")
		if escaped {
			said = "\\" + said
		}
		got, bad := failedName(said + ": FAILED")
		require.True(t, bad)
		require.Equal(t, name, got)
	}
	_, bad := failedName("sha256sum: WARNING: 1 listed file could not be read")
	require.False(t, bad)
}

func TestPaceAddsLanesWhileThatHelps(t *testing.T) {
	// rate is what the far side carries with so many lanes.
	climb := func(rate func(lanes int) int64) []int {
		p := newPace(0)
		var done int64
		var seen []int
		for now := time.Duration(0); now < 15*time.Second; now += paceTick {
			done += rate(p.lanes) / int64(time.Second/paceTick)
			p.next(now, done, 0)
			if len(seen) == 0 || seen[len(seen)-1] != p.lanes {
				seen = append(seen, p.lanes)
			}
		}
		return seen
	}
	linear := climb(func(lanes int) int64 { return int64(lanes) * 1000 })
	require.Equal(t, defaultMaxLanes, linear[len(linear)-1])
	flat := climb(func(int) int64 { return 10_000 })
	require.Equal(t, firstLanes, flat[len(flat)-1])
	require.Equal(t, []int{7}, func() []int { p := newPace(7); return []int{p.next(time.Hour, 1, 99)} }())
}

func TestPaceTakesLanesAwayWhileStreamsBreak(t *testing.T) {
	p := newPace(0)
	require.Equal(t, firstLanes/2, p.next(time.Second, 0, firstLanes+1))
}

func TestLedgerDropsATornLastLine(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger")
	l, err := OpenLedger(path)
	require.NoError(t, err)
	require.NoError(t, l.Record("1", Receipt{Bytes: 5, Digest: "a"}))
	require.NoError(t, l.Record("2", Receipt{Bytes: 6}))
	require.NoError(t, l.Close())
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, b[:len(b)-4], 0o600))
	l, err = OpenLedger(path)
	require.NoError(t, err)
	_, had := l.Receipt("2")
	require.False(t, had)
	require.NoError(t, l.Record("3", Receipt{Bytes: 7}))
	require.NoError(t, l.Close())
	l, err = OpenLedger(path)
	require.NoError(t, err)
	defer l.Close()
	r, had := l.Receipt("3")
	require.True(t, had)
	require.Equal(t, Receipt{Bytes: 7}, r)
	r, had = l.Receipt("1")
	require.True(t, had)
	require.Equal(t, Receipt{Bytes: 5, Digest: "a"}, r)
}

func TestLedgerRefusesAFileThatIsNone(t *testing.T) {
	_, err := OpenLedger(writeFile(t, "ledger", []byte("{}\nnot json\n{}\n")))
	require.Error(t, err)
}
