package workflow_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	. "mastodon-restore/workflow"
)

func TestCleanLine(t *testing.T) {
	long := strings.Repeat("x", 4096)
	tests := map[string]struct{ in, want string }{
		"plain text stays":                     {"processing table", "processing table"},
		"words in any script stay":             {"größe 大きさ 🐘", "größe 大きさ 🐘"},
		"the end of the line goes":             {"done\r\n", "done"},
		"a bar is left as it looked last":      {" 10 %\r 50 %\r100 %\r\n", "100 %"},
		"a tab becomes a space":                {"a\tb", "a b"},
		"colour goes":                          {"\x1b[1;31merror\x1b[0m: no", "error: no"},
		"clearing the screen goes":             {"\x1b[2J\x1b[Hgone", "gone"},
		"a title goes, ended by a bell":        {"\x1b]0;owned\x07text", "text"},
		"a link goes, ended by a terminator":   {"\x1b]8;;http://x\x1b\\text\x1b]8;;\x1b\\", "text"},
		"a device string goes":                 {"\x1bPq#0;1\x1b\\text", "text"},
		"a character set goes whole":           {"\x1b(B\x1b[mtext", "text"},
		"a short sequence goes":                {"\x1b7text\x1b8", "text"},
		"an unfinished sequence goes":          {"text\x1b[31", "text"},
		"a lone escape goes":                   {"text\x1b", "text"},
		"an unfinished title goes":             {"text\x1b]0;never ends", "text"},
		"other control characters go":          {"a\x00b\x07c\x7fd", "abcd"},
		"the eight-bit ones go":                {"a\u009b31mb\u0085c", "a31mbc"},
		"what is no UTF-8 goes":                {"a\xff\xfeb", "ab"},
		"what turns text around goes":          {"user\u202Egnp.exe\u2066", "usergnp.exe"},
		"the longest line stays":               {long, long},
		"a longer one is cut and says so":      {long + "x", long + " … (line cut)"},
		"one that is not plain and fits stays": {long[:4094] + "ö", long[:4094] + "ö"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := CleanLine(test.in)
			require.True(t, test.want == got, "got %.60q… of %d bytes", got, len(got))
		})
	}
}

func FuzzCleanLine(f *testing.F) {
	for _, s := range []string{"", "plain", "\x1b[31mred\x1b[0m", "\x1b]0;t\x07x", "a\rb\r\n", "\x1b(B", "\x9b1m", "\x1b\xff[", strings.Repeat("\x1b[mö", 3000)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, in string) {
		out := CleanLine(in)
		require.True(t, utf8.ValidString(out))
		require.LessOrEqual(t, len(out), 4096+32)
		unsafe := func(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) }
		require.False(t, strings.ContainsFunc(out, unsafe), "%q", out)
		if len(out) <= 4096 {
			require.Equal(t, out, CleanLine(out), "clean text stays as it is")
		}
	})
}
