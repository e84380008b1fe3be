package workflow_test

import (
	"bytes"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	. "mastodon-restore/workflow"
)

const (
	firstLine  = `{"type":"run","time":"2026-11-20T12:00:00Z","run":"k7q2","header":{"format":1,"tool":"1.0","plan":[],"kind":"restore"}}` + "\n"
	secondLine = `{"type":"note","time":"2026-11-20T12:00:01Z","run":"k7q2","step":"files","key":"pod","value":"a"}` + "\n"
)

func TestReadEvents(t *testing.T) {
	tests := map[string]struct {
		journal string
		events  int
		whole   int
		err     string
	}{
		"an empty journal has nothing in it":       {},
		"whole lines are read":                     {journal: firstLine + secondLine, events: 2, whole: len(firstLine + secondLine)},
		"a torn last line is left out":             {journal: firstLine + secondLine[:40], events: 1, whole: len(firstLine)},
		"a last line without its end is torn":      {journal: firstLine + strings.TrimSuffix(secondLine, "\n"), events: 1, whole: len(firstLine)},
		"a torn first line is an empty journal":    {journal: firstLine[:20]},
		"zeros that a crash left at the end":       {journal: firstLine + strings.Repeat("\x00", 4096), events: 1, whole: len(firstLine)},
		"a broken line in the middle is an error":  {journal: firstLine + secondLine[:40] + "\n" + secondLine, err: "line 2"},
		"an empty line is an error":                {journal: firstLine + "\n", err: "line 2"},
		"two entries glued together are an error":  {journal: firstLine + secondLine[:40] + secondLine, err: "line 2"},
		"a journal without a header is no journal": {journal: secondLine, err: `line 1: a journal begins with a "run" entry, not "note"`},
		"a header without contents":                {journal: `{"type":"run"}` + "\n", err: "without a header"},
		"a newer format names the version to use": {
			journal: strings.Replace(firstLine, `"format":1,"tool":"1.0"`, `"format":2,"tool":"9.9"`, 1),
			err:     "journal format 2 is newer than this program knows (1): use the version that wrote it, 9.9",
		},
		"a target without contents":       {journal: firstLine + `{"type":"target"}` + "\n", err: "without a target"},
		"progress without contents":       {journal: firstLine + `{"type":"progress"}` + "\n", err: "without progress"},
		"a check without contents":        {journal: firstLine + `{"type":"check"}` + "\n", err: "without a check"},
		"an unknown entry is passed over": {journal: firstLine + `{"type":"later"}` + "\n", events: 2, whole: len(firstLine) + 17},
		"a line no memory should hold":    {journal: firstLine + strings.Repeat("x", 17<<20), err: "longer than"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			events, whole, err := ReadEvents(strings.NewReader(test.journal))
			if test.err != "" {
				require.ErrorContains(t, err, test.err)
				require.Empty(t, events)
				return
			}
			require.NoError(t, err)
			require.Len(t, events, test.events)
			require.EqualValues(t, test.whole, whole)
		})
	}
}

func TestATornLastLineIsRemovedBeforeMoreIsWritten(t *testing.T) {
	path := filepath.Join(t.TempDir(), JournalFile)
	require.NoError(t, os.WriteFile(path, []byte(firstLine+secondLine[:40]), 0o600))
	j, events, err := OpenJournal(path)
	require.NoError(t, err)
	require.Len(t, events, 1)
	require.NoError(t, j.Append(Event{Type: EventNote, Key: "k", Value: "v"}))
	require.NoError(t, j.Close())

	events = journalOf(t, path)
	require.Len(t, events, 2)
	require.Equal(t, "k", events[1].Key)
}

func TestABrokenJournalIsLeftAsItIs(t *testing.T) {
	path := filepath.Join(t.TempDir(), JournalFile)
	broken := []byte(firstLine + "rubbish\n" + secondLine[:40])
	require.NoError(t, os.WriteFile(path, broken, 0o600))
	_, _, err := OpenJournal(path)
	require.ErrorContains(t, err, path)
	require.ErrorContains(t, err, "line 2")
	after, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, broken, after)

	// Nor does it stay locked: the error is the same the next time.
	_, _, err = OpenJournal(path)
	require.NotErrorIs(t, err, ErrLocked)
}

