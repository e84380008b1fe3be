package pgdump_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"mastodon-restore/internal/pgdump"
)

// object is the data of a table, or one large object.
type object struct{ entry, oid int }

// digests reads the blocks of a loop.
func digests(t *testing.T, a *pgdump.Archive, entries ...*pgdump.Entry) map[object][32]byte {
	t.Helper()
	got := make(map[object][32]byte)
	take := func(block *pgdump.Block, err error) bool {
		require.NoError(t, err)
		content, err := io.ReadAll(block)
		require.NoError(t, err)
		got[object{block.Entry.ID, int(block.Object)}] = sha256.Sum256(content)
		return true
	}
	if len(entries) == 0 {
		a.Data(t.Context())(take)
	}
	for _, e := range entries {
		a.DataOf(t.Context(), e)(take)
	}
	return got
}

func withData(a *pgdump.Archive) (all []*pgdump.Entry) {
	entries := a.Entries()
	for i := range entries {
		if entries[i].HasData {
			all = append(all, &entries[i])
		}
	}
	return all
}

func TestOneEntrysDataAreThoseThatTheWholeReadingHas(t *testing.T) {
	for _, name := range dumps(t) {
		a, err := open(testdata(t, name+".dump"))
		require.NoError(t, err)
		want := digests(t, a)
		offset := a.Offset()
		entries := withData(a)
		require.Equal(t, want, digests(t, a, entries...), name)
		slices.Reverse(entries)
		require.Equal(t, want, digests(t, a, entries...), "%s, from the end", name)
		require.Equal(t, offset, a.Offset())
		require.Equal(t, want, digests(t, a), "%s, once more", name)
	}
}

func TestOneEntryIsReadWhileTheWholeIs(t *testing.T) {
	a, err := open(testdata(t, "pg15-gzip-pipe.dump"))
	require.NoError(t, err)
	rows, err := a.Verify(t.Context())
	require.NoError(t, err)
	for block, err := range a.Data(t.Context()) {
		require.NoError(t, err)
		for _, e := range withData(a) {
			for one, err := range a.DataOf(t.Context(), e) {
				require.NoError(t, err)
				if n, err := one.CountRows(); e.Kind == pgdump.KindTableData {
					require.NoError(t, err)
					require.Equal(t, rows[e.ID], n)
				}
			}
		}
		if n, err := block.CountRows(); err == nil {
			require.Equal(t, rows[block.Entry.ID], n)
		}
	}
}

func TestOneEntryCannotBeSoughtOutInAStream(t *testing.T) {
	for _, name := range []string{"pg15-gzip-pipe", "pg15-gzip-file"} {
		a, err := stream(testdata(t, name+".dump"))
		require.NoError(t, err)
		require.ErrorIs(t, failure(t, a, withData(a)[0]), pgdump.ErrStream)
	}
	a, err := open(testdata(t, "pg15-gzip-file.dump"))
	require.NoError(t, err)
	require.ErrorContains(t, failure(t, a, &a.Entries()[0]), "has no data")
}

// failure is the error that ends a loop over an entry's data; nil when there is none.
func failure(t *testing.T, a *pgdump.Archive, e *pgdump.Entry) (last error) {
	t.Helper()
	for _, err := range a.DataOf(t.Context(), e) {
		require.NoError(t, last, "an error is the last thing that a loop gets")
		last = err
	}
	return last
}

func TestDamageElsewhereDoesNotMatterForOneEntry(t *testing.T) {
	for _, name := range []string{"pg15-gzip-file", "pg15-gzip-pipe"} {
		dump := testdata(t, name+".dump")
		a, err := open(testdata(t, "pg15-gzip-file.dump"))
		require.NoError(t, err)
		entries := withData(a)
		first, last := entries[0], entries[0]
		for _, e := range entries {
			if e.Offset < first.Offset {
				first = e
			}
			if e.Offset > last.Offset && e.Kind == pgdump.KindTableData {
				last = e
			}
		}
		dump[first.Offset+20] ^= 0xff
		a, err = open(dump[:last.Offset+2])
		require.NoError(t, err)
		for _, e := range withData(a) {
			switch e.ID {
			case first.ID:
				require.ErrorContains(t, failure(t, a, e), "while reading "+first.Label())
			case last.ID:
				require.ErrorIs(t, failure(t, a, e), io.ErrUnexpectedEOF)
			default:
				if first.Offset <= e.Offset && e.Offset < last.Offset && e.Kind == pgdump.KindTableData {
					require.Len(t, digests(t, a, e), 1)
				}
			}
		}
	}
}

func TestAnOffsetThatIsNotTheBlocksIsDamage(t *testing.T) {
	const at = 1000
	a := newArchive(15, 4, 8, pgdump.None)
	a.int(3)
	for id, offset := range map[int64]int64{7: at, 8: at + 1, 9: 1 << 40} {
		a.entry(id, "COPY public.t (a) FROM stdin;\n", "false", binary.LittleEndian.AppendUint64([]byte{2}, uint64(offset)))
	}
	require.LessOrEqual(t, a.Len(), at)
	a.Write(make([]byte, at-a.Len()))
	a.block(8, []byte("1\n\\.\n\n\n"))
	dump, err := open(a.Bytes())
	require.NoError(t, err)
	for _, e := range withData(dump) {
		var damage *pgdump.DamageError
		require.ErrorAs(t, failure(t, dump, e), &damage, e.ID)
	}
}

