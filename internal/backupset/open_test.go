package backupset

import (
	"bytes"
	"context"
	"encoding/binary"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"mastodon-restore/internal/pgdump"
)

// offsets are the entries of a dump that have one, by the place of the flag before it in the file.
func offsets(t testing.TB, dump []byte) map[int]*pgdump.Entry {
	t.Helper()
	a, err := pgdump.Open(bytes.NewReader(dump), int64(len(dump)))
	require.NoError(t, err)
	contents := dump[:a.Offset()]
	at := map[int]*pgdump.Entry{}
	entries := a.Entries()
	for i := range entries {
		if e := &entries[i]; e.Offset >= 0 {
			field := binary.LittleEndian.AppendUint64([]byte{2}, uint64(e.Offset))
			require.Equal(t, 1, bytes.Count(contents, field))
			at[bytes.Index(contents, field)] = e
		}
	}
	require.Greater(t, len(at), 20)
	return at
}

// piped is a dump as pg_dump writes it to a pipe: without offsets.
func piped(t testing.TB, dump []byte) []byte {
	t.Helper()
	b := bytes.Clone(dump)
	for at := range offsets(t, dump) {
		copy(b[at:], append([]byte{1}, make([]byte, 8)...))
	}
	return b
}

// enlarged is a dump with so many chunks of 4 KiB more in its first table. They inflate to nothing
// that makes sense, but are where pg_dump's would be.
func enlarged(t testing.TB, dump []byte, chunks int) []byte {
	t.Helper()
	all := offsets(t, dump)
	first := len(dump)
	for _, e := range all {
		first = min(first, int(e.Offset))
	}
	more := bytes.Repeat(append([]byte{0, 0, 16, 0, 0}, bytes.Repeat([]byte("noise..."), 512)...), chunks)
	b := slices.Insert(bytes.Clone(dump), first+1+5, more...)
	for at, e := range all {
		if e.Offset > int64(first) {
			binary.LittleEndian.PutUint64(b[at+1:], uint64(e.Offset)+uint64(len(more)))
		}
	}
	return b
}

func TestOpenTellsTheVersionWithoutReadingTheDump(t *testing.T) {
	dump := realSet(t)[dumpFile]
	report := read(t, realSet(t).write(t), Options{})
	large := enlarged(t, dump, 2000)
	for name, dump := range map[string][]byte{
		"offsets": dump, "no offsets": piped(t, dump), "large": large, "large, no offsets": piped(t, large),
		"cut behind it": dump[:len(dump)-100],
	} {
		set, err := Open(files{dumpFile: dump}.write(t))
		require.NoError(t, err)
		require.NoError(t, set.Problem, name)
		require.Equal(t, report.Database.Schema, set.Schema, name)
		require.Equal(t, report.Database.Release, set.Release, name)
		require.NotEmpty(t, set.Release)
		require.Equal(t, "production", set.RailsEnv, name)
	}
}

func TestOpenDoesWithoutTheVersion(t *testing.T) {
	dump := realSet(t)[dumpFile]
	var at int64
	for _, e := range offsets(t, dump) {
		if e.Name == "schema_migrations" {
			at = e.Offset
		}
	}
	for name, dump := range map[string][]byte{"damaged": flipped(dump, int(at)+40), "cut before it": dump[:at], "cut before it, no offsets": piped(t, dump)[:at]} {
		set, err := Open(files{dumpFile: dump}.write(t))
		require.NoError(t, err)
		require.NoError(t, set.Problem, name)
		require.Contains(t, set.Contents.Tables, "statuses", name)
		require.Empty(t, set.Schema+set.Release, name)
	}

	dir := realSet(t).write(t)
	entries, err := folder(dir)
	require.NoError(t, err)
	out, cancel := context.WithCancel(t.Context())
	cancel()
	set := &Set{Dir: dir}
	set.open(out, entries, true)
	require.NoError(t, set.Problem, "out of time")
	require.Contains(t, set.Contents.Tables, "statuses")
	require.Empty(t, set.Schema+set.Release+set.RailsEnv)

	sets, err := Find(dir)
	require.NoError(t, err)
	require.Empty(t, sets[0].Schema+sets[0].Release+sets[0].RailsEnv, "Find is for ten thousand sets")
}
