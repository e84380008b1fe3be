package workflow

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"syscall"
)

// FormatVersion is the journal's own version; a reader refuses a newer one.
const FormatVersion = 1

// maxEntry bounds one line of a journal, so that a damaged file can't exhaust memory.
const maxEntry = 16 << 20

// ErrLocked means that another process writes this journal.
var ErrLocked = errors.New("another process is working on this run")

// Journal is a run's memory on disk: durable events, one JSON object a line, each synced before
// Append returns. One process writes it at a time (flock); any may read it.
type Journal struct {
	mu     sync.Mutex
	file   *os.File
	broken error // the first write that failed; nothing may follow what it left
}

// CreateJournal makes a new journal at path, which must not exist, in a directory that does.
func CreateJournal(path string) (*Journal, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	j, err := lockJournal(f)
	if err != nil {
		return nil, err
	}
	if err := syncDir(filepath.Dir(path)); err != nil {
		return nil, errors.Join(err, j.Close())
	}
	return j, nil
}

// OpenJournal opens the journal at path for more entries and returns what is in it. A last line
// that was torn by a crash is removed: nobody was ever shown what it says.
func OpenJournal(path string) (*Journal, []Event, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_APPEND, 0o600)
	if err != nil {
		return nil, nil, err
	}
	j, err := lockJournal(f)
	if err != nil {
		return nil, nil, err
	}
	events, whole, err := ReadEvents(f)
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("read journal %s: %w", path, err), j.Close())
	}
	if err := f.Truncate(whole); err != nil {
		return nil, nil, errors.Join(fmt.Errorf("remove the torn last line of %s: %w", path, err), j.Close())
	}
	return j, events, nil
}

func lockJournal(f *os.File) (*Journal, error) {
	err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if err == nil {
		return &Journal{file: f}, nil
	}
	if errors.Is(err, syscall.EWOULDBLOCK) {
		err = ErrLocked
	}
	return nil, errors.Join(fmt.Errorf("lock journal %s: %w", f.Name(), err), f.Close())
}

// Append writes e and returns when it is on disk. After an error every further Append fails the
// same way: an entry behind a torn one would make the whole journal unreadable.
func (j *Journal) Append(e Event) error {
	line, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("encode journal entry: %w", err)
	}
	if len(line) >= maxEntry {
		return fmt.Errorf("journal entry of %d bytes: nobody could read it again, the limit is %d", len(line), maxEntry)
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.broken != nil {
		return j.broken
	}
	if _, err := j.file.Write(append(line, '\n')); err != nil {
		j.broken = fmt.Errorf("write journal: %w", err)
	} else if err := j.file.Sync(); err != nil {
		j.broken = fmt.Errorf("sync journal: %w", err)
	}
	return j.broken
}

// Close lets another process write.
func (j *Journal) Close() error { return j.file.Close() }

// ReadEvents reads journal entries to the end and returns how many bytes of whole lines there
// were. A torn last line is not an error; a broken line before it is.
func ReadEvents(r io.Reader) (events []Event, whole int64, err error) {
	lines := bufio.NewReaderSize(r, 64<<10)
	for number := 1; ; number++ {
		line, err := readLine(lines)
		if errors.Is(err, io.EOF) {
			return events, whole, nil
		}
		if err != nil {
			return nil, 0, fmt.Errorf("line %d: %w", number, err)
		}
		var e Event
		if err := json.Unmarshal(line, &e); err != nil {
			return nil, 0, fmt.Errorf("line %d: %w", number, err)
		}
		if err := e.validate(number); err != nil {
			return nil, 0, fmt.Errorf("line %d: %w", number, err)
		}
		events = append(events, e)
		whole += int64(len(line)) + 1
	}
}

// readLine returns one line without its end; io.EOF for the end of the file or a torn line.
func readLine(r *bufio.Reader) ([]byte, error) {
	var line []byte
	for {
		part, err := r.ReadSlice('\n')
		line = append(line, part...)
		if len(line) > maxEntry {
			return nil, fmt.Errorf("longer than %d bytes", maxEntry)
		}
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		return bytes.TrimSuffix(line, []byte("\n")), err
	}
}

// validate refuses what Apply could not fold.
func (e Event) validate(line int) error {
	missing := func(present bool, what string) error {
		if present {
			return nil
		}
		return fmt.Errorf("a %q entry without %s", e.Type, what)
	}
	if line == 1 && e.Type != EventRun {
		return fmt.Errorf("a journal begins with a %q entry, not %q", EventRun, e.Type)
	}
	switch e.Type {
	case EventRun:
		if e.Header != nil && e.Header.Format > FormatVersion {
			return fmt.Errorf("journal format %d is newer than this program knows (%d): use the version that wrote it, %s", e.Header.Format, FormatVersion, e.Header.Tool)
		}
		return missing(e.Header != nil, "a header")
	case EventTarget:
		return missing(e.Target != nil, "a target")
	case EventProgress:
		return missing(e.Progress != nil, "progress")
	case EventCheck:
		return missing(e.Check != nil, "a check")
	}
	return nil
}

// Fold applies events in order.
func Fold(events []Event) Snapshot {
	var s Snapshot
	for _, e := range events {
		s = s.Apply(e)
	}
	return s
}

func syncDir(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}
