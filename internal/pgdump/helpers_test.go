package pgdump_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"mastodon-restore/internal/pgdump"
)

// dumps are the committed ones, by their names without ".dump".
func dumps(t testing.TB) []string {
	t.Helper()
	files, err := filepath.Glob("testdata/*.dump")
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(files), 12, "run testdata/make.sh")
	for i, f := range files {
		files[i] = strings.TrimSuffix(filepath.Base(f), ".dump")
	}
	return files
}

func testdata(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	require.NoError(t, err)
	return b
}

// open gives the bytes as a file, stream as a pipe of unknown length.
func open(b []byte) (*pgdump.Archive, error) { return pgdump.Open(bytes.NewReader(b), int64(len(b))) }

func stream(b []byte) (*pgdump.Archive, error) {
	return pgdump.Read(struct{ *bytes.Buffer }{bytes.NewBuffer(b)})
}

// verify reads a whole dump.
func verify(ctx context.Context, b []byte) (map[int]int64, error) {
	a, err := open(b)
	if err != nil {
		return nil, err
	}
	return a.Verify(ctx)
}

// values reads all fields of one table; NULL becomes "NULL", text stands in quotes.
func values(t testing.TB, a *pgdump.Archive, table string, columns ...string) [][]string {
	t.Helper()
	var all [][]string
	for block, err := range a.Data(t.Context()) {
		require.NoError(t, err)
		if block.Entry.Kind != pgdump.KindTableData || block.Entry.Name != table {
			continue
		}
		rows, err := block.Rows(columns...)
		require.NoError(t, err)
		n := len(columns)
		if n == 0 {
			n = len(block.Entry.Columns())
		}
		for rows.Next() {
			row := make([]string, n)
			for i := range row {
				row[i] = "NULL"
				if v := rows.Field(i); v != nil {
					row[i] = "'" + string(v) + "'"
				}
			}
			all = append(all, row)
		}
		require.NoError(t, rows.Err())
	}
	return all
}
