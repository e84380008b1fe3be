package inflate_test

import (
	"bytes"
	"compress/flate"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"mastodon-restore/internal/pgdump/inflate"
)

func deflated(t testing.TB, level int, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := zlib.NewWriterLevel(&b, level)
	require.NoError(t, err)
	_, err = w.Write(data)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return b.Bytes()
}

func inflated(r *inflate.Reader, src io.Reader) ([]byte, error) {
	if err := r.Reset(src); err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}

// samples are data of several natures and lengths.
func samples() map[string][]byte {
	random := rand.New(rand.NewPCG(1, 2))
	s := map[string][]byte{"nothing": nil, "one byte": {7}, "zeros": make([]byte, 300_000)}
	for _, n := range []int{10, 1000, 65535, 200_000} {
		noise := make([]byte, n)
		text := make([]byte, 0, n)
		skewed := make([]byte, n)
		for i := range noise {
			noise[i] = byte(random.Uint32())
			// Symbols whose frequencies fall by half each get the longest codes.
			skewed[i] = byte(min(255, random.ExpFloat64()*9))
		}
		for len(text) < n {
			text = fmt.Appendf(text, "%d\thttps://host%d.example/users/%x\t2024-01-%02d\t\\N\n", random.Uint64(), random.IntN(99), random.Uint32(), random.IntN(30))
		}
		far := bytes.Repeat(append([]byte(nil), noise[:min(n, 32<<10)]...), 3) // the longest distance
		s[fmt.Sprint("noise ", n)], s[fmt.Sprint("text ", n)], s[fmt.Sprint("skewed ", n)], s[fmt.Sprint("far ", n)] = noise, text[:n], skewed, far
	}
	for distance := 1; distance <= 20; distance++ {
		s[fmt.Sprint("period ", distance)] = bytes.Repeat([]byte("0123456789abcdefghijklmnopqrstuvwxyzABCD")[:distance], 5000/distance)
	}
	return s
}

func TestWhatWasDeflatedComesBack(t *testing.T) {
	r := inflate.NewReader()
	for name, data := range samples() {
		for _, level := range []int{flate.HuffmanOnly, flate.NoCompression, 1, 6, 9} {
			z := deflated(t, level, data)
			got, err := inflated(r, bytes.NewReader(z))
			require.NoError(t, err, "%s, level %d", name, level)
			require.True(t, bytes.Equal(data, got), "%s, level %d", name, level)
			require.False(t, r.Leftover())
		}
	}
}

func TestInputAndOutputMayComeInAnyPieces(t *testing.T) {
	data := samples()["text 200000"]
	z := deflated(t, 6, data)
	for _, src := range []io.Reader{iotest.OneByteReader(bytes.NewReader(z)), iotest.HalfReader(bytes.NewReader(z)), iotest.DataErrReader(bytes.NewReader(z))} {
		r := inflate.NewReader()
		require.NoError(t, r.Reset(src))
		got, err := io.ReadAll(iotest.HalfReader(r))
		require.NoError(t, err)
		require.True(t, bytes.Equal(data, got))
	}
}

func TestAStreamCutAnywhereEndsTooEarly(t *testing.T) {
	r := inflate.NewReader()
	all := samples()
	for _, level := range []int{flate.HuffmanOnly, flate.NoCompression, 6} {
		for _, name := range []string{"nothing", "one byte", "text 1000", "text 200000"} {
			data := all[name]
			z := deflated(t, level, data)
			for n := range z {
				if n > 120 && n < len(z)-40 && n%4999 != 0 {
					continue
				}
				got, err := inflated(r, bytes.NewReader(z[:n]))
				require.ErrorIs(t, err, io.ErrUnexpectedEOF, "%s of %d bytes cut at %d", name, len(z), n)
				require.True(t, bytes.HasPrefix(data, got), "%s cut at %d: wrong data", name, n)
			}
		}
	}
}

func TestDamageIsNotData(t *testing.T) {
	r := inflate.NewReader()
	data := samples()["text 1000"]
	z := deflated(t, 6, data)
	for i := range z {
		b := bytes.Clone(z)
		b[i] ^= 0xff
		_, err := inflated(r, bytes.NewReader(b))
		var corrupt inflate.CorruptError
		require.True(t, errors.As(err, &corrupt) || errors.Is(err, inflate.ErrChecksum) || errors.Is(err, io.ErrUnexpectedEOF), "byte %d: %v", i, err)
	}
	_, err := inflated(r, bytes.NewReader(append(bytes.Clone(z[:len(z)-1]), z[len(z)-1]+1)))
	require.ErrorIs(t, err, inflate.ErrChecksum)
	_, err = inflated(r, strings.NewReader("\x78\xbb"+"\x00\x00\x00\x00"))
	require.ErrorContains(t, err, "dictionary")
	_, err = inflated(r, bytes.NewReader(append(bytes.Clone(z), "more"...)))
	require.NoError(t, err)
	require.True(t, r.Leftover())
}

func TestTheSourcesErrorPasses(t *testing.T) {
	z := deflated(t, 6, samples()["text 200000"])
	_, err := inflated(inflate.NewReader(), iotest.TimeoutReader(iotest.HalfReader(bytes.NewReader(z))))
	require.ErrorIs(t, err, iotest.ErrTimeout)
}

// The verdict and the data are those of the standard library, whatever the bytes. (It wants no code
// for a block's end, where zlib and this package do: such a stream cannot end.)
func FuzzAgainstTheStandardLibrary(f *testing.F) {
	all := samples()
	for _, level := range []int{flate.HuffmanOnly, flate.NoCompression, 1, 6} {
		for _, name := range []string{"nothing", "text 1000", "skewed 1000", "period 3", "noise 10"} {
			f.Add(deflated(f, level, all[name]))
		}
	}
	f.Fuzz(func(t *testing.T, z []byte) {
		if len(z) >= 2 {
			// Most inputs would fail at the header and at the checksum.
			z = append([]byte{0x78, 0x9c}, z[2:]...)
		}
		var want []byte
		std, wantErr := zlib.NewReader(bytes.NewReader(z))
		if wantErr == nil {
			want, wantErr = io.ReadAll(io.LimitReader(std, 4<<20))
		}
		r := inflate.NewReader()
		err := r.Reset(bytes.NewReader(z))
		var got []byte
		if err == nil {
			got, err = io.ReadAll(io.LimitReader(r, 4<<20))
		}
		require.True(t, bytes.HasPrefix(want, got))
		switch {
		case wantErr == nil:
			require.NoError(t, err)
			require.True(t, bytes.Equal(want, got))
		case errors.Is(wantErr, zlib.ErrChecksum):
			require.ErrorIs(t, err, inflate.ErrChecksum)
		default:
			require.Error(t, err)
		}
	})
}

func BenchmarkInflate(b *testing.B) {
	data := samples()["text 200000"]
	z := deflated(b, 6, data)
	b.Run("this", func(b *testing.B) {
		r := inflate.NewReader()
		b.SetBytes(int64(len(data)))
		for b.Loop() {
			require.NoError(b, r.Reset(bytes.NewReader(z)))
			_, err := io.Copy(io.Discard, r)
			require.NoError(b, err)
		}
	})
	b.Run("standard library", func(b *testing.B) {
		b.SetBytes(int64(len(data)))
		for b.Loop() {
			r, err := zlib.NewReader(bytes.NewReader(z))
			require.NoError(b, err)
			_, err = io.Copy(io.Discard, r)
			require.NoError(b, err)
		}
	})
}
