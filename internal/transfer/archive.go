package transfer

import (
	"archive/tar"
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// source is the local file.
type source interface {
	io.Reader
	io.ReaderAt
	io.Closer
	Size() int64
	ModTime() time.Time
}

type fileSource struct {
	*os.File
	info os.FileInfo
}

func (f fileSource) Size() int64        { return f.info.Size() }
func (f fileSource) ModTime() time.Time { return f.info.ModTime() }

func openFile(path string) (source, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, err
	}
	return fileSource{f, info}, nil
}

// fingerprint tells one file from another without reading all of it: its size, its head and its
// tail. The tail of a gzip file holds the checksum of everything in it.
func fingerprint(s source) (string, error) {
	const ends = 64 << 10
	h := sha256.New()
	fmt.Fprintf(h, "%d\n", s.Size())
	head := io.NewSectionReader(s, 0, min(ends, s.Size()))
	tail := io.NewSectionReader(s, max(0, s.Size()-ends), min(ends, s.Size()))
	if _, err := io.Copy(h, io.MultiReader(head, tail)); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

type entryKind byte

const (
	regular entryKind = iota
	directory
	hardLink
	symLink
)

// entry is one checked member of an archive, named as it shall stand below the destination.
type entry struct {
	kind entryKind
	name string
	size int64
	// link is a hard link's target below the destination, or a symbolic link's text.
	link string
	time time.Time
}

// archive reads a tar file, plain or compressed, entry by entry.
type archive struct {
	path    string
	src     source
	read    *counted
	plain   io.Reader
	tar     *tar.Reader
	names   *naming
	entries int64
	last    string
	closers []func()
}

// counted counts and digests what is read of the local file, and keeps a read error apart from an
// error of what was read.
type counted struct {
	r   io.Reader
	n   int64
	h   hash.Hash
	err error
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	c.h.Write(p[:n])
	if err != nil && !errors.Is(err, io.EOF) {
		c.err = err
	}
	return n, err
}

func openArchive(path, class string, open func(string) (source, error)) (*archive, error) {
	src, err := open(path)
	if err != nil {
		return nil, fmt.Errorf("open archive: %w", err)
	}
	a := &archive{path: path, src: src, names: &naming{file: path, class: class}}
	a.closers = append(a.closers, func() { src.Close() })
	a.read = &counted{r: src, h: sha256.New()}
	if err := a.decompress(bufio.NewReaderSize(a.read, mib)); err != nil {
		a.close()
		return nil, err
	}
	a.tar = tar.NewReader(a.plain)
	return a, nil
}

func (a *archive) decompress(r *bufio.Reader) error {
	magic, err := r.Peek(4)
	if err != nil {
		return a.damaged(err)
	}
	switch {
	case magic[0] == 0x1f && magic[1] == 0x8b:
		z, err := gzip.NewReader(r)
		if err != nil {
			return a.damaged(err)
		}
		a.plain = z
	case string(magic) == "\x28\xb5\x2f\xfd":
		z, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(64*mib))
		if err != nil {
			return a.damaged(err)
		}
		a.closers = append(a.closers, z.Close)
		a.plain = z
	default:
		a.plain = r
	}
	return nil
}

// next returns the next entry that belongs below the destination, or io.EOF when the archive has
// been read to the end of the file and found whole. The entry's content is read from a itself.
func (a *archive) next(ctx context.Context) (entry, error) {
	for {
		if err := ctx.Err(); err != nil {
			return entry{}, err
		}
		h, err := a.tar.Next()
		if errors.Is(err, io.EOF) {
			return entry{}, a.drain()
		}
		if err != nil {
			return entry{}, a.damaged(err)
		}
		a.last = h.Name
		e, err := a.names.check(h)
		if err != nil {
			return entry{}, err
		}
		a.entries++
		if e.name != "" {
			return e, nil
		}
	}
}

// drain reads what follows the last entry, so that the checksum at the end is compared too.
func (a *archive) drain() error {
	if _, err := io.Copy(io.Discard, a.plain); err != nil {
		return a.damaged(err)
	}
	return io.EOF
}

// Read reads the content of the entry that next returned last.
func (a *archive) Read(p []byte) (int, error) {
	n, err := a.tar.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = a.damaged(err)
	}
	return n, err
}

func (a *archive) damaged(err error) error {
	if a.read.err != nil {
		return fmt.Errorf("read %s at byte %d: %w", a.path, a.read.n, a.read.err)
	}
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return &DamagedError{File: a.path, Offset: a.read.n, Entry: a.last, Entries: a.entries, Err: err}
}

func (a *archive) sum() string { return inHex(a.read.h) }

func (a *archive) close() {
	for _, c := range a.closers {
		c()
	}
}
