package tui

import (
	"fmt"
	"strings"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"mastodon-restore/workflow"
)

// choose is a table with one row to take, and the card of the row under the cursor.
type choose struct {
	*scene
	q      workflow.Question
	cursor string // the option's ID: rows may come and move while they are read
	moved  bool   // by the person, so that the default no longer matters
	filter typing
	typing bool
	top    int // first row shown
	page   int // rows shown last time
}

func newChoose(s *scene, q workflow.Question) *choose {
	c := &choose{scene: s}
	c.refresh(q)
	return c
}

func (c *choose) refresh(q workflow.Question) {
	c.q = q
	if !c.moved && q.Default != "" {
		c.cursor = q.Default
	}
	c.hold()
}

// rows are the options that are rows and match the filter.
func (c *choose) rows() []workflow.Option {
	var out []workflow.Option
	want := strings.ToLower(c.filter.text)
	for _, o := range c.q.Options {
		if o.Key != "" {
			continue
		}
		text := strings.ToLower(o.ID + "\n" + o.Label + "\n" + strings.Join(o.Cells, "\n"))
		if strings.Contains(text, want) {
			out = append(out, o)
		}
	}
	return out
}

// hold keeps the cursor on a row that exists.
func (c *choose) hold() {
	rows := c.rows()
	if _, ok := option(rows, c.cursor); !ok && len(rows) > 0 {
		c.cursor = rows[0].ID
	}
}

func (c *choose) Press(k tea.KeyMsg) effect {
	if c.typing {
		return c.pressFilter(k)
	}
	if o, ok := optionFor(k, c.q.Options, ""); ok {
		return take(o)
	}
	switch {
	case pressed(k, c.keys.up):
		return c.move(-1)
	case pressed(k, c.keys.down):
		return c.move(1)
	case pressed(k, c.keys.pageUp):
		return c.move(-max(1, c.page-1))
	case pressed(k, c.keys.pageDown):
		return c.move(max(1, c.page-1))
	case pressed(k, c.keys.top):
		return c.move(-len(c.q.Options))
	case pressed(k, c.keys.bottom):
		return c.move(len(c.q.Options))
	case pressed(k, c.keys.filter):
		c.typing = true
		return stay
	case pressed(k, c.keys.back) && c.filter.text != "":
		c.filter.text = ""
		c.hold()
		return stay
	case pressed(k, c.keys.back):
		return goBack(c.q.Options)
	case pressed(k, c.keys.details):
		return c.details()
	case pressed(k, c.keys.take):
		return c.takeRow()
	}
	return nil
}

// pressFilter is a key while the filter is typed. Enter only ends the typing.
func (c *choose) pressFilter(k tea.KeyMsg) effect {
	switch {
	case pressed(k, c.keys.take):
		c.typing = false
	case pressed(k, c.keys.back):
		c.typing, c.filter.text = false, ""
	case k.Type == tea.KeyUp, k.Type == tea.KeyDown:
		c.typing = false
		return c.Press(k)
	case c.filter.press(k, c.keys):
		c.moved = true
	}
	c.hold()
	return stay
}

func (c *choose) move(by int) effect {
	rows := c.rows()
	for i, o := range rows {
		if o.ID == c.cursor {
			c.cursor = rows[min(max(i+by, 0), len(rows)-1)].ID
			break
		}
	}
	c.moved = true
	return stay
}

func (c *choose) takeRow() effect {
	o, ok := option(c.rows(), c.cursor)
	if !ok {
		return say("There is nothing to take here.")
	}
	return take(o)
}

func (c *choose) details() effect {
	o, ok := option(c.rows(), c.cursor)
	if !ok {
		return say("There is nothing to describe here.")
	}
	return open(newPage(c.scene, func(w int) []string { return c.card(o, w) }))
}

