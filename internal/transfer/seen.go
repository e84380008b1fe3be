package transfer

import "hash/fnv"

// seen remembers names in 8 MiB, whatever their number. It may take a new name for one it knows
// (2 in 1,000 at five million names), never the other way round.
//
// An archive may hold a file twice, and the last one counts. Parcels overtake each other, so a
// name that may be known travels in a parcel that waits for all the ones before.
type seen struct{ bits []uint64 }

const (
	seenBits   = 1 << 26
	seenProbes = 6
)

func newSeen() *seen { return &seen{bits: make([]uint64, seenBits/64)} }

// add says whether name may have been added before.
func (s *seen) add(name string) bool {
	h := fnv.New64a()
	h.Write([]byte(name))
	sum := h.Sum64()
	step := mix(sum) | 1
	known := true
	for range seenProbes {
		bit := sum % seenBits
		word, mask := bit/64, uint64(1)<<(bit%64)
		known = known && s.bits[word]&mask != 0
		s.bits[word] |= mask
		sum += step
	}
	return known
}

// mix scatters a hash once more, so that the probes do not follow from the first one.
func mix(x uint64) uint64 {
	x ^= x >> 33
	x *= 0xff51afd7ed558ccd
	x ^= x >> 33
	x *= 0xc4ceb9fe1a85ec53
	return x ^ x>>33
}
