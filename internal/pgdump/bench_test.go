package pgdump_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"mastodon-restore/internal/pgdump"
	"mastodon-restore/internal/pgtest"
)

// BenchmarkRead compares, on one dump of posts and accounts, reading to the end and counting, the
// same with two columns of the largest table, and pg_restore -f /dev/null. MB/s are of decompressed
// bytes; "x-pg_restore" is how many times faster than pg_restore in the same run.
func BenchmarkRead(b *testing.B) {
	server := pgtest.Start(b)
	db := server.Database(b, "bench")
	server.SQL(b, db, `
		CREATE TABLE statuses (id bigint, uri text, text text, created_at timestamp, updated_at timestamp, in_reply_to_id bigint,
			reblog_of_id bigint, url text, sensitive boolean, visibility int, spoiler_text text, account_id bigint);
		INSERT INTO statuses SELECT 109000000000000000 + i::bigint * 65536, 'https://host' || i % 997 || '.example/users/' || md5((i % 5000)::text) || '/statuses/' || i,
			(SELECT string_agg(substr(md5((i * 31 + w)::text), 1, 3 + w % 7), ' ') FROM generate_series(1, 10 + i % 40) w),
			timestamp '2024-01-01' + i * interval '17 seconds', timestamp '2024-01-01' + i * interval '17 seconds', NULL, NULL,
			'https://host' || i % 997 || '.example/@u/' || i, false, i % 4, '', 100000 + i % 5000
		FROM generate_series(1, 500000) i;
		CREATE TABLE mentions AS SELECT i AS id, 109000000000000000 + i::bigint * 65536 AS status_id, timestamp '2024-01-01' + i * interval '3 seconds' AS created_at,
			100000 + i % 5000 AS account_id, false AS silent FROM generate_series(1, 500000) i;`)
	for _, level := range []string{"0", "6"} {
		file := filepath.Join(b.TempDir(), "bench.dump")
		dump := exec.Command(filepath.Join(server.BinDir, "pg_dump"), "--format=custom", "--compress="+level, "--file", file, db)
		dump.Env = append(os.Environ(), server.Env()...)
		out, err := dump.CombinedOutput()
		require.NoError(b, err, string(out))

		var theirs time.Duration
		b.Run("gzip="+level+"/pg_restore", func(b *testing.B) {
			b.SetBytes(bytesIn(b, file))
			for b.Loop() {
				require.NoError(b, exec.Command(filepath.Join(server.BinDir, "pg_restore"), "-f", os.DevNull, file).Run())
			}
			theirs = b.Elapsed() / time.Duration(b.N)
		})
		for _, c := range []struct {
			name    string
			columns []string
		}{{"count", nil}, {"columns", []string{"id", "created_at"}}} {
			b.Run("gzip="+level+"/"+c.name, func(b *testing.B) {
				b.SetBytes(bytesIn(b, file))
				for b.Loop() {
					readFile(b, file, "statuses", c.columns)
				}
				b.ReportMetric(theirs.Seconds()/(b.Elapsed()/time.Duration(b.N)).Seconds(), "x-pg_restore")
			})
		}
	}
}

func readFile(b *testing.B, file, table string, columns []string) {
	a, err := pgdump.OpenFile(file)
	require.NoError(b, err)
	defer a.Close()
	for block, err := range a.Data(b.Context()) {
		require.NoError(b, err)
		if len(columns) == 0 || block.Entry.Name != table {
			continue
		}
		rows, err := block.Rows(columns...)
		require.NoError(b, err)
		newest, n := "", 0
		for rows.Next() {
			if v := rows.Field(1); string(v) > newest {
				newest = string(v)
			}
			n++
		}
		require.NoError(b, rows.Err())
		require.Equal(b, 500_000, n)
	}
}

func bytesIn(b *testing.B, file string) int64 {
	a, err := pgdump.OpenFile(file)
	require.NoError(b, err)
	defer a.Close()
	var size int64
	for block, err := range a.Data(b.Context()) {
		require.NoError(b, err)
		_, err := block.CountRows()
		require.NoError(b, err)
		size += block.Size()
	}
	return size
}
