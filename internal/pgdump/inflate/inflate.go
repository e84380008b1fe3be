// Package inflate decompresses zlib streams (RFC 1950 and 1951) at about twice the speed of the
// libraries at hand, because most of the time of reading a dump goes into just that. It does what
// fast decoders in C do: it takes eight input bytes at a time, looks several literals up before it
// takes the next, and copies matches in words, with room to spare at the buffers' ends instead of a
// check for each byte.
//
// It accepts and refuses what zlib does, except preset dictionaries, which it refuses. It knows
// nothing of dumps. A [Reader] belongs to one goroutine and takes 400 KiB.
package inflate

import (
	"encoding/binary"
	"errors"
	"hash"
	"hash/adler32"
	"io"
)

// ErrChecksum means that the stream was complete and its data are not those that went in.
var ErrChecksum = errors.New("zlib: the checksum differs")

// CorruptError says what in the stream cannot be.
type CorruptError string

func (e CorruptError) Error() string { return "zlib: " + string(e) }

const (
	window  = 32 << 10
	outSize = 256 << 10
	inSize  = 64 << 10

	// Room behind the output's end: six literals, the longest match, a word too many.
	outSlack = 320
	// Input that one round of decoding may load: four words.
	inRound = 32
	// At the input's end zero bytes stand in for what is missing, until it is plain that it is.
	inPad = inRound + 8
)

type state byte

const (
	atBlock state = iota
	inStored
	inCodes
	atTrailer
)

// Reader decompresses one stream after another.
type Reader struct {
	src io.Reader
	eof bool // src has nothing more
	in  [inSize + inPad]byte
	pos int // the next byte to load from in
	end int

	// bits holds what is loaded and not used, the next bit lowest. Its lowest n bits count; above
	// them may stand bits of in[pos], which the next load puts there again.
	bits uint64
	n    uint

	out  [window + outSize + outSlack]byte
	from int // out[from:to] is not handed over yet
	to   int

	state  state
	final  bool // this block is the last
	stored int  // bytes left of a stored block
	lit    [tableSize]entry
	dist   [tableSize]entry
	sum    hash.Hash32
	err    error
}

// NewReader returns a reader without a stream: Reset gives it one.
func NewReader() *Reader { return &Reader{sum: adler32.New(), err: io.EOF} }

// Reset begins the stream that src delivers, and reads its header.
func (r *Reader) Reset(src io.Reader) error {
	r.src, r.eof, r.pos, r.end, r.bits, r.n = src, false, 0, 0, 0, 0
	r.from, r.to, r.state, r.final, r.stored = 0, 0, atBlock, false, 0
	r.sum.Reset()
	r.err = r.header()
	return r.err
}

// Read returns io.EOF when the stream is complete and its checksum right, and
// io.ErrUnexpectedEOF when src ends before the stream does.
func (r *Reader) Read(p []byte) (int, error) {
	for r.from == r.to {
		if r.err != nil {
			return 0, r.err
		}
		r.err = r.decode()
	}
	n := copy(p, r.out[r.from:r.to])
	r.from += n
	return n, nil
}

// Leftover says whether bytes of src have been read that are not the stream's.
func (r *Reader) Leftover() bool { return r.pos < r.end }

func (r *Reader) header() error {
	if err := r.ensure(2); err != nil {
		return err
	}
	method, flags := r.in[r.pos], r.in[r.pos+1]
	r.pos += 2
	switch {
	case method&0x0f != 8 || method>>4 > 7 || (uint(method)<<8|uint(flags))%31 != 0:
		return CorruptError("no zlib header")
	case flags&0x20 != 0:
		return CorruptError("a preset dictionary is needed")
	}
	return nil
}

// decode fills the output as far as it goes.
func (r *Reader) decode() error {
	if r.to > window {
		copy(r.out[:window], r.out[r.to-window:r.to])
		r.from, r.to = window, window
	}
	err := r.run()
	if r.eof && r.pos-int(r.n>>3) > r.end {
		err = io.ErrUnexpectedEOF
	}
	if err != nil && err != io.EOF {
		r.to = r.from // what was made of missing or wrong input is nobody's data
		return err
	}
	_, _ = r.sum.Write(r.out[r.from:r.to])
	if err == io.EOF {
		return r.trailer()
	}
	return nil
}

