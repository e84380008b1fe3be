package backupset

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// longestLegible is how much of a text from a file is shown, in bytes.
const longestLegible = 200

// legible makes text from a file fit for a screen: one line, no control sequences, not endless.
func legible(s string) string {
	if len(s) > longestLegible {
		cut := longestLegible
		for cut > 0 && !utf8.RuneStart(s[cut]) {
			cut--
		}
		s = s[:cut] + "…"
	}
	if strings.IndexFunc(s, unprintable) < 0 {
		return s
	}
	quoted := strconv.Quote(s)
	return strings.ReplaceAll(quoted[1:len(quoted)-1], `\"`, `"`)
}

func unprintable(r rune) bool { return r == utf8.RuneError || !unicode.IsPrint(r) }
