package pgdump

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

// Block is the data of one table or one large object, decompressed. It is valid until the loop
// over [Archive.Data] goes on.
type Block struct {
	Entry  *Entry
	Object uint32 // the large object's oid; 0 for a table

	pipe    *pipe
	hint    string
	tally   *tally
	holding []byte // the piece's whole buffer, to be given back
	data    []byte // what is not read yet of it
	size    int64
	offset  int64
	err     error
}

func (b *Block) label() string {
	if b.Object != 0 {
		return fmt.Sprintf("large object %d", b.Object)
	}
	return b.Entry.Label()
}

// Read reads the data as they are. At the end it has checked them.
func (b *Block) Read(p []byte) (int, error) {
	if len(b.data) == 0 {
		if err := b.next(); err != nil {
			return 0, err
		}
	}
	n := copy(p, b.data)
	b.data = b.data[n:]
	return n, nil
}

// Size is how many bytes have come so far, decompressed.
func (b *Block) Size() int64 { return b.size }

// CountRows reads the rest of the data and returns the number of the table's rows, without looking
// at their fields, except that there are as many as rows and columns ask for. The error is [ErrNoRows] for data without rows; damage shows in the loop too.
func (b *Block) CountRows() (int64, error) {
	if err := b.finish(); err != nil {
		return 0, err
	}
	if !b.isCopy() {
		return 0, ErrNoRows
	}
	return b.tally.rows, nil
}

func (b *Block) isCopy() bool {
	return b.Object == 0 && b.Entry.Kind == KindTableData && b.Entry.Copy != ""
}

// finish reads what is left.
func (b *Block) finish() error {
	for {
		switch err := b.next(); {
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		}
	}
}

// next gets the next piece of data, counted and checked; io.EOF after the last one.
func (b *Block) next() error {
	if b.err != nil {
		return b.err
	}
	if b.tally == nil {
		b.tally = newTally(b.Entry)
	}
	b.data = nil
	if b.holding != nil {
		b.pipe.free <- b.holding // there is room for all buffers there are
		b.holding = nil
	}
	b.err = b.take()
	return b.err
}

func (b *Block) take() error {
	if b.size > 0 && b.tally.ended {
		return io.EOF
	}
	x, err := b.pipe.receive()
	if err != nil {
		return unexpected(err)
	}
	b.holding, b.data, b.offset = x.data[:0], x.data, x.offset
	b.size += int64(len(x.data))
	if b.isCopy() {
		err = b.tally.add(x.data)
		if err == nil && x.end {
			err = b.tally.end()
		}
	}
	if err != nil {
		return b.damage(err)
	}
	if x.end {
		b.tally.ended = true
		if len(x.data) == 0 {
			b.pipe.free <- b.holding
			b.holding = nil
			return io.EOF
		}
	}
	return nil
}

// damage is for what the decompressed data show.
func (b *Block) damage(err error) error {
	return &DamageError{Offset: b.offset, Entry: b.label(), Hint: b.hint, Err: err}
}

// tally counts the rows of a table's data as they pass and looks at their form. It must cost less
// than decompression: a few passes that the processor does with its widest instructions.
type tally struct {
	columns int // 0: not known
	rows    int64
	tabs    int64
	last    [8]byte // the data's last bytes
	length  int64
	ended   bool
}

func newTally(e *Entry) *tally { return &tally{columns: len(e.Columns())} }

func (t *tally) add(data []byte) error {
	if bytes.IndexByte(data, 0) >= 0 {
		return errors.New("a zero byte stands among the rows, where text cannot have one")
	}
	t.rows += int64(bytes.Count(data, newline))
	t.tabs += int64(bytes.Count(data, tab))
	t.length += int64(len(data))
	if n := len(data); n >= len(t.last) {
		copy(t.last[:], data[n-len(t.last):])
	} else {
		copy(t.last[:], t.last[n:])
		copy(t.last[len(t.last)-n:], data)
	}
	return nil
}

var newline, tab = []byte("\n"), []byte("\t")

// end takes the end marker off the count: a line of \. and the two empty ones pg_dump writes after it.
func (t *tally) end() error {
	last := t.last[max(0, int64(len(t.last))-t.length):]
	body := bytes.TrimRight(last, "\n")
	marker := string(body)
	if n := len(body); n >= 3 {
		marker = string(body[n-3:])
	}
	if feeds := len(last) - len(body); feeds < 1 || feeds > 3 || marker != "\n\\." && !(marker == `\.` && len(last) == int(t.length)) {
		return errors.New(`the rows end without their end marker \.`)
	} else {
		t.rows -= int64(feeds)
	}
	if t.columns > 0 && t.tabs != t.rows*int64(t.columns-1) {
		return fmt.Errorf("%d rows of %d columns have %d field separators instead of %d", t.rows, t.columns, t.tabs, t.rows*int64(t.columns-1))
	}
	return nil
}
