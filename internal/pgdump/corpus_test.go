package pgdump_test

import (
	"encoding/hex"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"mastodon-restore/internal/pgdump"
)

// What pg_restore --list leaves out: settings, and the database itself unless it is to be created.
var unlisted = map[string]bool{"ENCODING": true, "STDSTRINGS": true, "SEARCHPATH": true, "DATABASE": true, "DATABASE PROPERTIES": true}

// requireListed compares an archive with what pg_restore --list prints of it.
func requireListed(t *testing.T, list string, a *pgdump.Archive) {
	t.Helper()
	var want, got []string
	for line := range strings.Lines(list) {
		if line = strings.TrimSuffix(line, "\n"); !strings.HasPrefix(line, ";") {
			want = append(want, line)
		}
	}
	entries := a.Entries()
	for i := range entries {
		if !unlisted[entries[i].Kind] {
			got = append(got, entries[i].String())
		}
	}
	require.Equal(t, want, got)

	h := a.Header
	compression := h.Compression.String()
	if !strings.Contains(list, "Compression: "+compression) && h.Minor < 15 {
		compression = strconv.Itoa(h.Level) // how pg_restore before 16 says it
	}
	for _, line := range []string{
		"Archive created at " + h.Created.Format("2006-01-02 15:04:05") + " UTC",
		"dbname: " + h.Database,
		fmt.Sprintf("TOC Entries: %d", len(entries)),
		"Compression: " + compression,
		"Dump Version: " + h.Version(),
		fmt.Sprintf("Integer: %d bytes", h.IntSize),
		fmt.Sprintf("Offset: %d bytes", h.OffsetSize),
		"Dumped from database version: " + h.ServerVersion,
		"Dumped by pg_dump version: " + h.DumpVersion,
	} {
		require.Contains(t, list, line+"\n")
	}
}

func TestCommittedDumpsReadAsTheirOwnPostgreSQLReadsThem(t *testing.T) {
	for _, name := range dumps(t) {
		t.Run(name, func(t *testing.T) {
			a, err := open(testdata(t, name+".dump"))
			require.NoError(t, err)
			requireListed(t, string(testdata(t, name+".list")), a)

			rows, err := a.Verify(t.Context())
			require.NoError(t, err)
			again, err := stream(testdata(t, name+".dump"))
			require.NoError(t, err)
			streamed, err := again.Verify(t.Context())
			require.NoError(t, err)
			require.Equal(t, rows, streamed)
			requireCounted(t, string(testdata(t, name[:4]+".counts")), a, rows)
		})
	}
}

// requireCounted compares the rows read with SELECT count(*), given in lines of oid|count.
func requireCounted(t *testing.T, counts string, a *pgdump.Archive, rows map[int]int64) {
	t.Helper()
	compared := 0
	for line := range strings.Lines(counts) {
		oid, count, _ := strings.Cut(strings.TrimSpace(line), "|")
		for _, e := range a.Entries() {
			if e.Kind != pgdump.KindTableData || fmt.Sprint(e.OID) != oid {
				continue
			}
			n, counted := rows[e.ID]
			require.Equal(t, e.Copy != "", counted, e.Label())
			if counted {
				require.Equal(t, count, fmt.Sprint(n), e.Label())
				compared++
			}
		}
	}
	// Every table whose data the dump holds as rows was compared.
	require.Equal(t, len(rows), compared)
}

func TestFieldsAreWhatTheServerHas(t *testing.T) {
	compared := 0
	for _, name := range dumps(t) {
		a, err := open(testdata(t, name+".dump"))
		require.NoError(t, err)
		if strings.Contains(name, "inserts") || strings.Contains(name, "schema") {
			continue
		}
		var want [][]string
		for line := range strings.Lines(string(testdata(t, name[:4]+".values"))) {
			id, text, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
			if text != "NULL" {
				b, err := hex.DecodeString(text)
				require.NoError(t, err)
				text = "'" + string(b) + "'"
			}
			want = append(want, []string{text, "'" + id + "'"})
		}
		require.Equal(t, want, values(t, a, "strange", "v", "id"), name)
		compared++
	}
	require.GreaterOrEqual(t, compared, 10)
}

func TestOddNamesAndShapes(t *testing.T) {
	for _, name := range []string{"pg13-gzip-file", "pg17-zstd-pipe"} {
		a, err := open(testdata(t, name+".dump"))
		require.NoError(t, err)
		require.Equal(t, [][]string{{"'1'", "'x'", "NULL"}, {"'2'", "'y'", "'z'"}}, values(t, a, `Table "with" (odd, name)`))
		require.Equal(t, [][]string{{"'a'"}, {"NULL"}, {"''"}, {`'\.'`}}, values(t, a, "one_column"))
		require.Empty(t, values(t, a, "nothing"))
		for _, e := range a.Entries() {
			if e.Kind != pgdump.KindTableData {
				continue
			}
			require.Equal(t, pgdump.Data, e.Section)
			switch e.Name {
			case `Table "with" (odd, name)`:
				require.Equal(t, []string{"a,b)", `c"d`, "select"}, e.Columns())
			case "line\nfeed":
				require.Equal(t, "table odd.line feed", e.Label())
			case "statuses":
				require.Equal(t, []string{"id", "account_id", "text", "spoiler_text", "created_at"}, e.Columns())
			}
		}
	}
}

func TestLargeObjectsComeOneByOne(t *testing.T) {
	for _, name := range dumps(t) {
		if strings.Contains(name, "schema") {
			continue
		}
		a, err := open(testdata(t, name+".dump"))
		require.NoError(t, err)
		sizes := make(map[uint32]int)
		for block, err := range a.Data(t.Context()) {
			require.NoError(t, err)
			if block.Object == 0 {
				continue
			}
			require.Equal(t, pgdump.KindLargeObjects, block.Entry.Kind)
			content, err := io.ReadAll(block)
			require.NoError(t, err)
			require.EqualValues(t, len(content), block.Size())
			sizes[block.Object] = len(content)
			_, err = block.CountRows()
			require.ErrorIs(t, err, pgdump.ErrNoRows)
			_, err = block.Rows()
			require.ErrorIs(t, err, pgdump.ErrNoRows)
		}
		require.Equal(t, map[uint32]int{4000000001: 0, 16500: 5, 16501: 20000}, sizes, name)
	}
}

func TestOffsetsAreThereUnlessTheDumpWasPiped(t *testing.T) {
	piped := regexp.MustCompile("-pipe$")
	for _, name := range dumps(t) {
		a, err := open(testdata(t, name+".dump"))
		require.NoError(t, err)
		for _, e := range a.Entries() {
			require.Equal(t, e.HasData && !piped.MatchString(name), e.Offset > 0, "%s: %s", name, e.Label())
		}
	}
}

func TestADumpOfInsertsIsReadToItsEndAndHasNoRows(t *testing.T) {
	a, err := open(testdata(t, "pg17-inserts-file.dump"))
	require.NoError(t, err)
	text := ""
	for block, err := range a.Data(t.Context()) {
		require.NoError(t, err)
		if block.Entry.Name == "one_column" {
			b, err := io.ReadAll(block)
			require.NoError(t, err)
			text = string(b)
		}
		_, err := block.CountRows()
		require.ErrorIs(t, err, pgdump.ErrNoRows)
	}
	require.Contains(t, text, "INSERT INTO public.one_column VALUES ('a');")
}
