package inflate

import (
	"encoding/binary"
	"io"
)

// codes decodes a block's literals and matches until the output is full or the block ends. The
// reader's state lives in local variables meanwhile: that is where the speed comes from. The race
// detector would slow it down twentyfold, and could find nothing: the arrays are this reader's own.
//
//go:norace
func (r *Reader) codes() error {
	in, out, lit, dist := &r.in, &r.out, &r.lit, &r.dist
	bits, n, pos, to, limit := r.bits, r.n, r.pos, r.to, r.limit()
	var err error
	for to <= window+outSize {
		if pos > limit {
			r.pos = pos
			if err = r.fill(); err != nil {
				break
			}
			pos, limit = r.pos, r.limit()
			continue
		}
		bits |= binary.LittleEndian.Uint64(in[pos:]) << (n & 63)
		pos += int((63 - n) >> 3)
		n |= 56

		// Literals come from the first table here, alone or in pairs: three times 11 of the 56 bits.
		e := lit[bits&litMask]
		if e&isLiteral != 0 {
			bits >>= e & bitsMask
			n -= uint(e & bitsMask)
			binary.LittleEndian.PutUint16(out[to:], uint16(e>>valueShift))
			to += 1 + int(e>>pairShift&1)
			if e = lit[bits&litMask]; e&isLiteral != 0 {
				bits >>= e & bitsMask
				n -= uint(e & bitsMask)
				binary.LittleEndian.PutUint16(out[to:], uint16(e>>valueShift))
				to += 1 + int(e>>pairShift&1)
				if e = lit[bits&litMask]; e&isLiteral != 0 {
					bits >>= e & bitsMask
					n -= uint(e & bitsMask)
					binary.LittleEndian.PutUint16(out[to:], uint16(e>>valueShift))
					to += 1 + int(e>>pairShift&1)
					continue
				}
			}
			// A match may take 48 bits.
			bits |= binary.LittleEndian.Uint64(in[pos:]) << (n & 63)
			pos += int((63 - n) >> 3)
			n |= 56
		}
		if e&isSpecial != 0 {
			if e&isTable != 0 {
				bits >>= e & bitsMask
				n -= uint(e & bitsMask)
				e = lit[(uint64(e>>valueShift)+bits&(1<<(e>>codeShift&codeMask)-1))&(tableSize-1)]
			}
			if e&isLiteral != 0 {
				bits >>= e & bitsMask
				n -= uint(e & bitsMask)
				out[to] = byte(e >> valueShift)
				to++
				continue
			}
			if e&isSpecial != 0 {
				if e&isEnd == 0 {
					err = CorruptError("an invalid literal or length code")
					break
				}
				bits >>= e & bitsMask
				n -= uint(e & bitsMask)
				r.ended()
				break
			}
		}
		length := int(e>>valueShift) + int(bits&(1<<(e&bitsMask)-1)>>(e>>codeShift&codeMask))
		bits >>= e & bitsMask
		n -= uint(e & bitsMask)

		e = dist[bits&distMask]
		if e&isSpecial != 0 {
			if e&isTable != 0 {
				bits >>= e & bitsMask
				n -= uint(e & bitsMask)
				e = dist[(uint64(e>>valueShift)+bits&(1<<(e>>codeShift&codeMask)-1))&(tableSize-1)]
			}
			if e&isSpecial != 0 {
				err = CorruptError("an invalid distance code")
				break
			}
		}
		distance := int(e>>valueShift) + int(bits&(1<<(e&bitsMask)-1)>>(e>>codeShift&codeMask))
		bits >>= e & bitsMask
		n -= uint(e & bitsMask)
		if distance > to {
			err = CorruptError("a distance too far back")
			break
		}
		if from := to - distance; distance >= 8 && length <= 16 {
			binary.LittleEndian.PutUint64(out[to:], binary.LittleEndian.Uint64(out[from:]))
			binary.LittleEndian.PutUint64(out[to+8:], binary.LittleEndian.Uint64(out[from+8:]))
		} else {
			repeat(out[:], to, distance, length)
		}
		to += length
	}
	r.bits, r.n, r.pos, r.to = bits, n, pos, to
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return err
}

// repeat writes length bytes at out[to:] that stand distance before, and up to 7 more.
//
//go:norace
func repeat(out []byte, to, distance, length int) {
	from, end := to-distance, to+length
	switch {
	case distance >= length:
		copy(out[to:end], out[from:])
	case distance >= 8:
		for {
			binary.LittleEndian.PutUint64(out[to:], binary.LittleEndian.Uint64(out[from:]))
			if to += 8; to >= end {
				return
			}
			from += 8
		}
	case distance == 1:
		word := uint64(out[from]) * 0x0101010101010101
		for ; to < end; to += 8 {
			binary.LittleEndian.PutUint64(out[to:], word)
		}
	default:
		for ; to < end; to++ {
			out[to] = out[to-distance]
		}
	}
}
