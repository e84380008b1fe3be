package backupset

import (
	"fmt"
	"runtime"
	"strconv"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestASketchRemembersAllUntilThereAreTooMany(t *testing.T) {
	s := newSketch(5000)
	for i := range 4000 {
		require.True(t, s.add(digest(fmt.Appendf(nil, "file %d", i))))
	}
	for i := range 4000 {
		require.True(t, s.has(digest(fmt.Appendf(nil, "file %d", i))))
		require.False(t, s.add(digest(fmt.Appendf(nil, "file %d", i))), "it is there already")
	}
	require.False(t, s.has(digest([]byte("file 4000"))))
	require.Equal(t, ^uint64(0), s.below)
}

// Two sketches of different sizes agree on what both of them sample: nothing is missing that is
// there, and what is missing is found out in proportion.
func TestSampledSetsAreComparable(t *testing.T) {
	const all = 200_000
	there, named := newSketch(1<<14), newWanted(1<<12)
	for i := range all {
		h := digest(fmt.Appendf(nil, "media_attachments/files/%d.png", i))
		if i%10 != 0 {
			there.add(h)
		}
		named.add(wantedFile{h, attachments.place(uint64(i))})
	}
	require.LessOrEqual(t, there.n, 1<<14)
	require.LessOrEqual(t, len(there.table), 1<<15)
	require.LessOrEqual(t, cap(named.files), 1<<12)
	checked, absent, example := named.absent(there)
	require.EqualValues(t, all, named.total)
	require.Greater(t, checked, int64(1000))
	require.InDelta(t, 0.1, float64(absent)/float64(checked), 0.03)
	require.Regexp(t, `^media_attachments/files/000/\d{3}/\d{3}/original/$`, example)
}

func TestASketchThatSamplesForgetsNoneBelowItsLimit(t *testing.T) {
	s := newSketch(3000)
	var all []uint64
	for i := range 50_000 {
		all = append(all, digest(fmt.Appendf(nil, "file %d", i)))
		s.add(all[i])
	}
	kept := 0
	for _, h := range all {
		require.Equal(t, h <= s.below, s.has(h))
		require.Equal(t, h > s.below, s.add(h), "it is there, or beyond the limit")
		if h <= s.below {
			kept++
		}
	}
	taken := 0
	for _, h := range s.table {
		if h != 0 {
			taken++
		}
	}
	require.Equal(t, []int{kept, kept}, []int{s.n, taken})
	require.Greater(t, kept, 1000)
	require.Less(t, kept, 3000)
}

// Whatever a set holds, what a deep reading remembers of it leaves 24 of 64 MiB for the rest.
func TestWhatADeepReadingRemembersIsBounded(t *testing.T) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	facts := newRowFacts(now, true)
	censuses := map[Class]*census{}
	id, file := make([]byte, 0, 20), []byte("0123456789abcdef.png")
	for i := range 4 * deepFiles / 3 {
		id = strconv.AppendInt(id[:0], int64(i), 10)
		for class, folder := range map[Class]fileFolder{Accounts: headers, MediaAttachments: attachments, CustomEmojis: emojis, SiteUploads: uploads} {
			facts.want(class, folder, id, file)
		}
	}
	for _, class := range Classes() {
		if !class.IsArchive() {
			continue
		}
		c := newCensus(class, true, now, new(atomic.Int64))
		for i := range uint64(4 * deepNames / 3) {
			c.names.add(i*0x9e3779b97f4a7c15 | 1)
		}
		censuses[class] = c
	}
	runtime.ReadMemStats(&after)
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(40<<20))
	require.Len(t, censuses, 6)
	for class, w := range facts.wanted {
		require.EqualValues(t, 4*deepFiles/3, w.total)
		checked, absent, example := w.absent(censuses[class].names)
		require.Equal(t, checked, absent, class)
		require.Greater(t, checked, int64(deepFiles/4))
		require.Contains(t, example, "/original/")
	}
}

func TestDeepReadingLooksForAllFiles(t *testing.T) {
	require.EqualValues(t, deepFiles, newRowFacts(now, true).wanted[MediaAttachments].most)
	require.Less(t, quickFiles, deepFiles)
}
