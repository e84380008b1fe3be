package pgdump_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"mastodon-restore/internal/pgdump"
)

func TestADumpCutAnywhereIsDamaged(t *testing.T) {
	for _, name := range []string{"pg13-gzip-file", "pg15-none-pipe", "pg17-lz4-file", "pg17-zstd-pipe"} {
		dump := testdata(t, name+".dump")
		for n := len("PGDMP"); n < len(dump); n += 997 {
			_, err := verify(t.Context(), dump[:n])
			var damage *pgdump.DamageError
			require.ErrorAs(t, err, &damage, "%s cut at %d", name, n)
			require.ErrorIs(t, err, io.ErrUnexpectedEOF, "%s cut at %d: %v", name, n, err)
			require.LessOrEqual(t, damage.Offset, int64(n))

			a, err := stream(dump[:n])
			if err == nil {
				_, err = a.Verify(t.Context())
			}
			require.ErrorAs(t, err, &damage, "%s piped and cut at %d", name, n)
			require.ErrorIs(t, err, io.ErrUnexpectedEOF, "%s piped and cut at %d: %v", name, n, err)
		}
		_, err := verify(t.Context(), dump[:len(dump)-1])
		require.ErrorIs(t, err, io.ErrUnexpectedEOF, "%s less its last byte", name)
	}
}

func TestEachFlippedByteOfCompressedDataIsDamage(t *testing.T) {
	dump := testdata(t, "pg17-gzip-file.dump")
	a, err := open(dump)
	require.NoError(t, err)
	// Up to the large objects: nothing checks the oids that stand before each.
	end := len(dump)
	for _, e := range a.Entries() {
		if e.Kind == pgdump.KindLargeObjects {
			end = min(end, int(e.Offset))
		}
	}
	for i := int(a.Offset()); i < end; i += 211 {
		b := bytes.Clone(dump)
		b[i] ^= 0xff // a high bit alone may be padding at the end of a deflate stream
		_, err := verify(t.Context(), b)
		var damage *pgdump.DamageError
		require.ErrorAs(t, err, &damage, "byte %d", i)
	}
}

func TestDamageIsPlacedAndNamed(t *testing.T) {
	dump := testdata(t, "pg15-gzip-file.dump")
	a, err := open(dump)
	require.NoError(t, err)
	for _, e := range a.Entries() {
		if e.Kind != pgdump.KindTableData || e.Name == "nothing" || strings.HasPrefix(e.Name, "line") {
			continue
		}
		b := bytes.Clone(dump)
		b[e.Offset+20] ^= 0xff // behind type, id, length and zlib's header
		_, err := verify(t.Context(), b)
		var damage *pgdump.DamageError
		require.ErrorAs(t, err, &damage)
		require.Equal(t, e.Label(), damage.Entry)
		require.InDelta(t, e.Offset, damage.Offset, 36<<10)
		require.True(t, strings.HasPrefix(err.Error(), fmt.Sprintf("damaged at byte %d while reading %s: ", damage.Offset, e.Label())), err.Error())
	}
}

func TestTheFormOfRowsIsChecked(t *testing.T) {
	for _, c := range []struct{ what, rows, says string }{
		{"no end marker", "1\ta\n2\tb\n", `without their end marker`},
		{"nothing at all", "", `without their end marker`},
		{"only line feeds", "\n\n\n", `without their end marker`},
		{"a marker that is a row's end", "1\ta\\.\n\n\n", `without their end marker`},
		{"a marker without line feed", "1\ta\n\\.", `without their end marker`},
		{"rows behind the marker", "1\ta\n\\.\n2\tb\n3\tc\n", `without their end marker`},
		{"a field too few", "1\ta\n2\n\\.\n\n\n", "2 rows of 2 columns have 1 field separators instead of 2"},
		{"a field too many", "1\ta\tx\n2\tb\n\\.\n\n\n", "3 field separators instead of 2"},
		{"a zero byte", "1\t\x00\n\\.\n\n\n", "a zero byte"},
	} {
		for _, compression := range all {
			_, err := verify(t.Context(), table(t, compression, "id, text", c.rows))
			var damage *pgdump.DamageError
			require.ErrorAs(t, err, &damage, "%s, %s", c.what, compression)
			require.Contains(t, err.Error(), c.says)
			require.Equal(t, "table public.t", damage.Entry)
		}
	}
	rows, err := verify(t.Context(), table(t, pgdump.None, "id, text", "1\ta\n\\.\n"))
	require.NoError(t, err)
	require.Equal(t, map[int]int64{7: 1}, rows)
}

func TestARowShortOfTheChosenColumnIsDamage(t *testing.T) {
	a, err := open(table(t, pgdump.Gzip, "a, b, c", "1\t2\t3\n1\t2\n1\t2\t3\t4\n\\.\n\n\n"))
	require.NoError(t, err)
	var damage *pgdump.DamageError
	for block, err := range a.Data(t.Context()) {
		require.NoError(t, err)
		_, err := block.Rows("d")
		require.ErrorContains(t, err, `table public.t has no column "d"`)
		rows, err := block.Rows("c")
		require.NoError(t, err)
		require.True(t, rows.Next())
		require.Equal(t, "3", string(rows.Field(0)))
		require.False(t, rows.Next())
		require.ErrorAs(t, rows.Err(), &damage)
		require.ErrorContains(t, rows.Err(), "a row has 2 fields, and the table 3 columns")
		require.False(t, rows.Next())
	}
}

