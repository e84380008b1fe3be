package backupset

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// What we call a whole archive is one to Go's own reader too, with the same members: it will be
// asked to put them back.
func FuzzTar(f *testing.F) {
	f.Add(rawTar(rawHeader(avatar, nil), rawHeader("./a", map[int]string{156: "5"})))
	f.Add(rawTar(rawHeader(avatar, map[int]string{156: "x"}), rawHeader(avatar, nil)))
	f.Add(rawTar(rawHeader(avatar, map[int]string{156: "L"}), rawHeader(avatar, nil)))
	f.Add(rawTar(rawHeader(avatar, map[int]string{257: "ustar  \x00", 156: "S"})))
	f.Add(tarOf(f, tar.Header{Name: strings.Repeat("long/", 60), Typeflag: tar.TypeDir}, tar.Header{Name: "caf\u00e9"}))
	f.Add(tarOf(f, tar.Header{Name: avatar, Typeflag: tar.TypeSymlink, Linkname: strings.Repeat("l", 200)}))
	f.Add(tarOf(f, tar.Header{Name: avatar, PAXRecords: map[string]string{"comment": "x"}, ModTime: time.Unix(1, 5), Format: tar.FormatPAX}))
	f.Fuzz(func(t *testing.T, b []byte) {
		b = checksummed(b)
		ours, err := members(b)
		if err != nil {
			var placed *tarError
			require.True(t, errors.As(err, &placed), "%v", err)
			require.LessOrEqual(t, placed.at, int64(len(b)))
			return
		}
		if bytes.Contains(b, []byte("GNU.sparse")) || slices.ContainsFunc(ours, func(name string) bool { return strings.HasPrefix(name, "sparse ") }) {
			return // maps of holes are stepped over here
		}
		r := tar.NewReader(bytes.NewReader(b))
		for i := 0; ; {
			h, err := r.Next()
			if err == io.EOF {
				require.Len(t, ours, i)
				return
			}
			if err == nil && h.Typeflag == tar.TypeXGlobalHeader {
				continue
			}
			require.NoError(t, err, "member %d of %q", i, ours)
			require.Equal(t, h.Name, ours[i])
			i++
		}
	})
}

// checksummed makes the checksums of headers right: chance alone would never get behind them.
func checksummed(b []byte) []byte {
	b = bytes.Clone(b)
	for at := 0; at+tarBlock <= len(b); at += tarBlock {
		if block := b[at : at+tarBlock]; string(block[257:262]) == "ustar" {
			setChecksum(block)
		}
	}
	return b
}

// members are the names of an archive's members.
func members(b []byte) (names []string, err error) {
	r := newTarReader(bytes.NewReader(b))
	for {
		m, err := r.next()
		if err == io.EOF {
			_, err := r.tail()
			return names, err
		}
		if err != nil {
			return nil, err
		}
		if name := string(m.name); m.kind == tarSparse {
			names = append(names, "sparse "+name)
		} else {
			names = append(names, name)
		}
	}
}

// No archive brings the reading down, and a census counts what it was shown.
func FuzzArchive(f *testing.F) {
	f.Add(gz(tarOf(f, tar.Header{Name: avatar})), uint8(1))
	f.Add(zst(tarOf(f, tar.Header{Name: "accounts/avatars/x", Typeflag: tar.TypeSymlink, Linkname: "../y"})), uint8(2))
	f.Add(tarOf(f, tar.Header{Name: "a/../b"}, tar.Header{Name: "./cache/accounts/avatars/1"}), uint8(4))
	f.Add(append(gz(nil), gz(rawTar(rawHeader("assets/x", map[int]string{156: "1"})))...), uint8(6))
	f.Fuzz(func(t *testing.T, b []byte, class uint8) {
		in := newSource(bytes.NewReader(b))
		p := &partReading{part: Part{Class: Classes()[1+class%6], Name: "system_accounts.tar.gz"}, now: now}
		census := newCensus(p.part.Class, false, now, new(atomic.Int64))
		unpacked, err := p.members(in, census)
		if unpacked != nil {
			defer unpacked.close()
			require.LessOrEqual(t, in.offset(), int64(len(b)))
		}
		a := census.result()
		require.NotContains(t, a.Prefix, "\x1b")
		if err == nil {
			require.LessOrEqual(t, a.Bytes, unpacked.n)
		}
		for id, o := range census.oddities {
			require.Contains(t, kinds, id)
			require.Equal(t, o.first, strings.ToValidUTF8(o.first, "?"))
			require.NotContains(t, o.first, "\x1b")
		}
	})
}

func FuzzEnvironment(f *testing.F) {
	f.Add([]byte("LOCAL_DOMAIN=example.social\nKEY=a\nb=c\n-----\nX=\n"))
	f.Add([]byte("A=1\r\nB=2\r\n"))
	f.Add([]byte("=x\n1A=2\n_=\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		p, err := parseEnvironment(text)
		if err != nil {
			require.Empty(t, p.env)
			return
		}
		size := 0
		for name, value := range p.env {
			require.True(t, isName([]byte(name)))
			size += len(name) + 1 + len(value)
		}
		require.LessOrEqual(t, size, len(text))
		for _, v := range describe(p.env).Shown {
			require.NotContains(t, v, "\n")
		}
	})
}
