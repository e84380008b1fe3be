package backupset

import (
	"bufio"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"sync/atomic"
	"syscall"
)

// The file is read and hashed in a goroutine that runs ahead of whoever decompresses it by at most
// so many buffers.
const (
	streamBuffer  = 512 << 10
	streamBuffers = 3
)

// stream is a file that is read once, from its beginning to its end, hashed and counted on the way.
type stream struct {
	file *os.File
	size int64
	told *atomic.Int64 // bytes read so far
	hash hash.Hash

	full   chan chunk
	free   chan []byte
	stop   context.CancelFunc
	chunk  chunk
	unread []byte
	err    error
}

type chunk struct {
	buffer []byte
	n      int
	err    error
}

// readError is the disk's failure, not the file's.
type readError struct{ err error }

func (e *readError) Error() string { return e.err.Error() }
func (e *readError) Unwrap() error { return e.err }

// openFile opens a plain file. It does not wait for a pipe's other end.
func openFile(path string) (*os.File, int64, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, 0, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s is %s, not a file", path, kindOf(info.Mode()))
	}
	if err != nil {
		_ = f.Close()
		return nil, 0, err
	}
	return f, info.Size(), nil
}

func kindOf(mode os.FileMode) string {
	switch {
	case mode.IsDir():
		return "a folder"
	case mode&os.ModeNamedPipe != 0:
		return "a named pipe"
	case mode&os.ModeSocket != 0:
		return "a socket"
	}
	return "a device"
}

// openStream begins to read. close ends it.
func openStream(ctx context.Context, path string, told *atomic.Int64) (*stream, error) {
	f, size, err := openFile(path)
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(ctx)
	s := &stream{file: f, size: size, told: told, hash: sha256.New(), stop: stop,
		full: make(chan chunk, streamBuffers), free: make(chan []byte, streamBuffers)}
	for range streamBuffers {
		s.free <- nil // made when first needed: small files need one
	}
	go s.ahead(ctx)
	return s, nil
}

func (s *stream) ahead(ctx context.Context) {
	defer close(s.full)
	for {
		var c chunk
		select {
		case c.buffer = <-s.free:
		case <-ctx.Done():
			return
		}
		if c.buffer == nil {
			c.buffer = make([]byte, min(streamBuffer, max(s.size+1, 512)))
		}
		c.n, c.err = io.ReadFull(s.file, c.buffer)
		s.hash.Write(c.buffer[:c.n])
		s.told.Add(int64(c.n))
		select {
		case s.full <- c:
		case <-ctx.Done():
			return
		}
		if c.err != nil {
			return
		}
	}
}

func (s *stream) Read(p []byte) (int, error) {
	for len(s.unread) == 0 {
		if s.err != nil {
			return 0, s.err
		}
		s.next()
	}
	n := copy(p, s.unread)
	s.unread = s.unread[n:]
	return n, nil
}

func (s *stream) next() {
	if s.chunk.buffer != nil {
		s.free <- s.chunk.buffer // there is room for all buffers there are
	}
	var more bool
	s.chunk, more = <-s.full
	switch err := s.chunk.err; {
	case !more:
		s.err = context.Canceled
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		s.err = io.EOF
	case err != nil:
		s.err = &readError{err}
	}
	s.unread = s.chunk.buffer[:s.chunk.n]
}

// sum reads what is left and returns the digest of the whole file, if the error is io.EOF.
func (s *stream) sum() ([sha256.Size]byte, error) {
	for s.err == nil {
		s.next()
	}
	var sum [sha256.Size]byte
	if s.err == io.EOF {
		s.hash.Sum(sum[:0]) // the other goroutine has ended
	}
	return sum, s.err
}

// close waits until the file is not touched any more.
func (s *stream) close() {
	s.stop()
	for range s.full {
	}
	_ = s.file.Close()
}

// source is a stream with its place: the decompressors read single bytes, and never more than
// they need.
type source struct {
	*bufio.Reader
	pos counting
}

type counting struct {
	r io.Reader
	n int64
}

func (c *counting) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

func newSource(r io.Reader) *source {
	s := &source{pos: counting{r: r}}
	s.Reader = bufio.NewReaderSize(&s.pos, 64<<10)
	return s
}

// offset is how many bytes have been taken.
func (s *source) offset() int64 { return s.pos.n - int64(s.Buffered()) }
