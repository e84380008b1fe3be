package backupset

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strconv"
)

// isHeader says whether a block's checksum is right: the sum of its bytes, with spaces where the
// checksum stands. Some old tars add signed bytes.
func isHeader(b []byte) bool {
	if isZero(b[:257]) {
		return false
	}
	want, err := number(b[148:156])
	if err != nil {
		return false
	}
	var plain, signed int64
	for i, c := range b[:tarBlock] {
		if i >= 148 && i < 156 {
			c = ' '
		}
		plain += int64(c)
		signed += int64(int8(c))
	}
	return want == plain || want == signed
}

// number reads a field: octal digits in spaces and zeros, or GNU's base 256.
func number(b []byte) (int64, error) {
	if len(b) > 0 && b[0]&0x80 != 0 {
		return base256(b)
	}
	b = bytes.Trim(b, " \x00")
	if end := bytes.IndexByte(b, 0); end >= 0 {
		b = b[:end]
	}
	var v int64
	for _, c := range b {
		if c < '0' || c > '7' {
			return 0, fmt.Errorf("%q is not an octal number", b)
		}
		v = v<<3 | int64(c-'0')
	}
	return v, nil
}

// field is a place in a header block.
type field struct{ from, to int }

// The fields that hold numbers, apart from size and time: of all formats, of ustar, and of GNU's.
var (
	plainNumbers = []field{{100, 108}, {108, 116}, {116, 124}} // mode, user, group
	ustarNumbers = []field{{329, 337}, {337, 345}}             // device
	gnuNumbers   = []field{{345, 357}, {357, 369}}             // times of access and of change
)

// numbers reads a header's size and time, and sees that its other numbers are some: whoever unpacks
// the archive will want them.
func numbers(b []byte) (size, modified int64, err error) {
	err = areNumbers(b, plainNumbers)
	if err == nil && string(b[257:262]) == "ustar" {
		err = areNumbers(b, ustarNumbers)
	}
	if err == nil && string(b[257:265]) == "ustar  \x00" {
		err = areNumbers(b, gnuNumbers)
	}
	if err != nil {
		return 0, 0, err
	}
	if size, err = number(b[124:136]); err == nil && size < 0 {
		err = errors.New("a negative size")
	}
	if err == nil {
		modified, err = number(b[136:148])
	}
	return size, modified, err
}

func areNumbers(b []byte, fields []field) error {
	for _, f := range fields {
		if _, err := number(b[f.from:f.to]); err != nil {
			return err
		}
	}
	return nil
}

// base256 reads a two's complement number, most significant byte first, its first bit a mark.
func base256(b []byte) (int64, error) {
	v := int64(b[0]&0x7f) << 57 >> 57 // bit 6 is the sign
	for _, c := range b[1:] {
		if v > 1<<54 || v < -1<<54 {
			return 0, errors.New("a number of more than 63 bits")
		}
		v = v<<8 | int64(c)
	}
	return v, nil
}

// text is a field up to its first zero byte.
func text(b []byte) []byte {
	if end := bytes.IndexByte(b, 0); end >= 0 {
		return b[:end]
	}
	return b
}

// appendName appends a header's own name, which ustar splits in two.
func appendName(to, b []byte) []byte {
	if string(b[257:263]) == "ustar\x00" {
		if prefix := text(b[345:500]); len(prefix) > 0 {
			to = append(append(to, prefix...), '/')
		}
	}
	return append(to, text(b[:100])...)
}

// isMeta says whether a header is one about the next member.
func isMeta(kind byte) bool {
	switch kind {
	case 'x', 'g', 'L', 'K':
		return true
	}
	return false
}

// paxRecords are the records of a pax header that matter here. Name and link go to the reader.
type paxRecords struct {
	sized, timed   bool
	size, modified int64
}

// extended reads a header about the next member.
func (t *tarReader) extended(kind byte) error {
	size, _, err := numbers(t.block[:])
	switch {
	case err != nil:
		return t.fail(fmt.Errorf("an extended header can't be read: %w", err))
	case size > longestMeta:
		return t.fail(fmt.Errorf("an extended header of %d bytes", size))
	}
	t.member.name = nil // its bytes may be overwritten now
	t.meta = slices.Grow(t.meta[:0], int(size))[:size]
	if n, err := t.full(t.meta); err != nil && size > 0 {
		return t.short(unexpected(err), "the file ends in an extended header", n)
	}
	t.left = (size+tarBlock-1)&^(tarBlock-1) - size
	switch kind {
	case 'L':
		t.name = append(t.name[:0], text(t.meta)...)
	case 'K':
		t.link = append(t.link[:0], text(t.meta)...)
	case 'x':
		err = t.records(t.meta)
	case 'g':
		err = new(tarReader).records(t.meta) // of all members to come: nothing that matters here
	}
	if err != nil {
		return t.fail(fmt.Errorf("an extended header can't be read: %w", err))
	}
	return nil
}

// records reads "length key=value\n", again and again.
func (t *tarReader) records(b []byte) error {
	for len(b) > 0 {
		digits, _, found := bytes.Cut(b, []byte(" "))
		n, err := strconv.Atoi(string(digits))
		if !found || err != nil || n <= len(digits)+1 || n > len(b) || b[n-1] != '\n' {
			return errors.New("a record's length is wrong")
		}
		key, value, found := bytes.Cut(b[len(digits)+1:n-1], []byte("="))
		if !found || len(key) == 0 || bytes.IndexByte(key, 0) >= 0 {
			return errors.New("a record is no key=value")
		}
		if err := t.record(string(key), value); err != nil {
			return err
		}
		b = b[n:]
	}
	return nil
}

func (t *tarReader) record(key string, value []byte) (err error) {
	switch key {
	case "path", "linkpath", "GNU.sparse.name", "uname", "gname":
		if bytes.IndexByte(value, 0) >= 0 {
			return fmt.Errorf("a zero byte in %s", key)
		}
	}
	switch key {
	case "path", "GNU.sparse.name":
		t.name = append(t.name[:0], value...)
	case "linkpath":
		t.link = append(t.link[:0], value...)
	case "size":
		t.pax.sized = true
		t.pax.size, err = strconv.ParseInt(string(value), 10, 64)
		if err != nil || t.pax.size < 0 {
			return fmt.Errorf("impossible size %q", value)
		}
	case "mtime":
		t.pax.timed = true
		t.pax.modified, err = paxTime(value)
	case "atime", "ctime":
		_, err = paxTime(value)
	case "uid", "gid":
		_, err = strconv.ParseInt(string(value), 10, 64)
	}
	return err
}

// paxTime reads seconds, with or without a fraction.
func paxTime(value []byte) (int64, error) {
	seconds, fraction, _ := bytes.Cut(value, []byte("."))
	for _, c := range fraction {
		if c < '0' || c > '9' {
			return 0, fmt.Errorf("impossible time %q", value)
		}
	}
	return strconv.ParseInt(string(seconds), 10, 64)
}
