package sample

import (
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"io"
	"iter"
	"math/rand/v2"
	"os"
	"path"
	"path/filepath"
	"time"
)

// A File is one file under public/system.
type File struct {
	Path     string // relative, with slashes
	Size     int
	Modified time.Time
}

// WriteContent writes the file's bytes: random ones, as pictures hardly compress either. They
// follow from the path and the size.
func (f File) WriteContent(w io.Writer) error {
	h := fnv.New64a()
	_, _ = io.WriteString(h, f.Path)
	var seed [32]byte
	binary.LittleEndian.PutUint64(seed[:], h.Sum64())
	binary.LittleEndian.PutUint64(seed[8:], uint64(f.Size))
	_, err := io.CopyN(w, rand.NewChaCha8(seed), int64(f.Size))
	return err
}

// Files are the files that the rows of the server name, at Mastodon's own paths: what other
// servers made lies under cache/.
func (s Size) Files(now time.Time) iter.Seq[File] {
	now = now.UTC()
	return func(yield func(File) bool) {
		more := true
		emit := func(local bool, class, attribute string, id int64, at time.Time, p picture, styles ...string) {
			root := class
			if !local {
				root = path.Join("cache", class)
			}
			for _, style := range styles {
				if !more || p.name == "" {
					return
				}
				more = yield(File{path.Join(root, attribute, Partition(id), style, styled(p.name, style)), styledSize(p.size, style), at})
			}
		}
		for i := 0; more && i < s.accounts(); i++ {
			a := s.account(i, now)
			emit(i < s.Users, "accounts", "avatars", a.id, a.created, a.avatar, "original")
			emit(i < s.Users, "accounts", "headers", a.id, a.created, a.header, "original")
		}
		for k := 0; more && k < s.attachments(); k++ {
			a := s.attachment(k, now)
			styles := []string{"original", "small"}
			if a.kind == typeAudio {
				styles = styles[:1]
			}
			emit(a.local, "media_attachments", "files", a.id, a.created, a.file, styles...)
			emit(a.local, "media_attachments", "thumbnails", a.id, a.created, a.thumbnail, "original")
		}
		for i := 0; more && i < s.emojis(); i++ {
			_, domain, image := s.emoji(i)
			emit(domain == "", "custom_emojis", "images", int64(i+1), written(i, s.emojis(), now), image, "original", "static")
		}
		for i := 0; more && i < s.Cards; i++ {
			emit(false, "preview_cards", "images", int64(i+1), written(i, s.Cards, now), s.card(i), "original")
		}
		for i := 0; more && i < len(uploads); i++ {
			emit(true, "site_uploads", "files", int64(i+1), now.Add(-age), s.picture(kindUpload, i, ".png", "image/png"), "original", "@1x", "@2x")
		}
	}
}

// styled is a file's name in a style: a video's small picture is a PNG.
func styled(name, style string) string {
	if path.Ext(name) == ".mp4" && style == "small" {
		return name[:len(name)-len(".mp4")] + ".png"
	}
	return name
}

func styledSize(original int, style string) int {
	if style == "original" {
		return original
	}
	return original/3 + 200
}

// WriteFiles writes all [Size.Files] into dir, which stands for public/system.
func (s Size) WriteFiles(dir string, now time.Time) error {
	if err := s.check(); err != nil {
		return err
	}
	for f := range s.Files(now) {
		if err := f.write(dir); err != nil {
			return fmt.Errorf("write media file: %w", err)
		}
	}
	return nil
}

func (f File) write(dir string) error {
	name := filepath.Join(dir, filepath.FromSlash(f.Path))
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	out, err := os.OpenFile(name, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o644)
	if err != nil {
		return err
	}
	if err := f.WriteContent(out); err != nil {
		out.Close()
		return err
	}
	if err := out.Close(); err != nil {
		return err
	}
	return os.Chtimes(name, f.Modified, f.Modified)
}
