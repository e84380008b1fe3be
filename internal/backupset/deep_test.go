package backupset

import (
	"archive/tar"
	"bufio"
	"cmp"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zlib"
	"github.com/stretchr/testify/require"
)

// BenchmarkDeep reads a set deeply whose database names more files than can be remembered, and whose
// archives hold more: BACKUPSET_BENCH_FILES of each kind, 600,000 if nothing says. The figures that
// matter are peak-MiB, what the process held at most, and allocated-MiB, what the reading took in
// all: both must stay below 64.
func BenchmarkDeep(b *testing.B) {
	n, err := strconv.Atoi(cmp.Or(os.Getenv("BACKUPSET_BENCH_FILES"), "600000"))
	require.NoError(b, err)
	dir := b.TempDir()
	writeFile(b, filepath.Join(dir, dumpFile), func(w io.Writer) error { return writeDump(w, n) })
	for _, c := range Classes() {
		if c.IsArchive() {
			folder := string(c)
			if within := tops[folder].has; len(within) > 0 {
				folder += "/" + within[0]
			}
			writeFile(b, filepath.Join(dir, c.Names()[0]), func(w io.Writer) error { return writeNames(w, folder, n) })
		}
	}
	set, err := Open(dir)
	require.NoError(b, err)
	debug.FreeOSMemory()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	peak := watchMemory()
	for b.Loop() {
		r, err := set.Read(b.Context(), Options{Now: now, Deep: true})
		require.NoError(b, err)
		require.EqualValues(b, 2*n, r.Part(MediaAttachments).Archive.Referenced)
		require.True(b, r.Database.Complete)
	}
	runtime.ReadMemStats(&after)
	b.ReportMetric(float64(after.TotalAlloc-before.TotalAlloc)/float64(b.N)/(1<<20), "allocated-MiB")
	b.ReportMetric(peak(), "peak-MiB")
}

func writeFile(t testing.TB, name string, write func(io.Writer) error) {
	t.Helper()
	f, err := os.Create(name)
	require.NoError(t, err)
	w := bufio.NewWriter(f)
	require.NoError(t, write(w))
	require.NoError(t, w.Flush())
	require.NoError(t, f.Close())
}

// writeNames writes an archive of so many empty files.
func writeNames(w io.Writer, folder string, n int) error {
	z, err := gzip.NewWriterLevel(w, gzip.BestSpeed)
	if err != nil {
		return err
	}
	a := tar.NewWriter(z)
	for i := range n {
		name := fmt.Sprintf("opt/mastodon/public/system/%s/%s/original/%016x.png", folder, appendPartition(nil, uint64(i)), digest(strconv.AppendInt(nil, int64(i), 10)))
		if err := a.WriteHeader(&tar.Header{Name: name, Typeflag: tar.TypeReg, Mode: 0o644, ModTime: now}); err != nil {
			return err
		}
	}
	return cmp.Or(a.Close(), z.Close())
}

// dumpWriter writes a dump as pg_dump 15 does to a pipe.
type dumpWriter struct{ io.Writer }

func (w dumpWriter) int(n int) {
	sign := byte(0)
	if n < 0 {
		sign, n = 1, -n
	}
	_, _ = w.Write(binary.LittleEndian.AppendUint32([]byte{sign}, uint32(n)))
}

func (w dumpWriter) string(s string) {
	w.int(len(s))
	_, _ = io.WriteString(w, s)
}

// chunkWriter makes a chunk of each writing.
type chunkWriter struct{ dumpWriter }

func (w chunkWriter) Write(p []byte) (int, error) {
	w.int(len(p))
	return w.dumpWriter.Write(p)
}

// namingTables are those whose rows name local files, with a row of each.
var namingTables = []struct{ name, columns, row string }{
	{"accounts", "id, avatar_file_name, header_file_name, domain", "%d\t%016x.png\t%016x.jpg\t\\N\n"},
	{"custom_emojis", "id, domain, image_file_name", "%d\t\\N\t%016x.png\n"},
	{"media_attachments", "id, remote_url, file_file_name, thumbnail_file_name", "%d\t\t%016x.png\t%016x.jpg\n"},
	{"site_uploads", "id, file_file_name", "%d\t%016x.png\n"},
}

// writeDump writes a dump of tables whose every row, of so many in each, names local files.
func writeDump(out io.Writer, n int) error {
	w := dumpWriter{out}
	_, _ = io.WriteString(w, "PGDMP\x01\x0e\x00\x04\x08\x01")
	w.int(-1)
	for _, v := range []int{0, 0, 3, 1, 0, 126, 0} {
		w.int(v)
	}
	for range 3 {
		w.string("15.14")
	}
	w.int(len(namingTables))
	for i, t := range namingTables {
		w.int(i + 1)
		w.int(1)
		for _, s := range []string{"0", "0", t.name, "TABLE DATA"} {
			w.string(s)
		}
		w.int(3)
		for _, s := range []string{"", "", "COPY public." + t.name + " (" + t.columns + ") FROM stdin;\n", "public", "", "", "mastodon", "false"} {
			w.string(s)
		}
		w.int(-1)
		_, _ = w.Write([]byte{1, 0, 0, 0, 0, 0, 0, 0, 0})
	}
	for i, t := range namingTables {
		_, _ = w.Write([]byte{1})
		w.int(i + 1)
		chunks := bufio.NewWriterSize(chunkWriter{w}, 4<<10)
		z, err := zlib.NewWriterLevel(chunks, zlib.BestSpeed)
		if err != nil {
			return err
		}
		for id := range n {
			file := digest(strconv.AppendInt(nil, int64(id), 10))
			args := []any{id, file, file}
			if _, err := fmt.Fprintf(z, t.row, args[:strings.Count(t.row, "%")]...); err != nil {
				return err
			}
		}
		if _, err := io.WriteString(z, "\\.\n\n\n"); err != nil {
			return err
		}
		if err := cmp.Or(z.Close(), chunks.Flush()); err != nil {
			return err
		}
		w.int(0)
	}
	return nil
}
