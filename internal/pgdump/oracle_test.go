package pgdump_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"mastodon-restore/internal/pgdump"
	"mastodon-restore/internal/pgserver"
	"mastodon-restore/internal/pgtest"
)

// pgRestoreRefuses is the oracle: what pg_restore says of a dump without a server. It can loop for
// ever on bytes behind the end of a gzip stream; that counts as a refusal.
func pgRestoreRefuses(t testing.TB, bin, file string) bool {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
	defer cancel()
	err := exec.CommandContext(ctx, filepath.Join(bin, "pg_restore"), "-f", os.DevNull, file).Run()
	var exit *exec.ExitError
	require.True(t, err == nil || errors.As(err, &exit), "run pg_restore: %v", err)
	return err != nil
}

// changed calls f with copies of a dump: a byte flipped at every step-th place, in turn in its
// lowest bit, its highest bit and all bits.
func changed(dump []byte, from, to, step int, f func(what string, b []byte)) {
	for i, turn := from, 0; i < to; i, turn = i+step, turn+1 {
		b := bytes.Clone(dump)
		mask := []byte{0x01, 0x80, 0xff}[turn%3]
		b[i] ^= mask
		f(fmt.Sprintf("byte %d xor %#x", i, mask), b)
	}
}

// Where we are stricter than pg_restore, which says nothing of: a flag or a number that pg_dump
// never writes, a compressed stream that ends early or late (lz4, zstd), rows without end marker or
// with too few fields, offsets and dump ids that contradict each other, an impossible creation
// time, a zero byte among rows, bytes behind the end.
func TestWhatPgRestoreRefusesIsDamagedHere(t *testing.T) {
	bin, err := pgserver.Find()
	require.NoError(t, err)
	// Those that every pg_restore since 13 can read.
	for _, name := range []string{"pg13-gzip-file", "pg13-gzip-pipe", "pg13-none-pipe"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dump := testdata(t, name+".dump")
			a, err := open(dump)
			require.NoError(t, err)
			data := int(a.Offset())
			file := filepath.Join(t.TempDir(), "changed.dump")
			refused, stricter := 0, 0
			judge := func(what string, b []byte) {
				require.NoError(t, os.WriteFile(file, b, 0o600))
				_, here := verify(t.Context(), b)
				if pgRestoreRefuses(t, bin, file) {
					require.Error(t, here, what)
					refused++
				} else if here != nil {
					stricter++
				}
			}
			judge("nothing", dump)
			require.Zero(t, refused+stricter, "the sound dump")
			changed(dump, 0, data, 151, judge)
			changed(dump, data, len(dump), 601, judge)
			for n := 0; n < len(dump); n += 1999 {
				judge(fmt.Sprintf("cut at %d", n), dump[:n])
			}
			require.Greater(t, refused, 30)
			t.Logf("pg_restore refused %d, we alone %d", refused, stricter)
		})
	}
}

func TestAFreshDumpReadsAsTheServerCounts(t *testing.T) {
	server := pgtest.Start(t)
	db := server.Database(t, "mastodon_production")
	server.SQL(t, db, string(testdata(t, "schema.sql")))
	counts := server.SQL(t, db, `SELECT format('SELECT %L, count(*) FROM %I.%I', c.oid, nspname, relname)
		FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
		WHERE relkind = 'r' AND nspname IN ('public', 'odd') \gexec`)
	for _, options := range [][]string{{}, {"--compress=0"}, {"--compress=9", "--no-owner"}, {"--create", "--clean"}, {"--data-only"}} {
		file := filepath.Join(t.TempDir(), "fresh.dump")
		run(t, server, "pg_dump", append([]string{"--format=custom", "--file", file, db}, options...)...)
		list := run(t, server, "pg_restore", "--list", file)

		a, err := pgdump.OpenFile(file)
		require.NoError(t, err)
		defer a.Close()
		requireListed(t, list, a)
		rows, err := a.Verify(t.Context())
		require.NoError(t, err)
		requireCounted(t, counts, a, rows)
		info, err := os.Stat(file)
		require.NoError(t, err)
		require.Equal(t, info.Size(), a.Offset())
	}
}

func run(t *testing.T, server *pgtest.Server, tool string, arguments ...string) string {
	t.Helper()
	cmd := exec.Command(filepath.Join(server.BinDir, tool), arguments...)
	cmd.Env = append(os.Environ(), append(server.Env(), "TZ=UTC", "LC_ALL=C")...)
	out, err := cmd.Output()
	require.NoError(t, err, tool)
	return string(out)
}
