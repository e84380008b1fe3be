package backupset

import "slices"

// How many names are remembered of an archive, and how many files that the database names. What
// goes beyond is sampled. Quick is for a plain reading, deep for [Options.Deep] and the classes that
// the database names files of.
const (
	quickNames = 1 << 16
	deepNames  = 3 << 17 // 393,216: 4 MiB
	quickFiles = 1 << 14
	deepFiles  = 3 << 16 // 196,608: 3 MiB
)

// sketch is a set of paths in bounded memory. It remembers 64-bit digests, all of them until there
// are too many; from then on only those below a limit that is halved again and again. Two sketches
// that sample do so by the same rule, so a path below both limits is in both or missing in one.
type sketch struct {
	table []uint64 // open addressing; 0 is an empty slot
	slots int      // how many the table may have
	most  int
	n     int
	below uint64 // only digests up to this one are remembered
}

func newSketch(most int) *sketch {
	s := &sketch{table: make([]uint64, 1<<10), slots: 1 << 10, most: most, below: ^uint64(0)}
	for filled(s.slots) < most {
		s.slots *= 2
	}
	return s
}

// filled is how many of a table's slots may be taken: with more, it gets slow.
func filled(slots int) int { return slots / 4 * 3 }

// add remembers a digest; false if it was there already.
func (s *sketch) add(h uint64) bool {
	if h > s.below {
		return true
	}
	i := s.slot(h)
	if s.table[i] == h {
		return false
	}
	s.table[i] = h
	if s.n++; s.n == s.most {
		s.thin()
	} else if s.n > filled(len(s.table)) {
		s.grow()
	}
	return true
}

func (s *sketch) has(h uint64) bool { return s.table[s.slot(h)] == h }

// slot is where a digest is, or where it would go.
func (s *sketch) slot(h uint64) int {
	mask := uint64(len(s.table) - 1)
	// The lowest bits: the highest say whether it is sampled at all.
	for i := h & mask; ; i = (i + 1) & mask {
		if s.table[i] == h || s.table[i] == 0 {
			return int(i)
		}
	}
}

// grow makes the table much larger, so that few are thrown away.
func (s *sketch) grow() {
	old := s.table
	s.table = make([]uint64, min(8*len(old), s.slots))
	for _, h := range old {
		if h != 0 {
			s.table[s.slot(h)] = h
		}
	}
}

// thin halves the limit and forgets what is above it, in place: run by run of taken slots, as no
// digest is outside the run that its own slot is in.
func (s *sketch) thin() {
	s.below >>= 1
	s.n = 0
	mask := len(s.table) - 1
	start := slices.Index(s.table, 0)
	var kept []uint64
	for i := range s.table {
		at := (start + 1 + i) & mask
		if h := s.table[at]; h != 0 {
			s.table[at] = 0
			if h <= s.below {
				kept = append(kept, h)
			}
			continue
		}
		for _, h := range kept {
			s.table[s.slot(h)] = h
		}
		s.n += len(kept)
		kept = kept[:0]
	}
}

// digest spreads a path over 64 bits. It is no defence against somebody who chooses the paths, and
// needs none: a collision hides one missing file.
func digest(path []byte) uint64 {
	h := uint64(14695981039346656037)
	for _, c := range path {
		h = (h ^ uint64(c)) * 1099511628211
	}
	h ^= h >> 33
	h *= 0xff51afd7ed558ccd
	h ^= h >> 33
	return max(h, 1)
}
