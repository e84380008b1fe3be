package tui

import (
	"strings"

	"github.com/charmbracelet/x/ansi"

	"mastodon-restore/workflow"
)

// Widths are terminal cells, never bytes or runes: a name may hold wide characters.

// readable is how wide prose is set: on a wider terminal the eye would lose its line.
const readable = 96

// clip cuts s at its end to at most w cells, and shows that it did.
func clip(s string, w int) string {
	if w <= 0 {
		return ""
	}
	return ansi.Truncate(s, w, "…")
}

// middle cuts s in its middle to at most w cells: the ends of a name tell more than its middle.
func middle(s string, w int) string {
	n := ansi.StringWidth(s)
	if n <= w {
		return s
	}
	if w < 4 {
		return clip(s, w)
	}
	left := w / 2
	return ansi.Truncate(s, left, "") + "…" + tail(s, w-1-left)
}

// tail returns the end of s, at most w cells of it.
func tail(s string, w int) string {
	for n := ansi.StringWidth(s) - w; ; n++ {
		if t := ansi.TruncateLeft(s, n, ""); ansi.StringWidth(t) <= w {
			return t
		}
	}
}

// pad makes s exactly w cells wide, cut or filled at its end.
func pad(s string, w int) string {
	s = clip(s, w)
	return s + spaces(w-ansi.StringWidth(s))
}

// padLeft makes s exactly w cells wide, cut at its end or filled at its beginning.
func padLeft(s string, w int) string {
	s = clip(s, w)
	return spaces(w-ansi.StringWidth(s)) + s
}

func spaces(n int) string { return strings.Repeat(" ", max(0, n)) }

// ends puts left and right at the two ends of a line; left gives way.
func ends(left, right string, w int) string {
	right = clip(right, w)
	room := w - ansi.StringWidth(right)
	if right != "" && left != "" {
		room -= 2
	}
	left = clip(left, room)
	return left + spaces(w-ansi.StringWidth(left)-ansi.StringWidth(right)) + right
}

// oneLine is text from elsewhere made fit for one line of the screen.
func oneLine(s string) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	for i, l := range lines {
		lines[i] = strings.TrimSpace(workflow.CleanLine(l))
	}
	return strings.Join(lines, " ")
}

// wrap breaks text from elsewhere into lines of at most w cells. Its own line breaks and
// indentation stay; a word is cut only where it is wider than the line.
func wrap(s string, w int) []string {
	w = max(w, 8)
	var out []string
	for line := range strings.SplitSeq(strings.TrimRight(s, "\n"), "\n") {
		out = append(out, wrapLine(workflow.CleanLine(line), w)...)
	}
	return out
}

func wrapLine(line string, w int) []string {
	if ansi.StringWidth(line) <= w {
		return []string{line}
	}
	var out []string
	indent := spaces(min(len(line)-len(strings.TrimLeft(line, " ")), w/2))
	current := indent
	for word := range strings.FieldsSeq(line) {
		if current != indent {
			if ansi.StringWidth(current)+1+ansi.StringWidth(word) <= w {
				current += " " + word
				continue
			}
			if ansi.StringWidth(word) > w && ansi.StringWidth(current) < w/2 {
				word = strings.TrimPrefix(current, indent) + " " + word // to be cut anyway
			} else {
				out = append(out, current)
			}
		}
		for current = indent + word; ansi.StringWidth(current) > w; {
			head := ansi.Truncate(current, w, "")
			out = append(out, head)
			current = indent + current[len(head):]
		}
	}
	return append(out, current)
}

// labelled puts a label in a column of its own and text, wrapped, beside it.
func labelled(label string, labelWidth int, text string, w int) []string {
	lines := wrap(text, w-labelWidth)
	for i := range lines {
		if i == 0 {
			lines[i] = pad(label, labelWidth) + lines[i]
			continue
		}
		lines[i] = spaces(labelWidth) + lines[i]
	}
	return lines
}

// indent puts n spaces before every line.
func indent(lines []string, n int) []string {
	for i := range lines {
		lines[i] = spaces(n) + lines[i]
	}
	return lines
}

// shrink takes cells from the widest of the widths until their sum is at most total.
func shrink(widths []int, total int) []int {
	sum := 0
	for _, w := range widths {
		sum += w
	}
	for ; sum > total; sum-- {
		widest := 0
		for i, w := range widths {
			if w > widths[widest] {
				widest = i
			}
		}
		if widths[widest] <= 1 {
			break
		}
		widths[widest]--
	}
	return widths
}
