package transfer

import (
	"encoding/binary"
	"fmt"
)

const (
	tarBlock = 512
	// longestName and largestOctal are what fits the old fields of a header.
	longestName  = 99
	largestOctal = 1 << 33
)

// tarHeader writes the header of an entry as GNU tar does. It is written here, not by
// archive/tar, because a parcel's bytes must be the same whatever Go made the program: its digest
// is what a later run knows it by. Modes are wide open; the far side's umask closes them.
func tarHeader(e entry) []byte {
	var b []byte
	name, kind, mode := e.name, byte('0'), 0o666
	switch e.kind {
	case directory:
		name, kind, mode = name+"/", '5', 0o777
	case hardLink:
		kind = '1'
	case symLink:
		kind, mode = '2', 0o777
	}
	if len(e.link) > longestName {
		b = append(b, longName('K', e.link)...)
	}
	if len(name) > longestName {
		b = append(b, longName('L', name)...)
	}
	size := e.size
	if e.kind != regular {
		size = 0
	}
	return append(b, rawHeader(name, e.link, kind, mode, size)...)
}

// longName is the pseudo entry that carries a name too long for a header.
func longName(kind byte, name string) []byte {
	b := rawHeader("././@LongLink", "", kind, 0o644, int64(len(name)+1))
	b = append(b, name...)
	return append(b, make([]byte, roundUp(int64(len(b)+1), tarBlock)-int64(len(b)))...)
}

func rawHeader(name, link string, kind byte, mode int, size int64) []byte {
	h := make([]byte, tarBlock)
	copy(h[0:100], name[:min(len(name), 100)])
	copy(h[100:], fmt.Sprintf("%07o", mode))
	copy(h[108:], "0000000\x000000000\x00")
	if size < largestOctal {
		copy(h[124:], fmt.Sprintf("%011o", size))
	} else {
		h[124] = 0x80
		binary.BigEndian.PutUint64(h[128:136], uint64(size))
	}
	copy(h[136:], "00000000000")
	h[156] = kind
	copy(h[157:257], link[:min(len(link), 100)])
	copy(h[257:], "ustar  ")
	copy(h[148:], "        ")
	var sum int
	for _, c := range h {
		sum += int(c)
	}
	copy(h[148:], fmt.Sprintf("%06o\x00 ", sum))
	return h
}

func roundUp(n, to int64) int64 { return (n + to - 1) / to * to }
