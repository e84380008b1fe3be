package transfer

import (
	"archive/tar"
	"bytes"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/require"
)

// root is what the backup script's archives have in front of every name.
const root = "opt/mastodon/public/system/"

// file is one entry of a test archive; a name ending in a slash is a folder.
type file struct {
	name, content string
	link, symlink string
	kind          byte
}

func header(f file) *tar.Header {
	h := &tar.Header{Name: f.name, Mode: 0o640, Size: int64(len(f.content)), Uid: 991, Gid: 991, Typeflag: tar.TypeReg}
	switch {
	case f.kind != 0:
		h.Typeflag = f.kind
	case strings.HasSuffix(f.name, "/"):
		h.Typeflag = tar.TypeDir
	case f.link != "":
		h.Typeflag, h.Linkname = tar.TypeLink, f.link
	case f.symlink != "":
		h.Typeflag, h.Linkname = tar.TypeSymlink, f.symlink
	}
	return h
}

func tarBytes(t testing.TB, files []file) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, f := range files {
		require.NoError(t, w.WriteHeader(header(f)))
		_, err := w.Write([]byte(f.content))
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	return b.Bytes()
}

func gzipped(t testing.TB, plain []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, gzip.BestSpeed)
	require.NoError(t, err)
	_, err = w.Write(plain)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return b.Bytes()
}

func zstandard(t testing.TB, plain []byte) []byte {
	t.Helper()
	w, err := zstd.NewWriter(nil)
	require.NoError(t, err)
	return w.EncodeAll(plain, nil)
}

func writeFile(t testing.TB, name string, b []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, b, 0o600))
	return path
}

func archiveOf(t testing.TB, files []file) string {
	t.Helper()
	return writeFile(t, "system_accounts.tar.gz", gzipped(t, tarBytes(t, files)))
}

// avatars is Mastodon's own layout: one file per leaf, deep below.
func avatars(n, size int) []file {
	r := rand.New(rand.NewPCG(1, uint64(n)))
	files := []file{{name: root + "accounts/"}}
	for i := range n {
		content := make([]byte, r.IntN(2*size+1))
		for j := range content {
			content[j] = byte(r.Uint32())
		}
		files = append(files, file{
			name:    fmt.Sprintf("%saccounts/avatars/109/373/%03d/%03d/original/%016x.png", root, i/16, i%16, r.Uint64()),
			content: string(content),
		})
	}
	return files
}

// want is the tree that an archive stands for, by name below the destination.
func want(files []file) map[string]string {
	tree := map[string]string{}
	for _, f := range files {
		name := strings.TrimPrefix(f.name, root)
		switch {
		case strings.HasSuffix(name, "/"):
		case f.link != "":
			tree[name] = tree[strings.TrimPrefix(f.link, root)]
		case f.symlink != "":
			tree[name] = "-> " + f.symlink
		default:
			tree[name] = f.content
		}
	}
	return tree
}

// tree reads all files below dir.
func tree(t testing.TB, dir string) map[string]string {
	t.Helper()
	found := map[string]string{}
	require.NoError(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		if d.Type()&fs.ModeSymlink != 0 {
			to, err := os.Readlink(path)
			found[name] = "-> " + to
			return err
		}
		b, err := os.ReadFile(path)
		found[name] = string(b)
		return err
	}))
	return found
}

// requireTree compares without printing the contents.
func requireTree(t testing.TB, want map[string]string, dir string) {
	t.Helper()
	found := tree(t, dir)
	for name, content := range want {
		got, ok := found[name]
		require.True(t, ok, "missing %q", name)
		require.True(t, got == content, "%q differs: %d bytes, want %d", name, len(got), len(content))
	}
	for name := range found {
		_, ok := want[name]
		require.True(t, ok, "not in the archive: %q", name)
	}
}
