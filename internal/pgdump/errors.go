package pgdump

import (
	"errors"
	"fmt"
	"io"
)

var (
	// ErrTrailing is wrapped by the [DamageError] of a dump which is whole, and goes on after its end.
	ErrTrailing = errors.New("something follows the end of the dump")
	// ErrNoRows is returned by [Block.Rows] for data that are not COPY's text format.
	ErrNoRows = errors.New("the data are not rows in COPY format")
	// ErrUsed is returned by the second reading of an archive that came from a stream.
	ErrUsed = errors.New("the dump was read from a stream, which cannot be read twice")
	// ErrStream is returned by [Archive.DataOf] for an archive that came from a stream.
	ErrStream = errors.New("the dump was read from a stream, in which one entry's data cannot be sought out")
)

// DamageError means that the file is not what pg_dump wrote. It wraps [io.ErrUnexpectedEOF] when
// the file ends too early.
type DamageError struct {
	// Offset is how far into the file the reader had come, in bytes: the damage is there or shortly before.
	Offset int64
	// Entry is what was being read, such as "table public.statuses".
	Entry string
	// Hint is what probably happened to the file, where that shows.
	Hint string
	Err  error
}

func (e *DamageError) Error() string {
	text := fmt.Sprintf("damaged at byte %d while reading %s: %v", e.Offset, e.Entry, e.Err)
	if e.Hint != "" {
		text += " (" + e.Hint + ")"
	}
	return text
}

func (e *DamageError) Unwrap() error { return e.Err }

// FormatError means that the file is no custom-format dump at all.
type FormatError struct {
	Seems  string // what it seems to be, such as "a plain SQL dump"
	Advice string // what to do about it
}

func (e *FormatError) Error() string {
	return "not a custom-format dump: it seems to be " + e.Seems + "; " + e.Advice
}

// VersionError means that the archive's version is one this package does not know.
type VersionError struct {
	Major, Minor int
}

func (e *VersionError) Error() string {
	if e.Major < 1 || e.Major == 1 && e.Minor < oldest {
		return fmt.Sprintf("archive version %d.%d is older than 1.%d, from before PostgreSQL 9.0; restore it with an old pg_restore and dump it again", e.Major, e.Minor, oldest)
	}
	return fmt.Sprintf("archive version %d.%d is newer than 1.%d, the newest known here; a newer pg_dump made it, and a newer release of this program is needed to check it", e.Major, e.Minor, newest)
}

// LimitError means that the file may be sound, but asks for more than this package will give.
type LimitError struct {
	Offset int64
	Entry  string
	What   string
}

func (e *LimitError) Error() string {
	return fmt.Sprintf("refused at byte %d while reading %s: %s", e.Offset, e.Entry, e.What)
}

// readError is the file's own failure: a disk, a network.
type readError struct {
	offset int64
	err    error
}

func (e *readError) Error() string {
	return fmt.Sprintf("read the dump at byte %d: %v", e.offset, e.err)
}
func (e *readError) Unwrap() error { return e.err }

// damage says where err is. What says so itself, or is no damage, passes unchanged.
func (s *source) damage(entry string, err error) error {
	if speaksForItself(err) {
		return err
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = &endError{unexpected(err)}
	}
	return &DamageError{Offset: s.pos, Entry: entry, Hint: s.hint, Err: err}
}

func speaksForItself(err error) bool {
	var placed *DamageError
	var limit *LimitError
	var failed *readError
	var format *FormatError
	var version *VersionError
	for _, kind := range []any{&placed, &limit, &failed, &format, &version} {
		if errors.As(err, kind) {
			return true
		}
	}
	return false
}

// endError says "unexpected EOF" in words.
type endError struct{ err error }

func (e *endError) Error() string {
	if text := e.err.Error(); text != io.ErrUnexpectedEOF.Error() {
		return text
	}
	return "it ends too early"
}

func (e *endError) Unwrap() error { return e.err }
