package backupset

import (
	"fmt"
	"strconv"
)

// wanted are the local files of one class that the database names, in bounded memory: sampled as a
// [sketch] is.
type wanted struct {
	most  int
	total int64
	below uint64
	files []wantedFile
}

// wantedFile keeps what is needed to look for a file and to say where it should have been; its
// name would take too much.
type wantedFile struct {
	digest uint64
	id     int64
	folder string // one of a few constants
}

func newWanted(most int) *wanted { return &wanted{most: most, below: ^uint64(0)} }

func (w *wanted) add(f wantedFile) {
	w.total++
	if f.digest > w.below {
		return
	}
	if len(w.files) == w.most {
		w.below >>= 1
		kept := w.files[:0]
		for _, f := range w.files {
			if f.digest <= w.below {
				kept = append(kept, f)
			}
		}
		w.files = kept
	}
	w.files = append(w.files, f)
}

// absent looks for the files among an archive's names.
func (w *wanted) absent(names *sketch) (checked, absent int64, example string) {
	below := min(w.below, names.below)
	for _, f := range w.files {
		if f.digest > below {
			continue
		}
		checked++
		if names.has(f.digest) {
			continue
		}
		if absent++; example == "" {
			example = fmt.Sprintf("%s/%s/original/", f.folder, appendPartition(nil, f.id))
		}
	}
	return checked, absent, example
}

// appendPartition appends an id as Mastodon's folders have it: its digits in threes, at least nine.
func appendPartition(to []byte, id int64) []byte {
	var digits [20]byte
	d := strconv.AppendInt(digits[:0], id, 10)
	size := max(9, (len(d)+2)/3*3)
	for i := range size {
		if i > 0 && i%3 == 0 {
			to = append(to, '/')
		}
		if zeros := size - len(d); i < zeros {
			to = append(to, '0')
		} else {
			to = append(to, d[i-zeros])
		}
	}
	return to
}
