package inflate

import "math/bits"

// An entry of a decoding table says what the code means that the next bits begin with:
//
//	bits 0-5    how many bits to use: the code's, and those of the number behind it
//	bit 6       two literals
//	bits 8-11   how many of them are the code's; of a table, how many bits look up in it
//	bits 12-15  flags
//	bits 16-31  the literal, or two of them, the first one lowest; the base of a length or distance; where the second table begins
type entry uint32

const (
	bitsMask   = 0x3f
	pairShift  = 6
	codeShift  = 8
	codeMask   = 0xf
	isSpecial  = 1 << 12 // with isTable, isEnd or, alone, an invalid code
	isTable    = 1 << 13
	isEnd      = 1 << 14
	isLiteral  = 1 << 15
	valueShift = 16
)

// The first table is looked up with so many bits; longer codes lead to second tables behind it.
// Complete codes of 288 symbols need at most 2342 entries with 11 bits, of 32 symbols 402 with 8.
const (
	litBits   = 11
	litMask   = 1<<litBits - 1
	distBits  = 8
	distMask  = 1<<distBits - 1
	tableSize = 1 << 12
	longest   = 15 // bits of a code
)

const (
	litSymbols  = 288
	distSymbols = 32
	endOfBlock  = 256
)

var errCodes = CorruptError("an impossible set of codes")

// Base and number of extra bits of the length symbols 257 to 285 and the distance symbols 0 to 29.
var (
	lengthBase  = [...]uint16{3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258}
	lengthExtra = [...]uint8{0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0}
	distBase    = [...]uint16{1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577}
	distExtra   = [...]uint8{0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13}
)

func literalEntry(symbol int) entry {
	switch {
	case symbol < endOfBlock:
		return isLiteral | entry(symbol)<<valueShift
	case symbol == endOfBlock:
		return isSpecial | isEnd
	case symbol-endOfBlock-1 < len(lengthBase):
		i := symbol - endOfBlock - 1
		return entry(lengthBase[i])<<valueShift | entry(lengthExtra[i])
	}
	return isSpecial
}

func distanceEntry(symbol int) entry {
	if symbol < len(distBase) {
		return entry(distBase[symbol])<<valueShift | entry(distExtra[symbol])
	}
	return isSpecial
}

func plainEntry(symbol int) entry { return isLiteral | entry(symbol)<<valueShift }

// build makes the table of the codes whose lengths are given, by symbol.
func build(table *[tableSize]entry, lengths []uint8, first uint, meaning func(int) entry) error {
	var count [longest + 1]int
	for _, l := range lengths {
		count[l]++
	}
	used := len(lengths) - count[0]
	count[0] = 0
	left := 1 // codes of the length at hand that are free
	var next [longest + 2]int
	for l := 1; l <= longest; l++ {
		if left = left<<1 - count[l]; left < 0 {
			return errCodes
		}
		next[l+1] = next[l] + count[l]
	}
	// Codes may be left over only where there is one of one bit, or none at all.
	if left > 0 && !(used == 0 || used == 1 && count[1] == 1) {
		return errCodes
	}
	for i := range 1 << first {
		table[i] = isSpecial
	}
	var sorted [litSymbols]uint16 // symbols by length, then by number: the order of the codes
	for symbol, l := range lengths {
		if l > 0 {
			sorted[next[l]] = uint16(symbol)
			next[l]++
		}
	}
	place(table, sorted[:used], lengths, count, first, meaning)
	return nil
}

