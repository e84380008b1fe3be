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
	case 'x', 'g', 'X', 'L', 'K', 'V', 'N':
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
	size, err := number(t.block[124:136])
	switch {
	case err != nil:
		return t.fail(fmt.Errorf("an extended header's size can't be read: %w", err))
	case size < 0 || size > longestMeta:
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
	case 'x', 'X':
		if err := t.records(t.meta); err != nil {
			return t.fail(fmt.Errorf("an extended header can't be read: %w", err))
		}
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
		if !found {
			return errors.New("a record has no value")
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
		seconds, _, _ := bytes.Cut(value, []byte("."))
		if v, err := strconv.ParseInt(string(seconds), 10, 64); err == nil {
			t.pax.timed, t.pax.modified = true, v
		}
	}
	return nil
}
