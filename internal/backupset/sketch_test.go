package backupset

import (
	"fmt"
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
		named.add(wantedFile{h, int64(i), "media_attachments/files"})
	}
	require.LessOrEqual(t, there.n, 1<<14)
	require.LessOrEqual(t, len(there.table), 1<<15)
	require.LessOrEqual(t, len(named.files), 1<<12)
	checked, absent, example := named.absent(there)
	require.EqualValues(t, all, named.total)
	require.Greater(t, checked, int64(1000))
	require.InDelta(t, 0.1, float64(absent)/float64(checked), 0.03)
	require.Regexp(t, `^media_attachments/files/000/\d{3}/\d{3}/original/$`, example)
}

func TestDeepReadingLooksForAllFiles(t *testing.T) {
	require.EqualValues(t, deepFiles, newRowFacts(now, true).wanted[MediaAttachments].most)
	require.Less(t, quickFiles, deepFiles)
}