// run decodes until the output is full (nil) or the last block has ended (io.EOF).
func (r *Reader) run() error {
	for r.to <= window+outSize {
		var err error
		switch r.state {
		case atBlock:
			err = r.block()
		case inStored:
			err = r.copyStored()
		case inCodes:
			err = r.codes()
		case atTrailer:
			return io.EOF
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// ended leaves a block.
func (r *Reader) ended() {
	r.state = atBlock
	if r.final {
		r.state = atTrailer
	}
}

func (r *Reader) trailer() error {
	r.align()
	if err := r.ensure(4); err != nil {
		return err
	}
	want := binary.BigEndian.Uint32(r.in[r.pos:])
	r.pos += 4
	if want != r.sum.Sum32() {
		return ErrChecksum
	}
	return io.EOF
}

// block reads a block's header.
func (r *Reader) block() error {
	if err := r.load(); err != nil {
		return err
	}
	r.final = r.take(1) == 1
	switch r.take(2) {
	case 0:
		return r.beginStored()
	case 1:
		r.state = inCodes
		return r.fixedCodes()
	case 2:
		r.state = inCodes
		return r.dynamicCodes()
	}
	return CorruptError("unknown type of a block")
}

func (r *Reader) beginStored() error {
	r.align()
	if err := r.ensure(4); err != nil {
		return err
	}
	size, check := binary.LittleEndian.Uint16(r.in[r.pos:]), binary.LittleEndian.Uint16(r.in[r.pos+2:])
	r.pos += 4
	if size != ^check {
		return CorruptError("contradicting lengths of a stored block")
	}
	r.state, r.stored = inStored, int(size)
	return nil
}

func (r *Reader) copyStored() error {
	for r.stored > 0 {
		room := window + outSize + 1 - r.to
		if room <= 0 {
			return nil
		}
		if err := r.ensure(1); err != nil {
			return err
		}
		n := copy(r.out[r.to:r.to+min(room, r.stored)], r.in[r.pos:r.end])
		r.to, r.pos, r.stored = r.to+n, r.pos+n, r.stored-n
	}
	r.ended()
	return nil
}

// take uses bits, of which load has put at least 56 there.
func (r *Reader) take(n uint) uint {
	v := uint(r.bits & (1<<n - 1))
	r.bits >>= n
	r.n -= n
	return v
}

// align gives loaded bytes back and drops the rest of the byte begun.
func (r *Reader) align() {
	r.pos -= int(r.n >> 3)
	r.bits, r.n = 0, 0
}

// load makes at least 56 bits ready.
func (r *Reader) load() error {
	if r.pos > r.limit() {
		if err := r.fill(); err != nil {
			return err
		}
	}
	r.bits |= binary.LittleEndian.Uint64(r.in[r.pos:]) << r.n
	r.pos += int((63 - r.n) >> 3)
	r.n |= 56
	return nil
}

// limit is up to which pos a round of decoding may begin.
func (r *Reader) limit() int {
	if r.eof {
		return r.end + inPad - inRound
	}
	return r.end - inRound
}

// ensure makes n whole bytes stand at pos. No bits may be loaded.
func (r *Reader) ensure(n int) error {
	for r.end-r.pos < n {
		if r.eof {
			return io.ErrUnexpectedEOF
		}
		if err := r.fill(); err != nil {
			return err
		}
	}
	return nil
}

// fill gets more input, enough for a round, or notes that there is no more.
func (r *Reader) fill() error {
	if r.eof {
		return io.ErrUnexpectedEOF
	}
	// Up to 7 bytes before pos may have to be given back.
	keep := max(0, r.pos-8)
	r.end = copy(r.in[:], r.in[keep:r.end])
	r.pos -= keep
	for r.end < inSize/2 {
		n, err := r.src.Read(r.in[r.end:inSize])
		r.end += n
		if err == io.EOF {
			r.eof = true
			clear(r.in[r.end : r.end+inPad])
			return nil
		}
		if err != nil {
			return err
		}
	}
	return nil
}
