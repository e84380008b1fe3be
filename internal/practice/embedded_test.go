package practice

import (
	"bytes"
	"compress/gzip"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"mastodon-restore/internal/pgdump"
	"mastodon-restore/internal/pgtest"
)

// go test ./internal/practice -run TheEmbeddedDump -update
var update = flag.Bool("update", false, "make practice.dump.gz again")

func TestTheEmbeddedDumpIsThePracticeServer(t *testing.T) {
	pg := pgtest.Start(t)
	b := &builder{dir: t.TempDir()}
	require.NoError(t, os.MkdirAll(b.set(made), 0o755))
	pg.SQL(t, "postgres", "CREATE ROLE "+databaseRole+" LOGIN")
	require.NoError(t, b.backup(t.Context(), pg.Server, size, made))
	name := filepath.Join(b.dir, "dump")
	require.NoError(t, dump(t.Context(), pg.Server, name, "--compress=0"))
	fresh, err := os.ReadFile(name)
	require.NoError(t, err)
	if *update {
		var packed bytes.Buffer
		w, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
		require.NoError(t, err)
		_, err = w.Write(fresh)
		require.NoError(t, err)
		require.NoError(t, w.Close())
		require.NoError(t, os.WriteFile("practice.dump.gz", packed.Bytes(), 0o644))
		embedded = packed.Bytes()
	}
	require.Less(t, len(embedded), 200_000)

	old, err := embeddedDump(made)
	require.NoError(t, err)
	require.Equal(t, rowsOf(t, fresh), rowsOf(t, old), "make the embedded dump again: go test ./internal/practice -run TheEmbeddedDump -update")
}

func TestTheEmbeddedDumpMovesWithTheCalendar(t *testing.T) {
	at := made.AddDate(0, 3, 5)
	dump, err := embeddedDump(at)
	require.NoError(t, err)
	archive, err := pgdump.Open(bytes.NewReader(dump), int64(len(dump)))
	require.NoError(t, err)
	require.Equal(t, at.Local().Format(time.DateTime), archive.Header.Created.Format(time.DateTime))
	_, err = archive.Verify(t.Context())
	require.NoError(t, err)

	newest := ""
	for block, err := range archive.Data(t.Context()) {
		require.NoError(t, err)
		if block.Entry.Name != "statuses" {
			continue
		}
		rows, err := block.Rows("created_at")
		require.NoError(t, err)
		for rows.Next() {
			newest = max(newest, string(rows.Field(0)))
		}
		require.NoError(t, rows.Err())
	}
	require.Equal(t, at.Add(-7*time.Minute).Format(time.DateTime), newest)
}

// rowsOf counts a dump's rows by table.
func rowsOf(t *testing.T, dump []byte) map[string]int64 {
	archive, err := pgdump.Open(bytes.NewReader(dump), int64(len(dump)))
	require.NoError(t, err)
	counted, err := archive.Verify(t.Context())
	require.NoError(t, err)
	rows := map[string]int64{}
	for id, n := range counted {
		entry, ok := archive.Entry(id)
		require.True(t, ok)
		rows[entry.Name] = n
	}
	return rows
}
