package tui

import (
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// grid sets cells in columns. Columns of figures stand at the right, everything else at the left;
// where there is no room, the gaps give way, then the last column, then the widest; the first one, which
// names the row, stays whole as long as the others keep something.
type grid struct {
	widths []int
	right  []bool
	gap    int
}

const (
	wideGap    = 3
	narrowGap  = 2
	narrowLast = 10 // what the last column keeps before the others give way
	narrowest  = 6  // what every column keeps before the first one gives way
)

func newGrid(head []string, rows [][]string, width int) grid {
	n := len(head)
	for _, r := range rows {
		n = max(n, len(r))
	}
	g := grid{widths: make([]int, n), right: make([]bool, n), gap: wideGap}
	for i := range n {
		g.right[i] = true
		if i < len(head) {
			g.widths[i] = ansi.StringWidth(head[i])
		}
		for _, r := range rows {
			if i < len(r) {
				g.widths[i] = max(g.widths[i], ansi.StringWidth(r[i]))
				g.right[i] = g.right[i] && figure(r[i])
			}
		}
	}
	if g.width() > width {
		g.gap = narrowGap
	}
	if over := g.width() - width; over > 0 && n > 1 {
		g.widths[n-1] -= min(over, max(0, g.widths[n-1]-narrowLast))
	}
	room := width - g.gap*(n-1)
	if n > 1 && room-g.widths[0] >= narrowest*(n-1) {
		shrink(g.widths[1:], room-g.widths[0])
	}
	g.widths = shrink(g.widths, room)
	return g
}

// width is how many cells a row takes.
func (g grid) width() int {
	w := g.gap * (len(g.widths) - 1)
	for _, n := range g.widths {
		w += n
	}
	return w
}

// figure says that a cell is a number, perhaps with a unit, or has none to show. Dates, times and
// versions are names.
func figure(cell string) bool {
	number, unit, _ := strings.Cut(cell, " ")
	if cell == "" || cell == "-" {
		return true
	}
	return strings.Trim(number, "0123456789.,") == "" && strings.Count(number, ".") < 2 && len(unit) < 4
}

func (g grid) row(cells []string) string {
	out := make([]string, 0, len(cells))
	for i, cell := range cells {
		if i >= len(g.widths) {
			break
		}
		cell = middle(cell, g.widths[i])
		if g.right[i] {
			out = append(out, padLeft(cell, g.widths[i]))
		} else {
			out = append(out, pad(cell, g.widths[i]))
		}
	}
	return strings.Join(out, spaces(g.gap))
}
