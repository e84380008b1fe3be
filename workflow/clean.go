package workflow

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxLine bounds a log line; a longer one is cut and says so.
const maxLine = 4096

// CleanLine makes text that came from elsewhere safe for a terminal: control characters and the
// escape sequences they begin are taken out, a tab becomes a space, a bar that was redrawn with
// carriage returns is left as it looked last.
func CleanLine(s string) string {
	s = strings.TrimRight(s, "\r\n")
	if i := strings.LastIndexByte(s, '\r'); i >= 0 {
		s = s[i+1:]
	}
	if clean(s) && len(s) <= maxLine {
		return s
	}
	var b strings.Builder
	i := 0
	for i < len(s) && b.Len() < maxLine {
		if n := escapeLength(s[i:]); n > 0 {
			i += n
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		i += n
		switch {
		case r == '\t':
			b.WriteByte(' ')
		case r == utf8.RuneError && n == 1, unicode.IsControl(r), unicode.Is(unicode.Cf, r):
		default:
			b.WriteRune(r)
		}
	}
	if i < len(s) {
		b.WriteString(" … (line cut)")
	}
	return b.String()
}

func clean(s string) bool {
	for i := range len(s) {
		if s[i] < 0x20 || s[i] >= 0x7f {
			return false
		}
	}
	return true
}

// escapeLength returns how many bytes of s are one escape sequence: CSI, OSC and the other
// string sequences to their terminator, or a short one. Zero means that s begins with none.
func escapeLength(s string) int {
	if s[0] != 0x1b {
		return 0
	}
	if len(s) == 1 {
		return 1
	}
	switch s[1] {
	case '[':
		for i := 2; i < len(s); i++ {
			if s[i] >= 0x40 && s[i] <= 0x7e {
				return i + 1
			}
		}
		return len(s)
	case ']', 'P', 'X', '^', '_':
		for i := 2; i < len(s); i++ {
			if s[i] == 0x07 {
				return i + 1
			}
			if s[i] == 0x1b && i+1 < len(s) && s[i+1] == '\\' {
				return i + 2
			}
		}
		return len(s)
	}
	// Intermediate bytes may stand before the last one, as in ESC ( B.
	for i := 1; i < len(s); i++ {
		if s[i] < 0x20 || s[i] > 0x2f {
			return i + 1
		}
	}
	return len(s)
}
