package workflow_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	. "mastodon-restore/workflow"
)

// stored makes a run in the store that has ended.
func stored(t *testing.T, s Store, id string, c *clock) {
	t.Helper()
	j, err := s.Create(id)
	require.NoError(t, err)
	r := &Run{ID: id, Plan: Plan{{ID: "one", Run: nothing}}, Journal: j, Clock: c.now}
	require.NoError(t, r.Begin(Header{Tool: "1.0", Kind: "restore"}))
	require.Equal(t, ExitDone, r.Execute(context.Background()))
	require.NoError(t, j.Close())
}

func TestAStoreListsItsRunsNewestFirst(t *testing.T) {
	s, c := Store{Dir: filepath.Join(t.TempDir(), "state", "runs")}, newClock()
	runs, broken, err := s.List()
	require.NoError(t, err, "a store nobody has written to is empty")
	require.Empty(t, runs)
	require.Empty(t, broken)

	stored(t, s, "k7q2", c)
	stored(t, s, "a001", c)
	for name, contents := range map[string]string{"bad1": "rubbish\n", "torn": firstLine[:20], "zero": ""} {
		require.NoError(t, os.Mkdir(s.Path(name), 0o700))
		require.NoError(t, os.WriteFile(filepath.Join(s.Path(name), JournalFile), []byte(contents), 0o600))
	}
	require.NoError(t, os.Mkdir(s.Path("void"), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(s.Dir, "note.txt"), nil, 0o600))

	runs, broken, err = s.List()
	require.NoError(t, err)
	require.Len(t, runs, 2)
	require.Equal(t, []string{"a001", "k7q2"}, []string{runs[0].Run, runs[1].Run})
	require.True(t, runs[0].Ended())
	require.Len(t, broken, 1)
	require.ErrorContains(t, broken["bad1"], filepath.Join("bad1", JournalFile))
}

func TestAStoreOpensARunForOneProcess(t *testing.T) {
	s := Store{Dir: t.TempDir()}
	stored(t, s, "k7q2", newClock())
	j, events, err := s.Open("k7q2")
	require.NoError(t, err)
	require.NotEmpty(t, events)

	_, _, err = s.Open("k7q2")
	require.ErrorIs(t, err, ErrLocked)
	_, err = s.Create("k7q2")
	require.ErrorIs(t, err, os.ErrExist)
	snapshot, err := s.Read("k7q2")
	require.NoError(t, err, "looking needs no lock")
	require.Equal(t, "k7q2", snapshot.Run)

	require.NoError(t, j.Close())
	require.NoError(t, s.Remove("k7q2"))
	_, err = s.Read("k7q2")
	require.ErrorIs(t, err, ErrNoRun)
}

func TestAStoreKnowsOnlyItsOwnRuns(t *testing.T) {
	s := Store{Dir: t.TempDir()}
	for _, name := range []string{"", ".", "..", "../k7q2", `a\b`, "a/b", ".hidden", "k7q2"} {
		_, _, err := s.Open(name)
		require.ErrorIs(t, err, ErrNoRun, "%q", name)
		_, err = s.Read(name)
		require.ErrorIs(t, err, ErrNoRun, "%q", name)
	}
}

func TestAStoreThatCanNotBeWrittenSaysWhere(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(dir, nil, 0o600))
	_, err := Store{Dir: dir}.Create("k7q2")
	require.ErrorContains(t, err, dir)
	_, _, err = Store{Dir: dir}.List()
	require.ErrorContains(t, err, "list runs")
}
