package backupset

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

// tarBlock is the unit of a tar archive, in bytes.
const tarBlock = 512

// longestMeta is how long a member's extended header may be.
const longestMeta = 1 << 20

// errNoEnd means that an archive stops between two members, without the two zero blocks behind the
// last one: a plain .tar that was cut there looks whole to many readers.
var errNoEnd = errors.New("the archive ends without its end marker: more should have come")

// tarReader goes from member to member of a tar archive: the formats v7, ustar, GNU and pax. It
// takes no memory for a member, and is stricter than tar: what tar would step over with a warning
// is an error here.
type tarReader struct {
	in     io.Reader
	pos    int64 // in the unpacked archive
	left   int64 // of the current member's data and padding
	member member
	block  [tarBlock]byte
	skip   []byte
	name   []byte // what extended headers say of the next member
	link   []byte
	pax    paxRecords
	meta   []byte
}

// member is one file, directory or link of an archive. Its slices are valid until the next one.
type member struct {
	name, link []byte
	kind       byte // a tar typeflag
	size       int64
	modified   int64 // seconds since 1970
	at         int64 // where its header begins
}

// The typeflags that matter here.
const (
	tarFile     = '0'
	tarLink     = '1'
	tarSymlink  = '2'
	tarChar     = '3'
	tarBlockDev = '4'
	tarDir      = '5'
	tarFifo     = '6'
	tarSparse   = 'S'
)

func newTarReader(r io.Reader) *tarReader {
	return &tarReader{in: r, skip: make([]byte, 128<<10)}
}

// tarError is damage of the tar structure.
type tarError struct {
	at     int64  // in the unpacked archive
	member string // the last one begun; empty: none
	err    error
}

func (e *tarError) Error() string {
	if e.member == "" {
		return fmt.Sprintf("%v (at byte %s of what it unpacks to)", e.err, thousands(e.at))
	}
	return fmt.Sprintf("%v (at byte %s of what it unpacks to, in or after \"%s\")", e.err, thousands(e.at), e.member)
}
func (e *tarError) Unwrap() error { return e.err }

func (t *tarReader) fail(err error) error {
	var name string
	if t.member.name != nil {
		name = legible(string(t.member.name))
	}
	return &tarError{t.pos, name, err}
}

// next goes to the next member; io.EOF at the end marker.
func (t *tarReader) next() (*member, error) {
	t.name, t.link, t.pax = t.name[:0], t.link[:0], paxRecords{}
	for {
		if err := t.discard(); err != nil {
			return nil, err
		}
		at := t.pos
		if err := t.header(); err != nil {
			return nil, err
		}
		kind := t.block[156]
		if isMeta(kind) {
			if err := t.extended(kind); err != nil {
				return nil, err
			}
			continue
		}
		return &t.member, t.begin(at, kind)
	}
}

// header reads a block that should be a header; io.EOF at the end marker.
func (t *tarReader) header() error {
	switch n, err := t.full(t.block[:]); {
	case err == io.EOF:
		return t.fail(errNoEnd)
	case err != nil:
		return t.short(err, "the file ends in a header", n)
	}
	if isHeader(t.block[:]) {
		return nil
	}
	if !isZero(t.block[:]) {
		return t.fail(errors.New("a header's checksum is wrong"))
	}
	switch _, err := t.full(t.block[:]); {
	case err == io.EOF || err == nil && !isZero(t.block[:]):
		return t.fail(errors.New("the end marker is incomplete"))
	case err != nil:
		return t.short(err, "the file ends in the end marker", 0)
	}
	return io.EOF
}

// begin fills in the member whose header is in the block.
func (t *tarReader) begin(at int64, kind byte) error {
	m, b := &t.member, t.block[:]
	size, modified, err := numbers(b)
	if err != nil {
		return t.fail(fmt.Errorf("a header can't be read: %w", err))
	}
	*m = member{kind: kind, size: size, modified: modified, at: at, name: t.name, link: t.link}
	if len(m.name) == 0 {
		t.name = appendName(t.name, b)
		m.name = t.name
	}
	if len(m.link) == 0 {
		t.link = append(t.link, text(b[157:257])...)
		m.link = t.link
	}
	if t.pax.sized {
		m.size = t.pax.size
	}
	if t.pax.timed {
		m.modified = t.pax.modified
	}
	switch {
	case kind == 0 && bytes.HasSuffix(m.name, []byte("/")):
		m.kind = tarDir // v7 has no other way to say it
	case kind == 0, kind == '7':
		m.kind = tarFile
	}
	switch m.kind {
	case tarLink, tarSymlink, tarChar, tarBlockDev, tarDir, tarFifo:
		m.size = 0 // whatever the field says: no data follow
	case tarSparse:
		if err := t.sparse(); err != nil {
			return err
		}
	}
	return t.expect(m.size)
}

// expect says that so many bytes of data follow.
func (t *tarReader) expect(size int64) error {
	if size > 1<<60 {
		return t.fail(fmt.Errorf("an impossible size of %d bytes", size))
	}
	t.left = (size + tarBlock - 1) &^ (tarBlock - 1)
	return nil
}

// sparse skips the further blocks of an old GNU sparse map.
func (t *tarReader) sparse() error {
	for more := t.block[482]; more != 0; more = t.block[504] {
		if n, err := t.full(t.block[:]); err != nil {
			return t.short(unexpected(err), "the file ends in a sparse map", n)
		}
	}
	return nil
}

// discard reads over what is left of the member.
func (t *tarReader) discard() error {
	for t.left > 0 {
		n, err := t.in.Read(t.skip[:min(t.left, int64(len(t.skip)))])
		t.pos += int64(n)
		t.left -= int64(n)
		if t.left > 0 && err != nil {
			return t.short(unexpected(err), thousands(t.left)+" bytes are missing", 0)
		}
	}
	return nil
}

// tail reads what follows the end marker, which should be zeros, and says where it is not; -1 if
// it is as it should be.
func (t *tarReader) tail() (int64, error) {
	at := int64(-1)
	for {
		n, err := t.in.Read(t.skip)
		if at < 0 && !isZero(t.skip[:n]) {
			at = t.pos
		}
		t.pos += int64(n)
		if err == io.EOF {
			return at, nil
		}
		if err != nil {
			return at, t.short(err, "the file ends", 0)
		}
	}
}

// full fills b; io.EOF only if there is nothing at all.
func (t *tarReader) full(b []byte) (int, error) {
	n, err := io.ReadFull(t.in, b)
	t.pos += int64(n)
	return n, err
}

// short is what to say when the archive's bytes ended or could not be had.
func (t *tarReader) short(err error, what string, n int) error {
	var failed *readError
	var limit *limitError
	if errors.As(err, &failed) || errors.As(err, &limit) {
		return err
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		if n > 0 {
			what += fmt.Sprintf(", after %d of its bytes", n)
		}
		return t.fail(fmt.Errorf("%s: %w", what, io.ErrUnexpectedEOF))
	}
	return t.fail(err)
}
