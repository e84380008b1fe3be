package pgdump

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestEscapesMeanWhatCopySays(t *testing.T) {
	for in, want := range map[string]string{
		`plain`:          "plain",
		``:               "",
		`\b\f\n\r\t\v`:   "\b\f\n\r\t\v",
		`\\N`:            `\N`,
		`\\.`:            `\.`,
		`\\\\`:           `\\`,
		`\a\q\'`:         `aq'`,
		`\101\60x\0`:     "A0x\x00",
		`\1234`:          "S4",
		`\x41\x4g\xg\xA`: "A\x04gxg\n",
		`Grüße\t象`:       "Grüße\t象",
		`at the end\`:    `at the end\`,
	} {
		require.Equal(t, want, string(unescape(nil, []byte(in))), in)
	}
}

// escape writes a field as PostgreSQL does.
func escape(b []byte) []byte {
	return []byte(strings.NewReplacer("\\", `\\`, "\b", `\b`, "\f", `\f`, "\n", `\n`, "\r", `\r`, "\t", `\t`, "\v", `\v`).Replace(string(b)))
}

func FuzzUnescape(f *testing.F) {
	for _, seed := range []string{"", `\N`, `\\`, "tab\tline\n", `\x4`, `\777`, `\`, "Grüße 🐘"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		raw := bytes.Clone(b)
		require.LessOrEqual(t, len(unescape(nil, b)), len(b))
		require.Equal(t, raw, b) // the data are not the field's to change
		written := escape(b)
		require.False(t, bytes.ContainsAny(written, "\t\n"))
		require.Equal(t, string(b), string(unescape(nil, written)))
	})
}
