//go:build e2e

package e2e

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// What archives may hold, sent into a volume and compared over there.
func TestArchivesOfAllKinds(t *testing.T) {
	x := newBox(t)
	for _, scenario := range []struct {
		name string
		play func(*box)
	}{
		{"odd names", (*box).oddNames},
		{"200,000 entries", (*box).manyEntries},
		{"one file of 3 GiB, cut at 60 %", (*box).hugeFile},
		{"two archives into overlapping trees at once", (*box).overlappingTrees},
	} {
		t.Run(scenario.name, func(t *testing.T) { scenario.play(x.in(t)) })
	}
}

// oddNames are names of files that some shell, tar or listing would trip over.
var oddNames = []string{
	"a picture.png",
	" leading and trailing /in its folder.png",
	`it's "quoted" & $HOME $(id) ;*?[x]{a,b}.png`,
	"two\nlines.png",
	"\nnewline first.png",
	"newline last\n",
	"tab\tand return\r and escape \x1b[31m.png",
	"Grüße 日本語 🐘.png",
	"caf\xe9, as Latin-1 has it.png",
	"-rf",
	"--checkpoint-action=exec=false",
	`back\slash\n\101.png`,
	`last is one\`,
	"%s%n%%.png",
	"~root",
	"#comment",
	"...",
	".hidden",
	strings.Repeat("x", 251) + ".png",
	strings.Repeat("é", 127) + "x",
	strings.Repeat("a folder whose name is long, as are those below it/", 8) + "deep.png",
}

// oddities is a folder with files of odd names where accounts belong, for a server's own tree.
func (i *instance) oddities() (dir string) {
	i.Helper()
	dir = i.TempDir()
	for n, name := range oddNames {
		file := filepath.Join(dir, "accounts/avatars", name)
		require.NoError(i, os.MkdirAll(filepath.Dir(file), 0o755))
		require.NoError(i, os.WriteFile(file, fmt.Appendf(nil, "odd %d", n), 0o644))
	}
	return dir
}

func (x *box) oddNames() {
	b := x.pack("odd.tar.gz", func(add func(string, int64, io.Reader)) {
		for n, name := range oddNames {
			content := noise(uint64(n), 1000*n)
			add("media_attachments/files/"+name, int64(len(content)), bytes.NewReader(content))
			// As a folder's name, too.
			if !strings.Contains(name, "/") {
				add("media_attachments/thumbnails/"+name+"/original/"+name, int64(len(content)), bytes.NewReader(content))
			}
		}
	})
	r := x.done(x.send(b, "odd"))
	require.EqualValues(x, len(b.sums), r.Report.Files)
	x.equal("odd", b)
}

// manyEntries are avatars as Mastodon lays them out: every file has two folders to itself.
func (x *box) manyEntries() {
	const entries = 200_000
	b := x.pack("many.tar.gz", func(add func(string, int64, io.Reader)) {
		for n := range entries / 3 {
			content := fmt.Sprintf("picture %d", n)
			add(fmt.Sprintf("accounts/avatars/109/302/%03d/%03d/%03d/original/%016x.png", n/1000/1000, n/1000%1000, n%1000, n*2654435761), int64(len(content)), strings.NewReader(content))
		}
	})
	require.Greater(x, b.entries, entries)
	r := x.done(x.send(b, "many"))
	require.EqualValues(x, len(b.sums), r.Report.Files)
	x.equal("many", b)
}

func (x *box) hugeFile() {
	const size = 3 << 30
	b := x.pack("huge.tar", func(add func(string, int64, io.Reader)) {
		add("media_attachments/files/109/original/film.mp4", size, io.LimitReader(rand.NewChaCha8([32]byte{3}), size))
	})
	x.killed(x.send(b, "huge", "-kill-at", "0.6"))
	r := x.done(x.send(b, "huge"))
	require.NotZero(x, r.Report.Resumed)
	require.Less(x, r.Report.SentBytes, int64(size/10*4+mostTwice), "what had arrived was sent again")
	x.equal("huge", b)
	x.shell("pod/box", "rm -r /box/huge")
	require.NoError(x, os.Remove(b.file))
}

// overlappingTrees share every folder, and every tenth file.
func (x *box) overlappingTrees() {
	half := func(name string, of int) bundle {
		return x.pack(name, func(add func(string, int64, io.Reader)) {
			for n := range 4000 {
				file, seed := fmt.Sprintf("cache/accounts/avatars/%03d/original/%d-%04d.png", n/20, of, n), uint64(of*10_000+n)
				if n%10 == 0 {
					file, seed = fmt.Sprintf("cache/accounts/avatars/%03d/original/both-%04d.png", n/20, n), uint64(n)
				}
				content := noise(seed, 10_000)
				add(file, int64(len(content)), bytes.NewReader(content))
			}
		})
	}
	one, other := half("one.tar.gz", 1), half("other.tar.gz", 2)
	first, second := x.send(one, "overlap"), x.send(other, "overlap")
	took, also := x.done(first), x.done(second)
	require.True(x, first.began(took).Before(second.ended) && second.began(also).Before(first.ended), "they did not meet")
	x.equal("overlap", one, other)
}

// noise is content that hardly compresses.
func noise(seed uint64, size int) []byte {
	content := make([]byte, size)
	_, _ = rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8), byte(seed >> 16)}).Read(content)
	return content
}
