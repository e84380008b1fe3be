package backupset

// How many names are remembered of an archive, and how many files that the database names. What
// goes beyond is sampled. Quick is for a plain reading, deep for [Options.Deep].
const (
	quickNames = 1 << 16
	deepNames  = 3 << 17 // 393,216: 4 MiB
	quickFiles = 1 << 14
	deepFiles  = 3 << 16 // 196,608: 8 MiB
)

// sketch is a set of paths in bounded memory. It remembers 64-bit digests, all of them until there
// are too many; from then on only those below a limit that is halved again and again. Two sketches
// that sample do so by the same rule, so a path below both limits is in both or missing in one.
type sketch struct {
	table []uint64 // open addressing; 0 is an empty slot
	most  int
	n     int
	below uint64 // only digests up to this one are remembered
}

func newSketch(most int) *sketch {
	return &sketch{table: make([]uint64, 1<<10), most: most, below: ^uint64(0)}
}

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
		s.below >>= 1
		s.rebuild(len(s.table))
	} else if s.n > len(s.table)/4*3 {
		s.rebuild(2 * len(s.table))
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

func (s *sketch) rebuild(slots int) {
	old := s.table
	s.table, s.n = make([]uint64, slots), 0
	for _, h := range old {
		if h != 0 && h <= s.below {
			s.table[s.slot(h)] = h
			s.n++
		}
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