func TestCompressedStreamsEndWhereTheirChunksEnd(t *testing.T) {
	rows := []byte(strings.Repeat("1\ta\n", 50_000) + "\\.\n\n\n")
	for _, c := range []pgdump.Compression{pgdump.Gzip, pgdump.LZ4, pgdump.Zstd} {
		whole := compressed(t, c, rows)
		build := func(chunks ...[]byte) []byte {
			a := newArchive(16, 4, 8, c)
			a.int(1)
			a.entry(7, "COPY public.t (id, text) FROM stdin;\n", "false", unknownOffset)
			a.block(7, chunks...)
			return a.Bytes()
		}
		_, err := verify(t.Context(), build(whole))
		require.NoError(t, err)
		for cut := range len(whole) {
			if cut > 24 && cut < len(whole)-24 && cut%499 != 0 {
				continue
			}
			chunks := [][]byte{whole[:cut]}
			if cut == 0 {
				chunks = nil
			}
			_, err := verify(t.Context(), build(chunks...))
			require.ErrorIs(t, err, io.ErrUnexpectedEOF, "%s stream of %d bytes cut at %d: %v", c, len(whole), cut, err)
		}
		_, err = verify(t.Context(), build(whole, []byte("more")))
		var damage *pgdump.DamageError
		require.ErrorAs(t, err, &damage, c)
	}
}

func TestContentsAndBlocksMustAgree(t *testing.T) {
	const copyStatement = "COPY public.t (a) FROM stdin;\n"
	rows := []byte("1\n\\.\n\n\n")
	at := func(n int) []byte { return binary.LittleEndian.AppendUint64([]byte{2}, uint64(n)) }
	for _, c := range []struct {
		what, says string
		build      func(a *archive)
	}{
		{"a block twice", "the data of table public.t come twice", func(a *archive) {
			a.int(2)
			a.entry(7, copyStatement, "false", unknownOffset)
			a.entry(8, copyStatement, "false", unknownOffset)
			a.block(7, rows)
			a.block(7, rows)
		}},
		{"a missing block", "the file ends, and the data of 1 entries are missing", func(a *archive) {
			a.int(2)
			a.entry(7, copyStatement, "false", unknownOffset)
			a.entry(8, copyStatement, "false", unknownOffset)
			a.block(8, rows)
		}},
		{"an unknown dump id", "dump id 9 is not in the table of contents", func(a *archive) {
			a.int(1)
			a.entry(7, copyStatement, "false", unknownOffset)
			a.block(9, rows)
		}},
		{"a dump id twice", "dump id 7 occurs twice", func(a *archive) {
			a.int(2)
			a.entry(7, copyStatement, "false", unknownOffset)
			a.entry(7, copyStatement, "false", unknownOffset)
		}},
		{"an unknown type", "unknown type 2 of a data block", func(a *archive) {
			a.int(1)
			a.entry(7, copyStatement, "false", unknownOffset)
			a.Write([]byte{2, 0, 7, 0, 0, 0})
		}},
		{"a table as large objects", "type 3 of a data block does not fit table public.t", func(a *archive) {
			a.int(1)
			a.entry(7, copyStatement, "false", unknownOffset)
			a.Write([]byte{3, 0, 7, 0, 0, 0})
		}},
		{"an offset inside the contents", "inside the table of contents", func(a *archive) {
			a.int(1)
			a.entry(7, copyStatement, "false", at(10))
			a.block(7, rows)
		}},
		{"an offset that is not the block's", "as the table of contents says", func(a *archive) {
			a.int(1)
			a.entry(7, copyStatement, "false", at(1000))
			a.block(7, rows)
		}},
		{"a chunk of negative length", "impossible length -5 of a chunk", func(a *archive) {
			a.int(1)
			a.entry(7, copyStatement, "false", unknownOffset)
			a.WriteByte(1)
			a.int(7)
			a.int(-5)
		}},
		{"an entry without data that has an offset", "contradict each other", func(a *archive) {
			a.int(1)
			a.entry(7, copyStatement, "false", append([]byte{3}, make([]byte, 8)...))
		}},
	} {
		t.Run(c.what, func(t *testing.T) {
			a := newArchive(15, 4, 8, pgdump.None)
			c.build(a)
			_, err := verify(t.Context(), a.Bytes())
			var damage *pgdump.DamageError
			require.ErrorAs(t, err, &damage)
			require.Contains(t, err.Error(), c.says)
		})
	}
}

func TestWhatFollowsTheDumpIsReportedApart(t *testing.T) {
	for _, name := range dumps(t) {
		dump := testdata(t, name+".dump")
		_, err := verify(t.Context(), append(bytes.Clone(dump), '\n'))
		require.ErrorIs(t, err, pgdump.ErrTrailing, name)
		require.NotErrorIs(t, err, io.ErrUnexpectedEOF)
		var damage *pgdump.DamageError
		require.ErrorAs(t, err, &damage)
		require.EqualValues(t, len(dump), damage.Offset)
	}
}