// endless is a file of the archive's beginning, so many chunks of 4 KiB, and its end; it counts
// what is read of it.
type endless struct {
	begin, end []byte
	chunks     int64
	reads      int
}

const stride = 5 + 4096

func (f *endless) size() int64 { return int64(len(f.begin)) + f.chunks*stride + int64(len(f.end)) }

func (f *endless) ReadAt(p []byte, at int64) (n int, err error) {
	f.reads++
	for ; n < len(p); n++ {
		switch at, middle := at+int64(n)-int64(len(f.begin)), f.chunks*stride; {
		case at < 0:
			p[n] = f.begin[at+int64(len(f.begin))]
		case at < middle && at%stride == 2:
			p[n] = 4096 >> 8
		case at < middle && at%stride < 5:
			p[n] = 0
		case at < middle:
			p[n] = byte(at % 251)
		case at < middle+int64(len(f.end)):
			p[n] = f.end[at-middle]
		default:
			return n, io.EOF
		}
	}
	return n, nil
}

// tables is a dump of large objects and three tables, the first of them large and the second small.
func tables(t *testing.T, chunks int64) *endless {
	t.Helper()
	begin := newArchive(14, 4, 8, pgdump.Gzip)
	begin.int(4)
	begin.entryOf(pgdump.KindLargeObjects, 6, "", "false", unknownOffset)
	for id := int64(7); id <= 9; id++ {
		begin.entry(id, "COPY public.t (a) FROM stdin;\n", "false", unknownOffset)
	}
	begin.objects(6, 5, 1, 700)
	begin.WriteByte(1)
	begin.int(7)
	end := &archive{intSize: 4}
	end.int(3)
	end.WriteString("end")
	end.int(0)
	end.block(8, compressed(t, pgdump.Gzip, []byte("small\n\\.\n\n\n")))
	end.block(9, slices.Repeat([][]byte{make([]byte, 4096)}, 20)...)
	return &endless{begin: begin.Bytes(), chunks: chunks, end: end.Bytes()}
}

// objects writes large objects of so many chunks of 2 KiB.
func (a *archive) objects(id int64, chunks ...int) {
	a.WriteByte(3)
	a.int(id)
	for i, n := range chunks {
		a.int(int64(i + 1))
		for range n {
			a.int(2048)
			a.Write(make([]byte, 2048))
		}
		a.int(0)
	}
	a.int(0)
}

func TestAnEntryBehindALargeTableIsFoundWithFewReads(t *testing.T) {
	for _, chunks := range []int64{0, 1, 4, 5, 6, 7, 1000, 1 << 26} { // the last are 256 GiB
		file := tables(t, chunks)
		a, err := pgdump.Open(file, file.size())
		require.NoError(t, err)
		small, found := a.Entry(8)
		require.True(t, found)
		require.Len(t, digests(t, a, small), 1)
		require.Less(t, file.reads, 100, "of %d chunks", chunks)
	}
}

func TestALeapIntoTheNextTableIsMadeGood(t *testing.T) {
	small := compressed(t, pgdump.Gzip, []byte("small\n\\.\n\n\n"))
	a := newArchive(14, 4, 8, pgdump.Gzip)
	a.int(3)
	for id := int64(7); id <= 9; id++ {
		a.entry(id, "COPY public.t (a) FROM stdin;\n", "false", unknownOffset)
	}
	large := slices.Repeat([][]byte{bytes.Repeat([]byte("x"), 4096)}, 31)
	a.block(7, large...)
	// Between the two large tables is the small one, and an end that puts their chunks in step.
	between := 5 + 1 + 5 + 5 + len(small) + 5 + 1 + 5
	a.block(8, small)
	a.block(9, append([][]byte{bytes.Repeat([]byte("y"), 2*stride-between-5)}, large...)...)
	dump, err := open(a.Bytes())
	require.NoError(t, err)
	e, found := dump.Entry(8)
	require.True(t, found)
	require.Len(t, digests(t, dump, e), 1)
}

func TestASearchEndsWithItsContext(t *testing.T) {
	file := tables(t, 1000)
	a, err := pgdump.Open(file, file.size())
	require.NoError(t, err)
	e, found := a.Entry(8)
	require.True(t, found)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, err := range a.DataOf(ctx, e) {
		require.ErrorIs(t, err, context.Canceled)
	}
	require.Len(t, digests(t, a, e), 1, "the next search starts over")
}

func TestASearchInADumpCutShortSaysSo(t *testing.T) {
	dump := testdata(t, "pg15-gzip-pipe.dump")
	a, err := open(dump[:len(dump)*6/10])
	require.NoError(t, err)
	failed := 0
	for _, e := range withData(a) {
		if err := failure(t, a, e); err != nil {
			require.ErrorIs(t, err, io.ErrUnexpectedEOF)
			require.True(t, strings.HasPrefix(err.Error(), "damaged at byte "))
			failed++
		}
	}
	require.Positive(t, failed)
	require.Less(t, failed, len(withData(a)))
}
