package pgdump

import (
	"context"
	"fmt"
	"io"
	"os"
	"sync/atomic"
)

// Archive is an open dump: its header and contents are read, its data are not.
type Archive struct {
	Header Header

	contents *contents
	told     atomic.Int64
	at       io.ReaderAt // nil for a stream
	file     io.Closer
	used     bool
	finder   *finder // nil until it is needed
}

// OpenFile opens a dump by its name; Close closes it.
func OpenFile(name string) (*Archive, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	var a *Archive
	switch {
	case info.IsDir():
		err = &FormatError{"a directory, perhaps a directory-format dump", "give the file that pg_dump --format=custom wrote"}
	case info.Mode().IsRegular():
		a, err = Open(f, info.Size())
	default:
		a, err = Read(f)
	}
	if err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("open dump %s: %w", name, err)
	}
	a.file = f
	return a, nil
}

// Open reads header and contents of the dump that r holds, size bytes long. Its data can be read
// any number of times, one after another.
func Open(r io.ReaderAt, size int64) (*Archive, error) {
	a, err := read(io.NewSectionReader(r, 0, size), size)
	if err == nil {
		a.at = r
	}
	return a, err
}

// Read reads header and contents of a dump from a stream, such as a pipe. Its data can be read once.
func Read(r io.Reader) (*Archive, error) { return read(r, -1) }

func read(r io.Reader, size int64) (*Archive, error) {
	a := &Archive{}
	s := newSource(r, size, readAhead, &a.told)
	var err error
	if a.Header, err = s.header(); err != nil {
		return nil, err
	}
	if a.contents, err = s.contents(a.Header); err != nil {
		return nil, err
	}
	return a, nil
}

// Close closes the file that OpenFile opened.
func (a *Archive) Close() error {
	if a.file == nil {
		return nil
	}
	return a.file.Close()
}

// Entries is the table of contents in the file's order. It is the archive's own: not to be changed.
func (a *Archive) Entries() []Entry { return a.contents.entries }

// Entry finds an entry by its dump id.
func (a *Archive) Entry(id int) (*Entry, bool) {
	i, ok := a.contents.index[id]
	if !ok {
		return nil, false
	}
	return &a.contents.entries[i], true
}

// Kinds counts the entries of each kind.
func (a *Archive) Kinds() map[string]int {
	kinds := make(map[string]int)
	for i := range a.contents.entries {
		kinds[a.contents.entries[i].Kind]++
	}
	return kinds
}

// Offset is how many bytes of the file have been read. Any goroutine may ask.
func (a *Archive) Offset() int64 { return a.told.Load() }

// Verify reads all data to the end and returns the number of rows of each table, by the dump id of
// its TABLE DATA entry. A nil error means that the dump is whole.
func (a *Archive) Verify(ctx context.Context) (map[int]int64, error) {
	rows := make(map[int]int64)
	for block, err := range a.Data(ctx) {
		if err != nil {
			return rows, err
		}
		if n, err := block.CountRows(); err == nil {
			rows[block.Entry.ID] = n
		}
	}
	return rows, nil
}

// rewind returns a source that stands at the first data block.
func (a *Archive) rewind() (*source, error) {
	first := a.contents.source
	if !a.used {
		a.used = true
		return first, nil
	}
	if a.at == nil {
		return nil, ErrUsed
	}
	return a.source(io.NewSectionReader(a.at, 0, first.size), a.contents.start, readAhead, &a.told), nil
}

// source returns one that stands somewhere in a file whose header and contents are read.
func (a *Archive) source(file *io.SectionReader, at int64, ahead int, told *atomic.Int64) *source {
	_, _ = file.Seek(at, io.SeekStart)
	first := a.contents.source
	s := newSource(file, first.size, ahead, told)
	s.pos, s.intSize, s.offSize, s.hint = at, first.intSize, first.offSize, first.hint
	return s
}