func (c *choose) Keys() []key.Binding {
	if c.typing {
		return []key.Binding{as(c.keys.take, "keep the filter"), as(c.keys.back, "show all")}
	}
	out := []key.Binding{choosing("choose"), c.keys.take}
	out = append(out, keyed(c.q.Options, "")...)
	if _, ok := option(c.q.Options, backOption); ok {
		out = append(out, c.keys.back)
	}
	return append(out, c.keys.details, c.keys.filter, c.keys.leave, c.keys.help)
}

func (c *choose) Render(width, height int) []string {
	title := c.theme.title.Render(oneLine(c.q.Title))
	lines := []string{" " + ends(title, c.theme.faint.Render(c.hint(width)), width-2), ""}
	rows := c.rows()
	if len(rows) == 0 {
		lines[1] = c.filterLine()
		return append(lines, "   "+c.nothing())
	}
	var card []string
	if o, ok := option(rows, c.cursor); ok {
		card = c.card(o, width)
	}
	room := height - len(lines) - 2
	if len(c.q.Columns) > 0 {
		room--
	}
	c.page = max(3, min(len(rows), room-len(card)))
	lines = append(lines, c.table(rows, width)...)
	lines = append(lines, "")
	lines[1] = c.filterLine()
	if c.page < len(rows) {
		shown := fmt.Sprintf("%d-%d of %d", c.top+1, c.top+c.page, len(rows))
		lines[1] = ends(lines[1], c.theme.faint.Render(shown), width-1)
	}
	if over := len(lines) + len(card) - height; over > 0 && len(card) > over+1 {
		card = append(card[:len(card)-over-1],
			" "+c.theme.faint.Render("… "+plural(over+1, "more line", "more lines")+": i shows them"))
	}
	return append(lines, card...)
}

func (c *choose) hint(width int) string {
	hint := oneLine(c.q.Hint)
	if c.q.Updating {
		hint = strings.TrimSpace(hint + "  still reading")
	}
	return middle(hint, width/2)
}

func (c *choose) filterLine() string {
	switch {
	case c.typing:
		return " filter: " + c.filter.text + "█"
	case c.filter.text != "":
		return c.theme.faint.Render(" only rows with \"" + c.filter.text + "\", esc shows all")
	}
	return ""
}

func (c *choose) nothing() string {
	switch {
	case c.filter.text != "":
		return "No row has \"" + c.filter.text + "\" in it."
	case c.q.Updating:
		return "Looking…"
	}
	return "There is nothing to choose from."
}

// table draws the rows around the cursor.
func (c *choose) table(rows []workflow.Option, width int) []string {
	at := 0
	for i, o := range rows {
		if o.ID == c.cursor {
			at = i
		}
	}
	c.top = min(max(c.top, at-c.page+1), at)
	c.top = max(0, min(c.top, len(rows)-c.page))
	shown := rows[c.top:min(len(rows), c.top+c.page)]

	g := newGrid(c.q.Columns, cellsOf(rows), width-4)
	var lines []string
	if len(c.q.Columns) > 0 {
		lines = append(lines, "   "+c.theme.faint.Render(strings.TrimRight(g.row(c.q.Columns), " ")))
	}
	for _, o := range shown {
		text := strings.TrimRight(g.row(cells(o)), " ")
		switch {
		case o.ID == c.cursor:
			text = c.theme.chosen.Render("> " + text)
		case o.Unavailable != "":
			text = "  " + c.theme.faint.Render(text)
		default:
			text = "  " + text
		}
		lines = append(lines, " "+text)
	}
	return lines
}

func cellsOf(rows []workflow.Option) [][]string {
	out := make([][]string, len(rows))
	for i, o := range rows {
		out[i] = cells(o)
	}
	return out
}

// cells are what a row shows: its cells, or its label where the question has no columns.
func cells(o workflow.Option) []string {
	if len(o.Cells) == 0 {
		return []string{oneLine(o.Label)}
	}
	out := make([]string, len(o.Cells))
	for i, cell := range o.Cells {
		out[i] = oneLine(cell)
	}
	return out
}
