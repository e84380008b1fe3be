package main

import (
	"archive/tar"
	"bufio"
	"compress/gzip"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
)

// sample is one set of files: as an archive, plain and compressed, and as a tree.
type sample struct {
	tar, gz, tree string
	files         int
	bytes         int64
}

// layout names the nth file below public/system.
type layout func(n int, r *rand.Rand) string

// flat puts a hundred files in a folder.
func flat(n int, r *rand.Rand) string {
	return fmt.Sprintf("media_attachments/files/%03d/original/%016x.jpg", n/100, r.Uint64())
}

// leaves is Mastodon's own layout of avatars: one file per leaf, six levels down.
func leaves(n int, r *rand.Rand) string {
	return fmt.Sprintf("accounts/avatars/109/%03d/%03d/%03d/%03d/original/%016x.png", n/4000, n/200%20, n/10%20, n%10, r.Uint64())
}

// make writes n files of min to max bytes that do not compress.
func (b *bench) make(name string, n, least, most int, where layout) (*sample, error) {
	s := &sample{
		tar: filepath.Join(b.dir, name+".tar"), gz: filepath.Join(b.dir, name+".tar.gz"), tree: filepath.Join(b.dir, name), files: n,
	}
	plain, err := os.Create(s.tar)
	if err != nil {
		return nil, err
	}
	defer plain.Close()
	packed, err := os.Create(s.gz)
	if err != nil {
		return nil, err
	}
	defer packed.Close()
	z, err := gzip.NewWriterLevel(packed, gzip.BestSpeed)
	if err != nil {
		return nil, err
	}
	buffered := bufio.NewWriterSize(io.MultiWriter(plain, z), 1<<20)
	w := tar.NewWriter(buffered)
	r, noise := rand.New(rand.NewPCG(1, 2)), rand.NewChaCha8([32]byte{1})
	content := make([]byte, most)
	for i := range n {
		size := least + r.IntN(most-least+1)
		_, _ = noise.Read(content[:size])
		file := where(i, r)
		if err := w.WriteHeader(&tar.Header{Name: "opt/mastodon/public/system/" + file, Size: int64(size), Mode: 0o644, Typeflag: tar.TypeReg}); err != nil {
			return nil, err
		}
		if _, err := w.Write(content[:size]); err != nil {
			return nil, err
		}
		path := filepath.Join(s.tree, file)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return nil, err
		}
		if err := os.WriteFile(path, content[:size], 0o644); err != nil {
			return nil, err
		}
		s.bytes += int64(size)
	}
	for _, flush := range []func() error{w.Close, buffered.Flush, z.Close} {
		if err := flush(); err != nil {
			return nil, err
		}
	}
	return s, nil
}