// place writes the entries. Codes count upwards with their first bit highest; the table is indexed
// with their first bit lowest.
func place(table *[tableSize]entry, sorted []uint16, lengths []uint8, count [longest + 1]int, first uint, meaning func(int) entry) {
	code, last := uint(0), uint(0)
	size := 1 << first // of all tables so far
	prefix, begin, second := -1, 0, uint(0)
	for _, symbol := range sorted {
		l := uint(lengths[symbol])
		code <<= l - last
		last = l
		index := int(bits.Reverse16(uint16(code)) >> (16 - l))
		code++
		count[l]--
		if l <= first {
			e := meaning(int(symbol)) + entry(l) | entry(l)<<codeShift
			for i := index; i < 1<<first; i += 1 << l {
				table[i] = e
			}
			continue
		}
		if index&(1<<first-1) != prefix {
			prefix, begin, second = index&(1<<first-1), size, l-first
			// The second table holds this code and those after it with the same beginning.
			for room := 1<<second - count[l] - 1; room > 0 && second+first < longest; {
				second++
				room = room<<1 - count[second+first]
			}
			size += 1 << second
			table[prefix] = isSpecial | isTable | entry(begin)<<valueShift | entry(second)<<codeShift | entry(first)
		}
		e := meaning(int(symbol)) + entry(l-first) | entry(l-first)<<codeShift
		for i := index >> first; i < 1<<second; i += 1 << (l - first) {
			table[begin+i] = e
		}
	}
}

// pair joins two short literals to one entry where both fit into the first table's bits: most of a
// text is read two bytes at a time.
func pair(table *[tableSize]entry) {
	for i := litMask; i >= 0; i-- { // downwards: the second ones are looked up below
		e := table[i]
		if e&isLiteral == 0 {
			continue
		}
		used := e & bitsMask
		next := table[i>>used]
		if next&isLiteral != 0 && used+next&bitsMask <= litBits {
			table[i] = isLiteral | 1<<pairShift | (used + next&bitsMask) | e&(0xff<<valueShift) | next>>valueShift<<(valueShift+8)
		}
	}
}

func (r *Reader) fixedCodes() error {
	var lengths [litSymbols]uint8
	for i := range lengths {
		switch {
		case i < 144:
			lengths[i] = 8
		case i < 256:
			lengths[i] = 9
		case i < 280:
			lengths[i] = 7
		default:
			lengths[i] = 8
		}
	}
	if err := build(&r.lit, lengths[:], litBits, literalEntry); err != nil {
		return err
	}
	pair(&r.lit)
	var distances [distSymbols]uint8
	for i := range distances {
		distances[i] = 5
	}
	return build(&r.dist, distances[:], distBits, distanceEntry)
}

// The order in which the lengths of the codes for code lengths come.
var lengthOrder = [19]uint8{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}

const lengthBits = 7

func (r *Reader) dynamicCodes() error {
	lits, dists, codes := int(r.take(5))+257, int(r.take(5))+1, int(r.take(4))+4
	if lits > 286 || dists > 30 {
		return CorruptError("too many symbols")
	}
	var lengths [litSymbols + distSymbols]uint8
	for _, symbol := range lengthOrder[:codes] {
		if err := r.load(); err != nil {
			return err
		}
		lengths[symbol] = uint8(r.take(3))
	}
	// The distances' table is free until the end.
	if err := build(&r.dist, lengths[:len(lengthOrder)], lengthBits, plainEntry); err != nil {
		return err
	}
	clear(lengths[:len(lengthOrder)])
	if err := r.codeLengths(lengths[:lits+dists]); err != nil {
		return err
	}
	if lengths[endOfBlock] == 0 {
		return CorruptError("no code for the end of the block")
	}
	if err := build(&r.lit, lengths[:lits], litBits, literalEntry); err != nil {
		return err
	}
	pair(&r.lit)
	return build(&r.dist, lengths[lits:lits+dists], distBits, distanceEntry)
}

// codeLengths reads the lengths of both sets of codes, which are compressed themselves.
func (r *Reader) codeLengths(lengths []uint8) error {
	for i := 0; i < len(lengths); {
		if err := r.load(); err != nil {
			return err
		}
		e := r.dist[r.bits&(1<<lengthBits-1)]
		if e&isLiteral == 0 {
			return errCodes
		}
		r.take(uint(e & bitsMask))
		value, times := uint8(e>>valueShift), 1
		switch value {
		case 16:
			if i == 0 {
				return CorruptError("a repetition of nothing")
			}
			value, times = lengths[i-1], 3+int(r.take(2))
		case 17:
			value, times = 0, 3+int(r.take(3))
		case 18:
			value, times = 0, 11+int(r.take(7))
		}
		if times > len(lengths)-i {
			return CorruptError("a repetition beyond the end")
		}
		for range times {
			lengths[i] = value
			i++
		}
	}
	return nil
}
