package pgdump_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"mastodon-restore/internal/pgdump"
)

func TestWhatIsNoCustomDumpIsNamed(t *testing.T) {
	dump := testdata(t, "pg17-gzip-file.dump")
	directory := bytes.Clone(dump)
	directory[10] = 3
	var tarred, gzipped bytes.Buffer
	w := tar.NewWriter(&tarred)
	require.NoError(t, w.WriteHeader(&tar.Header{Name: "toc.dat", Size: 3, Format: tar.FormatUSTAR}))
	_, err := w.Write([]byte("toc"))
	require.NoError(t, err)
	require.NoError(t, w.Close())
	z := gzip.NewWriter(&gzipped)
	_, err = z.Write(dump)
	require.NoError(t, err)
	require.NoError(t, z.Close())

	for _, c := range []struct {
		what  string
		file  []byte
		says  string
		hints string
	}{
		{"an empty file", nil, "an empty file", "older backup"},
		{"three bytes of a dump", dump[:3], "the first 3 bytes of a dump", "older backup"},
		{"plain SQL", []byte("--\n-- PostgreSQL database dump\n--\n\n\\restrict abc\n"), "a plain SQL dump", "psql"},
		{"plain SQL of a server", []byte("--\n-- PostgreSQL database cluster dump\n--\n"), "a whole server", "psql"},
		{"a script", []byte("SET statement_timeout = 0;\n"), "a plain SQL script", "psql"},
		{"a directory's toc.dat", directory, "toc.dat", "pg_restore the whole directory"},
		{"a tar-format dump", tarred.Bytes(), "a tar-format dump", "pg_restore"},
		{"another tar archive", bytes.Replace(tarred.Bytes(), []byte("toc.dat"), []byte("abc.dat"), 1), "a tar archive", "unpack"},
		{"a gzipped dump", gzipped.Bytes(), "a gzip file", "gunzip"},
		{"a zstd file", []byte("\x28\xb5\x2f\xfd...."), "a zstd file", "zstd -d"},
		{"an age file", []byte("age-encryption.org/v1\n-> X25519"), "encrypted with age", "decrypt"},
		{"pg_dump's error message", []byte("pg_dump: error: connection to server failed: FATAL: no\nmore\n"), `begins with "pg_dump: error: connection to server failed: FATAL: no"`, "the backup failed"},
		{"kubectl's remark before the dump", append([]byte("Defaulted container \"db\" out of: db, exporter\n"), dump...), "a dump with 46 bytes of something else before it", "tail -c +47"},
		{"a file the disk forgot", make([]byte, 4096), "nothing but zero bytes", "another copy"},
		{"a picture", []byte("\x89PNG\r\n\x1a\n\x00\x00"), `begins with "\x89PNG\r\n\x1a\n`, "another copy"},
		{"a text with control characters", []byte("\x1b[2Jboo"), `begins with "\x1b[2Jboo"`, "message"},
	} {
		t.Run(c.what, func(t *testing.T) {
			for _, read := range []func([]byte) (*pgdump.Archive, error){open, stream} {
				_, err := read(c.file)
				var format *pgdump.FormatError
				require.ErrorAs(t, err, &format)
				require.Contains(t, format.Seems, c.says)
				require.Contains(t, format.Advice, c.hints)
				require.NotContains(t, err.Error(), "\x1b")
			}
		})
	}
}

func TestADirectoryIsNoDump(t *testing.T) {
	_, err := pgdump.OpenFile(t.TempDir())
	var format *pgdump.FormatError
	require.ErrorAs(t, err, &format)
	require.Contains(t, format.Seems, "a directory")

	_, err = pgdump.OpenFile(filepath.Join(t.TempDir(), "none.dump"))
	require.ErrorIs(t, err, os.ErrNotExist)
}

func TestUnknownVersionsHaveTheirOwnError(t *testing.T) {
	for _, c := range []struct {
		major, minor byte
		says         string
	}{
		{1, 17, "newer"}, {1, 255, "newer"}, {2, 0, "newer"}, {1, 11, "older"}, {0, 9, "older"},
	} {
		dump := bytes.Clone(testdata(t, "pg17-gzip-file.dump"))
		dump[5], dump[6] = c.major, c.minor
		_, err := open(dump)
		var version *pgdump.VersionError
		require.ErrorAs(t, err, &version)
		require.Equal(t, int(c.minor), version.Minor)
		require.Contains(t, err.Error(), c.says)
	}
}

func TestADumpThatWentThroughATerminalIsToldSo(t *testing.T) {
	dump := bytes.ReplaceAll(testdata(t, "pg15-gzip-file.dump"), []byte("\n"), []byte("\r\n"))
	_, err := verify(t.Context(), dump)
	var damage *pgdump.DamageError
	require.ErrorAs(t, err, &damage)
	require.Contains(t, err.Error(), "copied through a terminal")
}

// broken is a disk that fails after its first bytes.
type broken struct {
	io.Reader
	err error
}

func (b *broken) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	if err == io.EOF {
		err = b.err
	}
	return n, err
}

func TestADiskThatFailsIsNotADamagedDump(t *testing.T) {
	dump := testdata(t, "pg15-gzip-file.dump")
	for _, n := range []int{0, 3, 7, 5000, 40000} {
		a, err := pgdump.Read(&broken{bytes.NewReader(dump[:n]), os.ErrClosed})
		if err == nil {
			_, err = a.Verify(t.Context())
		}
		require.ErrorIs(t, err, os.ErrClosed)
		var damage *pgdump.DamageError
		require.NotErrorAs(t, err, &damage)
		require.True(t, strings.HasPrefix(err.Error(), "read the dump at byte "), err.Error())
	}
}
