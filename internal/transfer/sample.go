package transfer

import (
	"hash"
	"hash/fnv"
	"slices"
	"strings"
)

// sampleFiles is how many files a sampled verification reads back.
const sampleFiles = 256

// sample holds the digests of the files whose names hash lowest: a random choice, yet the same in
// every run and whatever the order.
type sample struct {
	digest digesting
	files  []sampled
}

type sampled struct {
	rank   uint64
	name   string
	digest string
}

func compareSampled(a, b sampled) int {
	if a.rank != b.rank {
		if a.rank < b.rank {
			return -1
		}
		return 1
	}
	return strings.Compare(a.name, b.name)
}

// want returns where to digest a file's content, or nil if the file is not in the sample.
func (s *sample) want(name string) hash.Hash {
	if !s.has(name) {
		return nil
	}
	return s.digest.new()
}

func (s *sample) has(name string) bool {
	if s == nil {
		return false
	}
	return len(s.files) < sampleFiles || compareSampled(rank(name), s.files[len(s.files)-1]) <= 0
}

// set keeps what want's hash has digested; an earlier file of that name is forgotten.
func (s *sample) set(name string, h hash.Hash) {
	if h == nil || !s.has(name) {
		return
	}
	one := rank(name)
	one.digest = inHex(h)
	i, found := slices.BinarySearchFunc(s.files, one, compareSampled)
	if found {
		s.files[i] = one
		return
	}
	s.files = slices.Insert(s.files, i, one)
	if len(s.files) > sampleFiles {
		s.files = s.files[:sampleFiles]
	}
}

func rank(name string) sampled {
	h := fnv.New64a()
	h.Write([]byte(name))
	return sampled{rank: mix(h.Sum64()), name: name}
}
