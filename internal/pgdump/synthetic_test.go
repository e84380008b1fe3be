package pgdump_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"testing"

	"github.com/klauspost/compress/zlib"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
	"github.com/stretchr/testify/require"

	"mastodon-restore/internal/pgdump"
)

// archive writes dumps that no server would: old versions, other sizes, lies.
type archive struct {
	bytes.Buffer
	minor       int
	intSize     int
	compression pgdump.Compression
}

func newArchive(minor, intSize, offSize int, c pgdump.Compression) *archive {
	a := &archive{minor: minor, intSize: intSize, compression: c}
	a.WriteString("PGDMP")
	a.Write([]byte{1, byte(minor), 0, byte(intSize), byte(offSize), 1})
	switch {
	case minor >= 15:
		a.WriteByte(byte(c))
	case c == pgdump.Gzip:
		a.int(-1)
	default:
		a.int(0)
	}
	for _, v := range []int64{5, 4, 3, 2, 0, 120, 1} {
		a.int(v)
	}
	a.string("db")
	a.string("9.6.24")
	a.string("9.6.24")
	return a
}

func (a *archive) int(v int64) {
	sign := byte(0)
	if v < 0 {
		sign, v = 1, -v
	}
	a.WriteByte(sign)
	a.Write(binary.LittleEndian.AppendUint64(nil, uint64(v))[:a.intSize])
}

func (a *archive) string(s string) {
	a.int(int64(len(s)))
	a.WriteString(s)
}

// entry writes the data of table public.t, with the columns given in the COPY statement.
func (a *archive) entry(id int64, copyStatement, oids string, offset []byte) {
	a.entryOf(pgdump.KindTableData, id, copyStatement, oids, offset)
}

func (a *archive) entryOf(kind string, id int64, copyStatement, oids string, offset []byte) {
	a.int(id)
	a.int(1)
	a.string("0")
	a.string("0")
	a.string("t")
	a.string(kind)
	a.int(3)
	a.string("")
	a.string("")
	a.string(copyStatement)
	a.string("public")
	a.int(-1)
	if a.minor >= 14 {
		a.string("")
	}
	if a.minor >= 16 {
		a.int('r')
	}
	a.string("mastodon")
	a.string(oids)
	a.int(-1)
	a.Write(offset)
}

func (a *archive) block(id int64, chunks ...[]byte) {
	a.WriteByte(1)
	a.int(id)
	for _, c := range chunks {
		a.int(int64(len(c)))
		a.Write(c)
	}
	a.int(0)
}

var unknownOffset = append([]byte{1}, make([]byte, 8)...)

// table is a dump of one table.
func table(t testing.TB, c pgdump.Compression, columns string, rows string) []byte {
	t.Helper()
	a := newArchive(16, 4, 8, c)
	a.int(1)
	a.entry(7, "COPY public.t ("+columns+") FROM stdin;\n", "false", unknownOffset)
	a.block(7, compressed(t, c, []byte(rows)))
	return a.Bytes()
}

func compressed(t testing.TB, c pgdump.Compression, data []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	switch c {
	case pgdump.Gzip:
		w := zlib.NewWriter(&out)
		_, err := w.Write(data)
		require.NoError(t, err)
		require.NoError(t, w.Close())
	case pgdump.LZ4:
		w := lz4.NewWriter(&out)
		require.NoError(t, w.Apply(lz4.ChecksumOption(false), lz4.BlockSizeOption(lz4.Block64Kb)))
		_, err := w.Write(data)
		require.NoError(t, err)
		require.NoError(t, w.Close())
	case pgdump.Zstd:
		w, err := zstd.NewWriter(&out, zstd.WithEncoderCRC(false))
		require.NoError(t, err)
		_, err = w.Write(data)
		require.NoError(t, err)
		require.NoError(t, w.Close())
	default:
		out.Write(data)
	}
	return out.Bytes()
}

var all = []pgdump.Compression{pgdump.None, pgdump.Gzip, pgdump.LZ4, pgdump.Zstd}

func TestEveryVersionAndSizeIsRead(t *testing.T) {
	for minor := 12; minor <= 16; minor++ {
		for _, intSize := range []int{4, 8} {
			for _, offSize := range []int{4, 8} {
				a := newArchive(minor, intSize, offSize, pgdump.Gzip)
				a.int(1)
				a.entry(7, "COPY public.t (a, b) WITH OIDS FROM stdin;\n", "true", unknownOffset[:1+offSize])
				stream := compressed(t, pgdump.Gzip, []byte("16\tx\ty\n17\t\\N\tz\n\\.\n\n\n"))
				a.block(7, stream[:3], stream[3:4], stream[4:])

				dump, err := open(a.Bytes())
				require.NoError(t, err)
				require.Equal(t, fmt.Sprintf("1.%d-0", minor), dump.Header.Version())
				require.Equal(t, "2020-01-02 03:04:05", dump.Header.Created.Format("2006-01-02 15:04:05"))
				require.Equal(t, [][]string{{"'16'", "'x'", "'y'"}, {"'17'", "NULL", "'z'"}}, values(t, dump, "t", "oid", "a", "b"))
				e, found := dump.Entry(7)
				require.True(t, found)
				require.Equal(t, "mastodon", e.Owner)
				require.Equal(t, minor >= 16, e.Relkind == 'r')
			}
		}
	}
}

func TestRowsThatSpanManyPiecesAreWhole(t *testing.T) {
	var rows, long bytes.Buffer
	for i := range 60_000 {
		fmt.Fprintf(&long, "%d ", i)
	}
	for i := range 3 {
		fmt.Fprintf(&rows, "%d\t%s\tend\\n%d\n", i, long.Bytes(), i)
	}
	rows.WriteString("\\.\n\n\n")
	for _, c := range all {
		a, err := open(table(t, c, "id, text, last", rows.String()))
		require.NoError(t, err)
		got := values(t, a, "t")
		require.Len(t, got, 3)
		for i, row := range got {
			require.Equal(t, fmt.Sprintf("'%d'", i), row[0])
			require.True(t, row[1] == "'"+long.String()+"'", "row %d of %s", i, c)
			require.Equal(t, fmt.Sprintf("'end\n%d'", i), row[2])
		}
	}
}

func TestColumnsComeFromTheCopyStatement(t *testing.T) {
	for statement, want := range map[string][]string{
		"COPY public.t (a, b) FROM stdin;\n":                        {"a", "b"},
		"COPY public.\"a \"\"(x, y)\" (\"select\") FROM stdin;\n":   {"select"},
		"COPY \"od d\".\"t (\" (\"a\"\"b\", \"c,)\") FROM stdin;\n": {`a"b`, "c,)"},
		"COPY public.t  FROM stdin;\n":                              nil,
		"COPY public.t (a, b FROM stdin;\n":                         nil,
		"COPY public.t (\"a FROM stdin;\n":                          nil,
		"COPY public.t () FROM stdin;\n":                            nil,
		"INSERT INTO t (a) VALUES (1)":                              nil,
		"":                                                          nil,
	} {
		require.Equal(t, want, (&pgdump.Entry{Copy: statement}).Columns(), statement)
	}
}
