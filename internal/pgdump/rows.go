package pgdump

import (
	"bytes"
	"fmt"
	"io"
	"slices"
)

// longestRow is how long a row may be whose fields are asked for. Counting has no such limit.
const longestRow = 8 << 20

// Rows reads chosen fields of a table's rows.
type Rows struct {
	block  *Block
	slots  []int    // for each column of the table, the place among the chosen ones, or -1
	last   int      // the last column that is chosen
	fields [][]byte // of the current row, as they stand in the data
	plain  [][]byte // buffers for fields that had to be unescaped
	carry  []byte   // a row that spans pieces
	err    error
}

// Rows begins to read the named columns, or all without names. The block must be unread, and of a
// table in COPY format ([ErrNoRows]).
func (b *Block) Rows(columns ...string) (*Rows, error) {
	if !b.isCopy() {
		return nil, ErrNoRows
	}
	all := b.Entry.Columns()
	if len(columns) == 0 {
		columns = all
	}
	r := &Rows{block: b, slots: make([]int, len(all)), fields: make([][]byte, len(columns)), plain: make([][]byte, len(columns))}
	for i := range r.slots {
		r.slots[i] = -1
	}
	for i, name := range columns {
		at := slices.Index(all, name)
		if at < 0 {
			return nil, fmt.Errorf("%s has no column %q", b.label(), name)
		}
		r.slots[at] = i
		r.last = max(r.last, at)
	}
	return r, nil
}

// Next goes to the next row; false after the last one, or after an error.
func (r *Rows) Next() bool {
	if r.err != nil {
		return false
	}
	row, err := r.line()
	if err == nil && string(row) == `\.` {
		err = r.block.finish()
		if err == nil {
			err = io.EOF
		}
	}
	if err == nil {
		err = r.split(row)
	}
	r.err = err
	return err == nil
}

// Err is what ended Next; nil after the last row.
func (r *Rows) Err() error {
	if r.err == io.EOF {
		return nil
	}
	return r.err
}

// Field is the i-th chosen column of the current row, unescaped; nil for NULL. It is valid until
// the next call of Next.
func (r *Rows) Field(i int) []byte {
	raw := r.fields[i]
	at := bytes.IndexByte(raw, '\\')
	switch {
	case at < 0:
		return raw
	case string(raw) == `\N`:
		return nil
	}
	r.plain[i] = unescape(append(r.plain[i][:0], raw[:at]...), raw[at:])
	return r.plain[i]
}

// line returns the next line without its newline. It stays where it is in the buffer if it can.
func (r *Rows) line() ([]byte, error) {
	b := r.block
	if end := bytes.IndexByte(b.data, '\n'); end >= 0 {
		row := b.data[:end:end]
		b.data = b.data[end+1:]
		return row, nil
	}
	r.carry = append(r.carry[:0], b.data...)
	for {
		if err := b.next(); err != nil {
			// The tally has seen the marker at the end, so no line can be without an end.
			return nil, unexpected(err)
		}
		end := bytes.IndexByte(b.data, '\n')
		part := b.data
		if end >= 0 {
			part = b.data[:end]
		}
		if len(r.carry)+len(part) > longestRow {
			return nil, &LimitError{b.offset, b.label(), fmt.Sprintf("a row is longer than %d MiB", longestRow>>20)}
		}
		r.carry = append(r.carry, part...)
		if end >= 0 {
			b.data = b.data[end+1:]
			return r.carry, nil
		}
	}
}

func (r *Rows) split(row []byte) error {
	for column := 0; ; column++ {
		end := bytes.IndexByte(row, '\t')
		field := row
		if end >= 0 {
			field = row[:end:end]
		}
		if column < len(r.slots) && r.slots[column] >= 0 {
			r.fields[r.slots[column]] = field
		}
		switch {
		case column >= r.last:
			return nil
		case end < 0:
			return r.block.damage(fmt.Errorf("a row has %d fields, and the table %d columns", column+1, len(r.slots)))
		}
		row = row[end+1:]
	}
}

// unescape appends to out what COPY's text format means by in.
func unescape(out, in []byte) []byte {
	for {
		at := bytes.IndexByte(in, '\\')
		if at < 0 || at == len(in)-1 {
			return append(out, in...)
		}
		out = append(out, in[:at]...)
		c, used := escaped(in[at+1:])
		out = append(out, c)
		in = in[at+1+used:]
	}
}

// escaped is the byte that the sequence behind a backslash stands for, and the sequence's length.
func escaped(in []byte) (byte, int) {
	switch c := in[0]; c {
	case 'b':
		return '\b', 1
	case 'f':
		return '\f', 1
	case 'n':
		return '\n', 1
	case 'r':
		return '\r', 1
	case 't':
		return '\t', 1
	case 'v':
		return '\v', 1
	case '0', '1', '2', '3', '4', '5', '6', '7':
		v, used := 0, 0
		for used < 3 && used < len(in) && in[used] >= '0' && in[used] <= '7' {
			v = v<<3 | int(in[used]-'0')
			used++
		}
		return byte(v), used
	case 'x':
		v, used := 0, 1
		for used < 3 && used < len(in) && hex(in[used]) >= 0 {
			v = v<<4 | hex(in[used])
			used++
		}
		if used > 1 {
			return byte(v), used
		}
		return c, 1
	default:
		return c, 1
	}
}

func hex(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}
