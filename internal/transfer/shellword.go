package transfer

import (
	"fmt"
	"strings"
)

// shellWord writes a name as one word without spaces that printf %b turns back into the name.
func shellWord(name string) string {
	var b strings.Builder
	for i := range len(name) {
		c := name[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '/', c == '.', c == '_', c == '-':
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "\\0%03o", c)
		}
	}
	return b.String()
}
