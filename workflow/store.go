package workflow

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// Store is the folder that holds every run: one folder a run, with journal.jsonl, log.txt and
// report.json in it.
type Store struct {
	Dir string
}

// The files of one run.
const (
	JournalFile = "journal.jsonl"
	LogFile     = "log.txt"
	ReportFile  = "report.json"
)

// ErrNoRun means that the store has no such run.
var ErrNoRun = errors.New("no such run")

// Path is the folder of one run.
func (s Store) Path(run string) string { return filepath.Join(s.Dir, run) }

// Create makes the folder and journal of a new run.
func (s Store) Create(run string) (*Journal, error) {
	if err := os.MkdirAll(s.Path(run), 0o700); err != nil {
		return nil, fmt.Errorf("make the run's folder: %w", err)
	}
	j, err := CreateJournal(filepath.Join(s.Path(run), JournalFile))
	if err != nil {
		return nil, fmt.Errorf("begin the run's journal: %w", err)
	}
	if err := syncDir(s.Dir); err != nil {
		return nil, errors.Join(fmt.Errorf("begin the run's journal: %w", err), j.Close())
	}
	return j, nil
}

// Open opens a run for more work.
func (s Store) Open(run string) (*Journal, []Event, error) {
	path, err := s.journal(run)
	if err != nil {
		return nil, nil, err
	}
	return OpenJournal(path)
}

// Read returns a run as it stands, without disturbing whoever works on it.
func (s Store) Read(run string) (Snapshot, error) {
	path, err := s.journal(run)
	if err != nil {
		return Snapshot{}, err
	}
	f, err := os.Open(path)
	if err != nil {
		return Snapshot{}, err
	}
	defer f.Close()
	events, _, err := ReadEvents(f)
	if err != nil {
		return Snapshot{}, fmt.Errorf("read journal %s: %w", path, err)
	}
	return Fold(events), nil
}

func (s Store) journal(run string) (string, error) {
	if run == "" || strings.ContainsAny(run, `/\`) || strings.HasPrefix(run, ".") {
		return "", fmt.Errorf("%q is not the name of a run: %w", run, ErrNoRun)
	}
	path := filepath.Join(s.Path(run), JournalFile)
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("run %s is not in %s: %w", run, s.Dir, ErrNoRun)
	}
	return path, nil
}

// Remove forgets a run that changed nothing.
func (s Store) Remove(run string) error { return os.RemoveAll(s.Path(run)) }

// AtWork says whether a process works on a run now.
func (s Store) AtWork(run string) bool {
	path, err := s.journal(run)
	if err != nil {
		return false
	}
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close() // and with it the lock, had it been got
	return errors.Is(syscall.Flock(int(f.Fd()), syscall.LOCK_SH|syscall.LOCK_NB), syscall.EWOULDBLOCK)
}

// List returns the runs of the store, newest first. A journal that can't be read is in broken,
// under its run's name.
func (s Store) List() (runs []Snapshot, broken map[string]error, err error) {
	entries, err := os.ReadDir(s.Dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, fmt.Errorf("list runs: %w", err)
	}
	broken = map[string]error{}
	for _, e := range entries {
		if !e.IsDir() {
			continue
		}
		run, err := s.Read(e.Name())
		if errors.Is(err, ErrNoRun) {
			continue
		}
		if err != nil {
			broken[e.Name()] = err
			continue
		}
		if run.Run != "" {
			runs = append(runs, run)
		}
	}
	slices.SortFunc(runs, func(a, b Snapshot) int { return b.Started.Compare(a.Started) })
	return runs, broken, nil
}
