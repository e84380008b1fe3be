package backupset

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// dumpOf is the beginning of a real dump, made so many seconds after the hour.
func dumpOf(t testing.TB, minute, second int) []byte {
	t.Helper()
	head := append([]byte{}, realSet(t)[dumpFile][:2000]...)
	const at = 11 + 5 // behind the compression: second and minute, a sign before each
	head[at+1], head[at+6] = byte(second), byte(minute)
	return head
}

func TestFindTakesTheFolderItself(t *testing.T) {
	dir := realSet(t).write(t)
	sets, err := Find(dir)
	require.NoError(t, err)
	require.Len(t, sets, 1)
	require.Equal(t, dir, sets[0].Dir)
	require.NoError(t, sets[0].Problem)
	require.Equal(t, "example.social", sets[0].Domain)
	require.WithinDuration(t, now, sets[0].Created, time.Hour)
}

func TestFindSortsByTheDumpsOwnTime(t *testing.T) {
	dir := t.TempDir()
	for i, minute := range []int{20, 40, 10, 30} {
		name := filepath.Join(dir, fmt.Sprint("set", i))
		require.NoError(t, os.Mkdir(name, 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(name, dumpFile), dumpOf(t, minute, 0), 0o644))
		copied := now.Add(-time.Duration(i) * time.Hour) // mtimes say the opposite
		require.NoError(t, os.Chtimes(filepath.Join(name, dumpFile), copied, copied))
	}
	sets, err := Find(dir)
	require.NoError(t, err)
	require.Equal(t, []string{"set1", "set3", "set0", "set2"}, names(sets))
}

func TestFindListsWhatItCannotRead(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.CopyFS(filepath.Join(dir, "good"), os.DirFS(realSet(t).write(t))))
	require.NoError(t, os.CopyFS(filepath.Join(dir, "bad"), os.DirFS(files{dumpFile: []byte("oops")}.write(t))))
	require.NoError(t, os.CopyFS(filepath.Join(dir, "half"), os.DirFS(files{accountsFile: nil}.write(t))))
	require.NoError(t, os.Mkdir(filepath.Join(dir, "lost+found"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "notes.txt"), nil, 0o644))
	require.NoError(t, os.Symlink("good", filepath.Join(dir, "latest"))) // is listed as good
	require.NoError(t, os.Symlink(realSet(t).write(t), filepath.Join(dir, "elsewhere")))
	require.NoError(t, os.Symlink("loop", filepath.Join(dir, "loop")))
	require.NoError(t, os.Symlink("gone", filepath.Join(dir, "stale")))
	sets, err := Find(dir)
	require.NoError(t, err)
	require.Equal(t, []string{"good", "elsewhere", "stale", "loop", "half", "bad"}, names(sets))
	for i, problem := range []string{"", "", "no such file", "too many levels", "", "not a custom-format dump"} {
		if problem == "" {
			require.NoError(t, sets[i].Problem, sets[i].Dir)
			continue
		}
		require.ErrorContains(t, sets[i].Problem, problem)
		require.Zero(t, sets[i].Created)
	}
}

func TestFindAndOpenSayWhereASetWouldBe(t *testing.T) {
	empty := t.TempDir()
	for _, look := range []func(string) error{
		func(dir string) error { _, err := Find(dir); return err },
		func(dir string) error { _, err := Open(dir); return err },
	} {
		require.ErrorIs(t, look(empty), ErrNoSet)
		require.ErrorContains(t, look(empty), dumpFile)
		require.ErrorIs(t, look(filepath.Join(empty, "gone")), os.ErrNotExist)
		dir := realSet(t).write(t)
		require.ErrorContains(t, look(filepath.Join(dir, dumpFile)), "is a file; give the folder that it is in: "+dir)
		loop := filepath.Join(t.TempDir(), "loop")
		require.NoError(t, os.Symlink("loop", loop))
		require.ErrorContains(t, look(loop), "too many levels")
	}
}

func TestFindAmongTenThousandSets(t *testing.T) {
	const sets = 10_000
	dir := t.TempDir()
	heads := t.TempDir()
	for i := range 60 {
		require.NoError(t, os.WriteFile(filepath.Join(heads, fmt.Sprint(i)), dumpOf(t, i, i), 0o644))
	}
	for i := range sets {
		name := filepath.Join(dir, fmt.Sprint(i))
		require.NoError(t, os.Mkdir(name, 0o755))
		require.NoError(t, os.Link(filepath.Join(heads, fmt.Sprint(i%60)), filepath.Join(name, dumpFile)))
	}
	found, err := Find(dir)
	require.NoError(t, err)
	require.Len(t, found, sets)
	for i, s := range found {
		require.NoError(t, s.Problem)
		if i > 0 {
			require.False(t, s.Created.After(found[i-1].Created))
		}
	}
}

func TestOpenSaysWhatIsThere(t *testing.T) {
	f := realSet(t)
	delete(f, cacheFile)
	f["system_accounts.tar"] = []byte("x")
	dir := f.write(t)
	set, err := Open(dir)
	require.NoError(t, err)
	require.NoError(t, set.Problem)
	require.Equal(t, "mastodon_production", set.DatabaseName)
	require.NotEmpty(t, set.ServerVersion)
	require.Contains(t, set.Contents.Tables, "statuses")
	require.Contains(t, set.Contents.Indexes, "index_statuses_on_uri")
	require.Contains(t, set.Contents.Constraints, "accounts.accounts_pkey")
	require.Contains(t, set.Contents.Sequences, "accounts_id_seq")
	require.Contains(t, set.Contents.Views, "instances")
	require.Equal(t, []string{"timestamp_id"}, set.Contents.Functions)
	require.Equal(t, len(set.Contents.Tables), set.Kinds["TABLE"])
	require.Len(t, set.Parts(), len(Classes()))
	require.Equal(t, filepath.Join(dir, dumpFile), set.Path(Dump))
	require.Empty(t, set.Path(Cache))
	require.True(t, set.Part(Cache).Missing)
	require.Equal(t, []string{accountsFile}, []string{set.Part(Accounts).Name})
	require.Equal(t, []string{"system_accounts.tar"}, set.Part(Accounts).Others)
	require.EqualValues(t, len(f[accountsFile]), set.Part(Accounts).Size)
}

func TestTheHeadOfADumpIsTheWholeDumpsHeader(t *testing.T) {
	for _, text := range [][]byte{realSet(t)[dumpFile], dumpOf(t, 3, 4)} {
		name := filepath.Join(t.TempDir(), dumpFile)
		require.NoError(t, os.WriteFile(name, text, 0o644))
		f, size, err := openFile(name)
		require.NoError(t, err)
		defer f.Close()
		h, err := readHead(f, size)
		require.NoError(t, err)
		require.Equal(t, "mastodon_production", h.Database)
	}
	for _, text := range []string{"", "PGDMP", "PGDMP\x01\x0e\x00\xff\x08\x01", strings.Repeat("PGDMP\x01\x10\x00\x04\x08\x01", 9)} {
		name := filepath.Join(t.TempDir(), dumpFile)
		require.NoError(t, os.WriteFile(name, []byte(text), 0o644))
		f, size, err := openFile(name)
		require.NoError(t, err)
		defer f.Close()
		_, err = readHead(f, size)
		require.Error(t, err)
	}
}

func names(sets []*Set) (all []string) {
	for _, s := range sets {
		all = append(all, filepath.Base(s.Dir))
	}
	return all
}
