package pgdump_test

import (
	"bytes"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/require"

	"mastodon-restore/internal/pgdump"
)

// repeating is a stream without end: a beginning, then the same bytes again and again.
type repeating struct {
	begin, again []byte
	at           int
}

func (r *repeating) Read(p []byte) (int, error) {
	if len(r.begin) > 0 {
		n := copy(p, r.begin)
		r.begin = r.begin[n:]
		return n, nil
	}
	for n := 0; n < len(p); {
		m := copy(p[n:], r.again[r.at:])
		n, r.at = n+m, (r.at+m)%len(r.again)
	}
	return len(p), nil
}

// requireFrugal runs f and requires that all it allocates, freed or not, is below 64 MiB.
func requireFrugal(t *testing.T, f func()) {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(64<<20))
}

// read takes all data of a stream, and all fields if asked to.
func read(t *testing.T, r io.Reader, fields bool) error {
	a, err := pgdump.Read(r)
	if err != nil {
		return err
	}
	for block, err := range a.Data(t.Context()) {
		if err != nil {
			return err
		}
		if !fields {
			continue
		}
		rows, err := block.Rows()
		if err != nil {
			return err
		}
		for rows.Next() {
		}
		if rows.Err() != nil {
			return rows.Err()
		}
	}
	return nil
}

func part(build func(a *archive)) []byte {
	a := newArchive(16, 4, 8, pgdump.None)
	build(a)
	return a.Bytes()
}

func TestHostileFilesAreRefusedWithLittleMemory(t *testing.T) {
	const copyStatement = "COPY public.t (a, b) FROM stdin;\n"
	table := func(a *archive) {
		a.int(1)
		a.entry(7, copyStatement, "false", unknownOffset)
		a.WriteByte(1)
		a.int(7)
	}
	entry := new(archive)
	entry.intSize, entry.minor = 4, 16
	entry.entry(7, copyStatement, "false", unknownOffset)
	for _, c := range []struct {
		what   string
		begin  func(a *archive)
		again  []byte
		fields bool
	}{
		{"a database name without end", func(a *archive) {
			a.Truncate(a.Len() - 2*11 - 7)
			a.int(1<<31 - 1)
		}, []byte("x"), false},
		{"a definition without end", func(a *archive) {
			a.int(1)
			a.Write(entry.Bytes()[:20])
			a.int(1<<31 - 1)
		}, []byte("x"), false},
		{"dependencies without end", func(a *archive) {
			a.int(1)
			a.Write(entry.Bytes()[:entry.Len()-14])
		}, []byte("\x00\x01\x00\x00\x007"), false},
		{"large strings without end", func(a *archive) {
			a.int(1)
			a.Write(entry.Bytes()[:20])
		}, append([]byte{0, 0, 0, 16, 0}, make([]byte, 1<<20)...), false},
		{"a row without end", func(a *archive) {
			table(a)
		}, append([]byte{0, 0, 4, 0, 0}, bytes.Repeat([]byte("x"), 1024)...), true},
	} {
		t.Run(c.what, func(t *testing.T) {
			requireFrugal(t, func() {
				err := read(t, &repeating{begin: part(c.begin), again: c.again}, c.fields)
				require.Error(t, err)
				require.NotContains(t, err.Error(), "\x00")
				require.Less(t, len(err.Error()), 300)
			})
		})
	}
}

func TestEntriesWithoutEndAreRefused(t *testing.T) {
	// Ids must differ, so this one is written out.
	a := newArchive(16, 4, 8, pgdump.None)
	a.int(1 << 30)
	for id := int64(1); a.Len() < 4<<20; id++ {
		a.entry(id, "", "", unknownOffset)
	}
	requireFrugal(t, func() {
		_, err := open(a.Bytes())
		var limit *pgdump.LimitError
		require.ErrorAs(t, err, &limit)
		require.Contains(t, err.Error(), "more than 20 MiB of memory")
	})
}

func TestAClaimLongerThanTheFileIsACut(t *testing.T) {
	a := newArchive(16, 4, 8, pgdump.None)
	a.int(1)
	a.int(7)
	a.int(1)
	a.int(2_000_000_000)
	requireFrugal(t, func() {
		_, err := open(a.Bytes())
		require.ErrorIs(t, err, io.ErrUnexpectedEOF)
		require.Contains(t, err.Error(), "a string of 2000000000 bytes, and 0 bytes left in the file")
	})
}

func TestAStreamThatInflatesWithoutReasonIsRefused(t *testing.T) {
	var bomb bytes.Buffer
	w, err := zstd.NewWriter(&bomb, zstd.WithEncoderConcurrency(1))
	require.NoError(t, err)
	_, err = io.CopyN(w, &repeating{again: []byte(strings.Repeat("\n", 4096))}, 300<<20)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	require.Less(t, bomb.Len(), 1<<20)
	a := newArchive(16, 4, 8, pgdump.Zstd)
	a.int(1)
	a.entry(7, "COPY public.t (a) FROM stdin;\n", "false", unknownOffset)
	a.block(7, bomb.Bytes())
	requireFrugal(t, func() {
		_, err := verify(t.Context(), a.Bytes())
		var limit *pgdump.LimitError
		require.ErrorAs(t, err, &limit)
		require.Contains(t, err.Error(), "more than 5000 times their size")
	})
}

func TestAZstdWindowBeyondReasonIsRefused(t *testing.T) {
	for _, c := range []struct {
		exponent byte
		refused  bool
	}{{13, false}, {17, true}, {21, true}} { // windows of 8 MiB, 128 MiB and 2 GiB
		// A frame by hand: magic number, no content size, the window, a last raw block.
		frame := []byte{0x28, 0xb5, 0x2f, 0xfd, 0, c.exponent << 3, byte(len("1\n\\.\n")<<3 | 1), 0, 0}
		frame = append(frame, "1\n\\.\n"...)
		a := newArchive(16, 4, 8, pgdump.Zstd)
		a.int(1)
		a.entry(7, "COPY public.t (a) FROM stdin;\n", "false", unknownOffset)
		a.block(7, frame)
		requireFrugal(t, func() {
			_, err := verify(t.Context(), a.Bytes())
			if !c.refused {
				require.NoError(t, err)
				return
			}
			var limit *pgdump.LimitError
			require.ErrorAs(t, err, &limit)
			require.Contains(t, err.Error(), "more than 32 MiB of memory")
		})
	}
}

func TestARowTooLongToHoldIsStillCounted(t *testing.T) {
	dump := table(t, pgdump.Gzip, "a", strings.Repeat("x", 9<<20)+"\n\\.\n\n\n")
	a, err := open(dump)
	require.NoError(t, err)
	for block, err := range a.Data(t.Context()) {
		require.NoError(t, err)
		rows, err := block.Rows("a")
		require.NoError(t, err)
		require.False(t, rows.Next())
		var limit *pgdump.LimitError
		require.ErrorAs(t, rows.Err(), &limit)
		require.Contains(t, rows.Err().Error(), "a row is longer than 8 MiB")
		n, err := block.CountRows()
		require.NoError(t, err)
		require.EqualValues(t, 1, n)
	}
}
