package pgdump

import (
	"bufio"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/zlib"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
)

// widestWindow is the largest window of a Zstandard stream: what its decoder keeps in memory.
// pg_dump's levels up to 19 take at most 8 MiB.
const widestWindow = 32 << 20

// A stream that inflates beyond both is no table. Deflate cannot reach the ratio at all.
const (
	bombSize  = 256 << 20
	bombRatio = 5000
)

var (
	errBomb     = fmt.Errorf("the data inflate to more than %d times their size", bombRatio)
	errWindow   = fmt.Errorf("the zstd stream needs more than %d MiB of memory", widestWindow>>20)
	errLeftover = errors.New("bytes follow the end of the compressed stream")
)

// inflater decompresses one stream of chunks after another. It owns the one decompressor.
type inflater struct {
	chunks chunks
	in     *bufio.Reader // between chunks and decompressor, which likes larger pieces
	reader io.Reader
	reset  func() error // begins a new stream
	finish func() error // says whether the stream is complete, once reader is at its end
	got    int64
}

func newInflater(s *source, c Compression) (*inflater, error) {
	f := &inflater{chunks: chunks{s: s}, finish: func() error { return nil }}
	f.in = bufio.NewReaderSize(&f.chunks, 32<<10)
	switch c {
	case Gzip:
		f.useZlib()
	case LZ4:
		f.useLZ4()
	case Zstd:
		return f, f.useZstd()
	default:
		f.reader = &f.chunks
		f.reset = func() error { return nil }
	}
	return f, nil
}

// useZlib checks the checksum at the stream's end; end looks for what follows it.
func (f *inflater) useZlib() {
	var z io.ReadCloser
	f.reset = func() (err error) {
		if z == nil {
			z, err = zlib.NewReader(f.in)
			f.reader = z
		} else {
			err = z.(zlib.Resetter).Reset(f.in, nil)
		}
		return unexpected(err)
	}
}

func (f *inflater) useZstd() error {
	z, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(widestWindow))
	if err != nil {
		return err
	}
	f.reader = z
	f.reset = func() error {
		// The decoder takes no bytes at all for a complete stream.
		if _, err := f.in.Peek(1); err != nil {
			return unexpected(err)
		}
		return z.Reset(f.in)
	}
	return nil
}

func (f *inflater) useLZ4() {
	tail := &lastBytes{r: f.in}
	z := lz4.NewReader(tail)
	f.reader = z
	f.reset = func() error {
		// The reader takes no bytes at all for a complete frame, so look at its descriptor first.
		start, err := f.in.Peek(5)
		if err != nil {
			return unexpected(err)
		}
		tail.begin(start[4]&lz4ContentChecksum != 0)
		z.Reset(tail)
		return nil
	}
	f.finish = tail.complete
}

func (f *inflater) begin() error {
	f.got = 0
	f.chunks.begin()
	f.in.Reset(&f.chunks)
	return f.reset()
}

// Read fills p as far as the stream goes: io.EOF means that stream and chunks ended together.
func (f *inflater) Read(p []byte) (int, error) {
	n := 0
	for n < len(p) {
		m, err := f.reader.Read(p[n:])
		n += m
		f.got += int64(m)
		switch {
		case err == io.EOF:
			return n, f.end()
		case errors.Is(err, zstd.ErrWindowSizeExceeded), errors.Is(err, zstd.ErrDecoderSizeExceeded):
			return n, errWindow
		case err != nil:
			return n, err
		case f.got > bombSize && f.got/bombRatio > f.chunks.taken:
			return n, errBomb
		}
	}
	return n, nil
}

// end looks whether the end is a good one.
func (f *inflater) end() error {
	if err := f.finish(); err != nil {
		return err
	}
	switch _, err := f.in.Peek(1); {
	case err == nil:
		return errLeftover
	case err != io.EOF:
		return err
	}
	return io.EOF
}

// chunks joins the chunks of a block to one stream, which ends with the chunk of length 0.
type chunks struct {
	s     *source
	left  int64
	taken int64
	done  bool
}

func (c *chunks) begin() { c.left, c.taken, c.done = 0, 0, false }

func (c *chunks) Read(p []byte) (int, error) {
	if c.done {
		return 0, io.EOF
	}
	if c.left == 0 {
		n, err := c.s.chunk()
		switch {
		case err != nil:
			return 0, broken(err)
		case n == 0:
			c.done = true
			return 0, io.EOF
		}
		c.left = n
	}
	n, err := c.s.Read(p[:min(int64(len(p)), c.left)])
	c.left -= int64(n)
	c.taken += int64(n)
	if err == io.EOF {
		err = broken(io.ErrUnexpectedEOF)
	}
	return n, err
}

// brokenError keeps the decompressors from mistaking the file's end for the stream's.
type brokenError struct{ err error }

func broken(err error) error         { return &brokenError{err} }
func (e *brokenError) Error() string { return e.err.Error() }
func (e *brokenError) Unwrap() error { return e.err }

const lz4ContentChecksum = 1 << 2 // in the frame descriptor's flags

// lastBytes remembers the end of an LZ4 frame. The frame reader takes a frame that was cut between
// two blocks for a complete one, so the end mark, four zero bytes, is looked for here.
type lastBytes struct {
	r        io.Reader
	last     [8]byte
	checksum bool
}

func (l *lastBytes) begin(checksum bool) {
	l.checksum, l.last = checksum, [8]byte{1, 1, 1, 1, 1, 1, 1, 1}
}

func (l *lastBytes) Read(p []byte) (int, error) {
	n, err := l.r.Read(p)
	if n >= len(l.last) {
		copy(l.last[:], p[n-len(l.last):n])
	} else {
		copy(l.last[:], l.last[n:])
		copy(l.last[len(l.last)-n:], p[:n])
	}
	return n, err
}

func (l *lastBytes) complete() error {
	mark := l.last[4:]
	if l.checksum {
		mark = l.last[:4]
	}
	if [4]byte(mark) != [4]byte{} {
		return io.ErrUnexpectedEOF
	}
	return nil
}
