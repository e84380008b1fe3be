package backupset

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// An archive that inflates beyond both is no archive of media, which hardly compress at all.
const (
	bombSize  = 64 << 20
	bombRatio = 100
)

// widestWindow is the largest window of a Zstandard stream: what its decoder keeps in memory. The
// levels up to 19 take at most 8 MiB; --long takes 128 MiB.
const widestWindow = 8 << 20

// limitError means that the file may be whole, but asks for more than we give.
type limitError struct{ what string }

func (e *limitError) Error() string { return "refused: " + e.what }

// inflater is an archive's compressed file as what it holds. It reads every member and frame to
// its end, and checks each one's length and checksum.
type inflater struct {
	in          *source
	compression string
	reader      io.Reader
	again       func() (bool, error) // begins the next member, if there is one
	n           int64                // bytes out
	trailing    int64                // where garbage begins behind the end; 0: nowhere
}

// newInflater looks at the first bytes, not at the file's name.
func newInflater(in *source) (*inflater, error) {
	f := &inflater{in: in, again: func() (bool, error) { return false, nil }}
	start, err := in.Peek(512)
	if err != nil && err != io.EOF {
		return nil, err
	}
	switch {
	case bytes.HasPrefix(start, []byte("\x1f\x8b")):
		f.compression = "gzip"
		return f, f.gzip()
	case bytes.HasPrefix(start, []byte("\x28\xb5\x2f\xfd")):
		f.compression = "zstd"
		return f, f.zstd()
	case len(start) == 512 && (isHeader(start) || isZero(start)):
		f.compression, f.reader = "none", in
		return f, nil
	}
	return nil, strange(start)
}

func (f *inflater) gzip() error {
	z, err := gzip.NewReader(f.in.Reader) // its own type: inflate is half as fast on any other
	if err != nil {
		return unexpected(err)
	}
	z.Multistream(false)
	f.reader = z
	f.again = func() (bool, error) {
		start, err := f.in.Peek(2)
		if string(start) != "\x1f\x8b" {
			if err != nil && err != io.EOF {
				return false, err
			}
			return false, f.rest()
		}
		if err := z.Reset(f.in.Reader); err != nil {
			return false, unexpected(err)
		}
		z.Multistream(false)
		return true, nil
	}
	return nil
}

// rest reads what stands behind the last member. gzip, like us, takes zeros for padding.
func (f *inflater) rest() error {
	at := f.in.offset()
	for {
		b, err := f.in.ReadByte()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if b != 0 {
			f.trailing = at
			return nil
		}
	}
}

func (f *inflater) zstd() error {
	z, err := zstd.NewReader(f.in, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(widestWindow))
	if err != nil {
		return err
	}
	f.reader = z
	return nil
}

func (f *inflater) Read(p []byte) (int, error) {
	for {
		n, err := f.reader.Read(p)
		f.n += int64(n)
		if f.n > bombSize && f.n/bombRatio > f.in.pos.n {
			return n, &limitError{fmt.Sprintf("it inflates to more than %d times its size, as no archive of media does", bombRatio)}
		}
		if err == io.EOF {
			var more bool
			if more, err = f.again(); err == nil && !more {
				err = io.EOF
			}
		}
		if n > 0 || err != nil {
			return n, f.translate(err)
		}
	}
}

func (f *inflater) translate(err error) error {
	switch {
	case errors.Is(err, zstd.ErrWindowSizeExceeded), errors.Is(err, zstd.ErrDecoderSizeExceeded):
		return &limitError{fmt.Sprintf("its zstd stream needs more than %d MiB of memory; unpack it and pack it again without --long", widestWindow>>20)}
	case errors.Is(err, zstd.ErrMagicMismatch) && f.n > 0:
		f.trailing = max(f.in.offset()-4, 1)
		return io.EOF
	}
	return err
}

// close gives back what the decoder holds.
func (f *inflater) close() {
	if z, ok := f.reader.(*zstd.Decoder); ok {
		z.Close()
	}
}

// unexpected is for places where the file must not end.
func unexpected(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

func isZero(b []byte) bool { return bytes.Count(b, []byte{0}) == len(b) }

// strange says what a file that is no archive seems to be.
func strange(start []byte) error {
	switch {
	case len(start) == 0:
		return errors.New("the file is empty: nothing was written into it")
	case len(start) < 512 && isZero(start):
		return fmt.Errorf("the file holds %d zero bytes and nothing else", len(start))
	case bytes.HasPrefix(start, []byte("\xfd7zXZ\x00")):
		return errors.New("it is an xz file, which is not read here: unpack it with unxz")
	case bytes.HasPrefix(start, []byte("BZh")):
		return errors.New("it is a bzip2 file, which is not read here: unpack it with bunzip2")
	case bytes.HasPrefix(start, []byte("PK\x03\x04")):
		return errors.New("it is a zip file, not a tar archive")
	case bytes.HasPrefix(start, []byte("PGDMP")):
		return errors.New("it is a PostgreSQL dump, not a tar archive")
	case bytes.HasPrefix(start, []byte("age-encryption.org/")), bytes.HasPrefix(start, []byte("Salted__")), bytes.HasPrefix(start, []byte("-----BEGIN")):
		return errors.New("it is encrypted: decrypt it first")
	}
	return fmt.Errorf("it is not a tar archive: it begins with %q", start[:min(len(start), 60)])
}
