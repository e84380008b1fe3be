package backupset

import (
	"archive/tar"
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/require"
)

// gz is one gzip member.
func gz(b []byte) []byte {
	var out bytes.Buffer
	w, _ := gzip.NewWriterLevel(&out, gzip.BestSpeed)
	_, _ = w.Write(b)
	_ = w.Close()
	return out.Bytes()
}

func gunzip(t testing.TB, b []byte) []byte {
	t.Helper()
	r, err := gzip.NewReader(bytes.NewReader(b))
	require.NoError(t, err)
	var out bytes.Buffer
	_, err = out.ReadFrom(r)
	require.NoError(t, err)
	return out.Bytes()
}

// zst is one Zstandard frame.
func zst(b []byte, options ...zstd.EOption) []byte {
	w, _ := zstd.NewWriter(nil, options...)
	return w.EncodeAll(b, nil)
}

// avatar is a member that belongs into system_accounts.
const avatar = "opt/mastodon/public/system/accounts/avatars/000/000/007/original/0123456789abcdef.png"

// tarOf is an archive of members: a file for each that has no type.
func tarOf(t testing.TB, members ...tar.Header) []byte {
	t.Helper()
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, h := range members {
		if h.Typeflag == 0 {
			h.Typeflag, h.Size = tar.TypeReg, 3
		}
		if h.ModTime.IsZero() {
			h.ModTime = now.AddDate(0, 0, -3)
		}
		h.Mode = 0o644
		require.NoError(t, w.WriteHeader(&h))
		if h.Size > 0 {
			_, err := w.Write(bytes.Repeat([]byte("x"), int(h.Size)))
			require.NoError(t, err)
		}
	}
	require.NoError(t, w.Close())
	return out.Bytes()
}

// rawHeader is a header block that no tar writes: fields by their offsets, checksum made right.
func rawHeader(name string, fields map[int]string) []byte {
	b := make([]byte, tarBlock)
	copy(b, name)
	copy(b[100:], "0000644\x000000000\x000000000\x0000000000003\x0000000000000\x00")
	b[156] = '0'
	copy(b[257:], "ustar\x0000")
	for at, text := range fields {
		copy(b[at:], text)
	}
	setChecksum(b)
	return b
}

func setChecksum(b []byte) {
	copy(b[148:156], "        ")
	sum := 0
	for _, c := range b {
		sum += int(c)
	}
	copy(b[148:156], fmt.Sprintf("%06o\x00 ", sum))
}

// rawTar is headers, each with one block of data, and the end marker.
func rawTar(headers ...[]byte) []byte {
	var out []byte
	for _, h := range headers {
		out = append(append(out, h...), append([]byte("xyz"), make([]byte, tarBlock-3)...)...)
	}
	return append(out, make([]byte, 2*tarBlock)...)
}

// gzipBomb is a tar archive of 1 MiB that inflates to a thousand times as much.
func gzipBomb(t testing.TB) []byte {
	t.Helper()
	zeros := gz(make([]byte, 16<<20))
	bomb := gz(rawHeader(avatar, map[int]string{124: "77777777777\x00"}))
	for len(bomb) < 1<<20 {
		bomb = append(bomb, zeros...)
	}
	return bomb
}

// zstdBomb is a tar archive of 3 MiB that inflates to 100 GiB: blocks of four bytes that each
// stand for 128 KiB of zeros.
func zstdBomb(t testing.TB) []byte {
	t.Helper()
	bomb := zst(rawHeader(avatar, map[int]string{124: "\x80\x00\x00\x00\x00\x00\x00\x20\x00\x00\x00\x00"}))
	bomb = binary.LittleEndian.AppendUint32(bomb, 0xfd2fb528)
	bomb = append(bomb, 0, 7<<3) // a window of 128 KiB
	block := []byte{0, 0, 0, 0}
	binary.LittleEndian.PutUint32(block, 128<<10<<3|1<<1)
	return append(bomb, bytes.Repeat(append(block[:3:3], 0), 100<<30/(128<<10))...)
}

// flipped is a copy with one bit changed; from the end where at is negative.
func flipped(b []byte, at int) []byte {
	if at < 0 {
		at += len(b)
	}
	b = slices.Clone(b)
	b[at] ^= 0x10
	return b
}

// cutTo is the beginning of a file.
func cutTo(b []byte, percent int) []byte { return slices.Clone(b[:len(b)*percent/100]) }
