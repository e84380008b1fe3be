package backupset

import (
	"fmt"
	"slices"
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
	place  uint64 // an id and a fileFolder
}

// fileFolder is a folder of local files.
type fileFolder uint64

const (
	avatars fileFolder = iota
	headers
	attachments
	thumbnails
	emojis
	uploads
)

// folderBits number a folder; the other bits of a place are an id, up to largestID.
const (
	folderBits = 3
	largestID  = 1<<(64-folderBits) - 1
)

var fileFolders = [...]string{
	avatars: "accounts/avatars", headers: "accounts/headers", attachments: "media_attachments/files",
	thumbnails: "media_attachments/thumbnails", emojis: "custom_emojis/images", uploads: "site_uploads/files",
}

func (f fileFolder) String() string { return fileFolders[f] }

func (f fileFolder) place(id uint64) uint64 { return id<<folderBits | uint64(f) }

// folder is where it should be, but for its name.
func (f wantedFile) folder() string {
	return fmt.Sprintf("%s/%s/original/", fileFolder(f.place&(1<<folderBits-1)), appendPartition(nil, f.place>>folderBits))
}

func newWanted(most int) *wanted { return &wanted{most: most, below: ^uint64(0)} }

func (w *wanted) add(f wantedFile) {
	w.total++
	if f.digest > w.below {
		return
	}
	if len(w.files) == w.most {
		w.below >>= 1
		w.files = slices.DeleteFunc(w.files, func(f wantedFile) bool { return f.digest > w.below })
		if f.digest > w.below {
			return
		}
	}
	if n := len(w.files); n == cap(w.files) {
		larger := make([]wantedFile, n, min(w.most, max(1<<10, 8*n))) // few are thrown away
		copy(larger, w.files)
		w.files = larger
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
			example = f.folder()
		}
	}
	return checked, absent, example
}

// appendPartition appends an id as Mastodon's folders have it: its digits in threes, at least nine.
func appendPartition(to []byte, id uint64) []byte {
	var digits [20]byte
	d := strconv.AppendUint(digits[:0], id, 10)
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
