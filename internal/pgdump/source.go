package pgdump

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math"
	"sync/atomic"
)

const readAhead = 256 << 10

// source reads the format's three encodings and knows where it is. Its errors are not placed yet:
// whoever knows what is being read calls damage.
type source struct {
	in      *bufio.Reader
	pos     int64
	size    int64 // of the file; -1 for a stream
	told    *atomic.Int64
	intSize int
	offSize int
	hint    string // what the first bytes tell of the file's history
}

func newSource(r io.Reader, size int64, ahead int, told *atomic.Int64) *source {
	return &source{in: bufio.NewReaderSize(&failing{r: r}, ahead), size: size, told: told, intSize: 4, offSize: 8}
}

// failing marks the errors of the file itself, so that nobody takes them for damage.
type failing struct {
	r   io.Reader
	pos int64
}

func (f *failing) Read(p []byte) (int, error) {
	n, err := f.r.Read(p)
	f.pos += int64(n)
	if err != nil && err != io.EOF {
		err = &readError{f.pos, err}
	}
	return n, err
}

func (s *source) Read(p []byte) (int, error) {
	n, err := s.in.Read(p)
	s.advance(n)
	return n, err
}

func (s *source) advance(n int) {
	s.pos += int64(n)
	s.told.Store(s.pos)
}

// left is how many bytes the file still has; a stream may have any number.
func (s *source) left() int64 {
	if s.size < 0 {
		return math.MaxInt64
	}
	return max(0, s.size-s.pos)
}

func (s *source) byte() (byte, error) {
	b, err := s.in.ReadByte()
	if err != nil {
		return 0, unexpected(err)
	}
	s.pos++ // told with the next larger piece
	return b, nil
}

func (s *source) int() (int64, error) {
	sign, err := s.byte()
	if err != nil {
		return 0, err
	}
	v, err := s.little(s.intSize)
	switch {
	case err != nil:
		return 0, err
	case sign > 1 || v > math.MaxUint32 || sign == 1 && v == 0:
		return 0, fmt.Errorf("impossible number (sign %d, value %d)", sign, v)
	case sign == 1:
		return -int64(v), nil
	}
	return int64(v), nil
}

func (s *source) little(size int) (uint64, error) {
	var v uint64
	for i := range size {
		b, err := s.byte()
		if err != nil {
			return 0, err
		}
		v |= uint64(b) << (8 * i)
	}
	return v, nil
}

// oid reads the number of a large object. pg_dump writes their upper half as negative numbers.
func (s *source) oid() (uint32, error) {
	v, err := s.int()
	if err == nil && (v < math.MinInt32 || v > math.MaxUint32) {
		err = fmt.Errorf("impossible oid %d", v)
	}
	return uint32(v), err
}

// chunk reads a chunk's length; 0 ends a stream of them.
func (s *source) chunk() (int64, error) {
	n, err := s.int()
	switch {
	case err != nil:
		return 0, err
	case n < 0 || n > math.MaxInt32:
		return 0, fmt.Errorf("impossible length %d of a chunk", n)
	case n > s.left():
		return 0, fmt.Errorf("a chunk of %d bytes, and %d bytes left in the file: %w", n, s.left(), io.ErrUnexpectedEOF)
	}
	return n, nil
}

// string reads a string of at most limit bytes. NULL is the empty string.
func (s *source) string(limit int) (string, error) {
	v, _, err := s.nullable(limit)
	return v, err
}

// nullable also says whether there was a string. Memory grows with what is there to be read, not
// with the length that the file claims.
func (s *source) nullable(limit int) (string, bool, error) {
	n, err := s.int()
	switch {
	case err != nil:
		return "", false, err
	case n == -1:
		return "", false, nil
	case n < 0:
		return "", false, fmt.Errorf("impossible length %d of a string", n)
	case n > s.left():
		return "", false, fmt.Errorf("a string of %d bytes, and %d bytes left in the file: %w", n, s.left(), io.ErrUnexpectedEOF)
	case n > int64(limit):
		return "", false, errTooMuch
	}
	const step = 64 << 10
	b := make([]byte, 0, min(int(n), step))
	for len(b) < int(n) {
		have := len(b)
		b = append(b, make([]byte, min(int(n)-have, max(step, have)))...)
		m, err := io.ReadFull(s.in, b[have:])
		s.advance(m)
		if err != nil {
			return "", false, unexpected(err)
		}
	}
	return string(b), true, nil
}

// unexpected is for places where the file must not end.
func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