func TestAJournalHasOneWriter(t *testing.T) {
	path := filepath.Join(t.TempDir(), JournalFile)
	j, err := CreateJournal(path)
	require.NoError(t, err)
	require.NoError(t, j.Append(begun()))

	_, _, err = OpenJournal(path)
	require.ErrorIs(t, err, ErrLocked)
	require.ErrorContains(t, err, path)
	_, err = CreateJournal(path)
	require.ErrorIs(t, err, os.ErrExist)
	require.Len(t, journalOf(t, path), 1, "reading needs no lock")

	require.NoError(t, j.Close())
	j, _, err = OpenJournal(path)
	require.NoError(t, err)
	require.NoError(t, j.Close())
}

// writerOf tells the child process which journal to open.
const writerOf = "WORKFLOW_TEST_JOURNAL"

func TestAJournalIsLockedAgainstOtherProcesses(t *testing.T) {
	if path := os.Getenv(writerOf); path != "" {
		_, _, err := OpenJournal(path)
		require.ErrorIs(t, err, ErrLocked)
		return
	}
	path := filepath.Join(t.TempDir(), JournalFile)
	j, err := CreateJournal(path)
	require.NoError(t, err)
	defer j.Close()
	other := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
	other.Env = append(os.Environ(), writerOf+"="+path)
	out, err := other.CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.Contains(t, string(out), "--- PASS: "+t.Name())
}

func TestNothingIsWrittenBehindATornEntry(t *testing.T) {
	path := filepath.Join(t.TempDir(), JournalFile)
	j, err := CreateJournal(path)
	require.NoError(t, err)
	defer j.Close()
	require.NoError(t, j.Append(begun()))
	info, err := os.Stat(path)
	require.NoError(t, err)

	// The disk is full in the middle of an entry, then there is space again.
	restore := limitFileSize(t, uint64(info.Size())+20)
	full := j.Append(stepAt(1, "files", StatusChecking))
	restore()
	require.ErrorContains(t, full, "write journal")
	torn, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, info.Size()+20, torn.Size())

	require.Equal(t, full, j.Append(stepAt(2, "files", StatusRunning)))
	require.Len(t, journalOf(t, path), 1)
}

// limitFileSize makes the process's files end at a size until the returned function is called.
func limitFileSize(t *testing.T, size uint64) (restore func()) {
	t.Helper()
	var old syscall.Rlimit
	require.NoError(t, syscall.Getrlimit(syscall.RLIMIT_FSIZE, &old))
	signal.Ignore(syscall.SIGXFSZ)
	require.NoError(t, syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: size, Max: old.Max}))
	return func() {
		require.NoError(t, syscall.Setrlimit(syscall.RLIMIT_FSIZE, &old))
		signal.Reset(syscall.SIGXFSZ)
	}
}

func TestAnEntryTooLongToReadAgainIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), JournalFile)
	j, err := CreateJournal(path)
	require.NoError(t, err)
	defer j.Close()
	require.NoError(t, j.Append(begun()))
	require.ErrorContains(t, j.Append(Event{Type: EventNote, Value: strings.Repeat("x", 16<<20)}), "nobody could read it again")
	require.NoError(t, j.Append(stepAt(1, "files", StatusChecking)))
	require.Len(t, journalOf(t, path), 2)
}

func TestAJournalIsForItsOwnerOnly(t *testing.T) {
	path := filepath.Join(t.TempDir(), JournalFile)
	j, err := CreateJournal(path)
	require.NoError(t, err)
	require.NoError(t, j.Close())
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode())
}

func FuzzReadEvents(f *testing.F) {
	f.Add([]byte(firstLine + secondLine))
	f.Add([]byte(firstLine + secondLine[:30]))
	f.Add([]byte(firstLine + `{"type":"step","step":"files","status":"checking"}` + "\n" + `{"type":"exit"}` + "\n"))
	f.Add([]byte(firstLine + `{"type":"answer"}` + "\n" + `{"type":"failure"}` + "\n" + `{"type":"report"}` + "\n"))
	f.Add([]byte("\x00\n{}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		events, whole, err := ReadEvents(bytes.NewReader(data))
		if err != nil {
			return
		}
		s := Fold(events) // whatever was accepted can be folded and shown
		s.Ended()
		// What was counted as whole reads the same again: resume truncates there.
		require.LessOrEqual(t, whole, int64(len(data)))
		again, same, err := ReadEvents(bytes.NewReader(data[:whole]))
		require.NoError(t, err)
		require.Equal(t, whole, same)
		require.Equal(t, len(events), len(again))
	})
}
