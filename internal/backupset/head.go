package backupset

import (
	"bytes"
	"encoding/binary"
	"os"

	"mastodon-restore/internal/pgdump"
)

// headSize is more than the headers that pg_dump writes.
const headSize = 4 << 10

// readHead reads a dump's header and leaves its contents alone, which take a hundred times as long:
// a folder may have ten thousand sets. What it can't make sense of, pgdump explains.
func readHead(f *os.File, size int64) (pgdump.Header, error) {
	head := make([]byte, min(headSize, size))
	if n, err := f.ReadAt(head, 0); err != nil && n < len(head) {
		return pgdump.Header{}, err
	}
	if end, ok := headEnd(head); ok {
		// The header, and contents without an entry.
		if a, err := pgdump.Read(bytes.NewReader(append(head[:end:end], make([]byte, 9)...))); err == nil {
			return a.Header, nil
		}
	}
	a, err := pgdump.Open(f, size)
	if err != nil {
		return pgdump.Header{}, err
	}
	return a.Header, nil
}

// headEnd is where the contents begin: behind 11 bytes, the compression, seven numbers and three
// strings. Package pgdump describes the format.
func headEnd(head []byte) (end int, ok bool) {
	if len(head) < 11 {
		return 0, false
	}
	number := 1 + int(head[8]) // a sign, then the value
	end = 11 + 8*number
	if head[6] >= 15 {
		end = 11 + 1 + 7*number
	}
	for range 3 {
		if number < 5 || end+number > len(head) {
			return 0, false
		}
		length := int(binary.LittleEndian.Uint32(head[end+1:]))
		if head[end] != 0 {
			length = 0 // NULL
		}
		if end += number; length > len(head)-end {
			return 0, false
		}
		end += length
	}
	return end, true
}
