package pgdump

import (
	"errors"
	"fmt"
	"time"
)

const (
	magic         = "PGDMP"
	oldest        = 12
	newest        = 16
	formatCustom  = 1
	formatTar     = 3
	longestHeader = 64 << 10 // of each string in the header
)

// Compression is how the data blocks are compressed.
type Compression byte

// The compressions, numbered as in the file.
const (
	None Compression = iota
	Gzip
	LZ4
	Zstd
)

func (c Compression) String() string {
	switch c {
	case None:
		return "none"
	case Gzip:
		return "gzip"
	case LZ4:
		return "lz4"
	case Zstd:
		return "zstd"
	}
	return fmt.Sprintf("compression %d", byte(c))
}

// Header is the beginning of an archive.
type Header struct {
	Major, Minor, Revision int
	IntSize, OffsetSize    int // in bytes
	Compression            Compression
	// Level is gzip's level in archives before 1.15 (-1: the default); later ones do not tell.
	Level int
	// Created is when pg_dump ran, by the wall clock of the machine it ran on. The file does not
	// say in which zone: the time is given in UTC and may be hours off.
	Created time.Time
	// DaylightSaving is what that machine said of the season: 1, 0, or -1 for unknown.
	DaylightSaving int
	Database       string
	ServerVersion  string // such as "15.14 (Debian 15.14-0+deb12u1)"
	DumpVersion    string // pg_dump's own version
}

// Version is the archive's version as pg_restore --list prints it, such as "1.14-0".
func (h Header) Version() string { return fmt.Sprintf("%d.%d-%d", h.Major, h.Minor, h.Revision) }

func (h Header) since(minor int) bool { return h.Minor >= minor }

func (s *source) header() (Header, error) {
	var h Header
	start, err := s.in.Peek(sniffed)
	if len(start) < len(magic) || string(start[:len(magic)]) != magic {
		if err != nil && !isEnd(err) {
			return h, err
		}
		return h, recognise(start)
	}
	s.hint = history(start)
	_, _ = s.in.Discard(len(magic))
	s.advance(len(magic))
	if err := s.fixed(&h); err != nil {
		return h, s.damage("the header", err)
	}
	if err := s.described(&h); err != nil {
		return h, s.damage("the header", err)
	}
	return h, nil
}

// fixed reads the part of single bytes.
func (s *source) fixed(h *Header) error {
	var b [6]byte
	for i := range b {
		var err error
		if b[i], err = s.byte(); err != nil {
			return err
		}
		// What follows a version we do not know may mean anything.
		if i == 2 && (b[0] != 1 || b[1] < oldest || b[1] > newest) {
			return &VersionError{Major: int(b[0]), Minor: int(b[1])}
		}
	}
	h.Major, h.Minor, h.Revision = int(b[0]), int(b[1]), int(b[2])
	h.IntSize, h.OffsetSize = int(b[3]), int(b[4])
	if h.Revision != 0 {
		return fmt.Errorf("archive version %s, which no pg_dump has", h.Version())
	}
	if h.IntSize != 4 && h.IntSize != 8 {
		return fmt.Errorf("integers of %d bytes", h.IntSize)
	}
	if h.OffsetSize != 4 && h.OffsetSize != 8 {
		return fmt.Errorf("file offsets of %d bytes", h.OffsetSize)
	}
	s.intSize, s.offSize = h.IntSize, h.OffsetSize
	switch b[5] {
	case formatCustom:
		return nil
	case formatTar:
		return &FormatError{"toc.dat, the contents of a directory-format dump (or the first file of a tar-format one)",
			"give PostgreSQL's pg_restore the whole directory, or dump again with pg_dump --format=custom"}
	}
	return fmt.Errorf("unknown archive format %d", b[5])
}

// described reads the rest.
func (s *source) described(h *Header) error {
	if err := s.compression(h); err != nil {
		return err
	}
	if err := s.created(h); err != nil {
		return err
	}
	for _, to := range []*string{&h.Database, &h.ServerVersion, &h.DumpVersion} {
		var err error
		if *to, err = s.string(longestHeader); err != nil {
			return err
		}
	}
	return nil
}

func (s *source) compression(h *Header) error {
	if h.since(15) {
		b, err := s.byte()
		if err == nil && Compression(b) > Zstd {
			err = fmt.Errorf("unknown compression %d", b)
		}
		h.Compression = Compression(b)
		return err
	}
	level, err := s.int()
	if err == nil && (level < -1 || level > 9) {
		err = fmt.Errorf("impossible compression level %d", level)
	}
	if level != 0 {
		h.Compression, h.Level = Gzip, int(level)
	}
	return err
}

func (s *source) created(h *Header) error {
	var tm [7]int
	// Bounds of struct tm: second, minute, hour, day, month, year, daylight saving.
	low := [7]int64{0, 0, 0, 1, 0, 70, -1}
	high := [7]int64{60, 59, 23, 31, 11, 1000, 1}
	for i := range tm {
		v, err := s.int()
		if err != nil {
			return err
		}
		if v < low[i] || v > high[i] {
			return errors.New("impossible creation time")
		}
		tm[i] = int(v)
	}
	h.Created = time.Date(1900+tm[5], time.Month(1+tm[4]), tm[3], tm[2], tm[1], tm[0], 0, time.UTC)
	h.DaylightSaving = tm[6]
	return nil
}
