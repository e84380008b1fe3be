package sample

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

// A copier writes rows as psql reads them: COPY … FROM stdin, the rows, a line with \. alone.
type copier struct {
	w   *bufio.Writer
	now time.Time
}

type (
	null    struct{} // a missing value
	columns []any    // several neighbours of one row
)

var escape = strings.NewReplacer(`\`, `\\`, "\t", `\t`, "\n", `\n`, "\r", `\r`)

// table writes the rows that each yields. A bufio.Writer remembers its first error, so nothing is
// checked on the way; WriteRows flushes and reports.
func (c *copier) table(name, columns string, each func(row func(values ...any))) {
	fmt.Fprintf(c.w, "COPY %s (%s) FROM stdin;\n", name, columns)
	want := strings.Count(columns, ",") + 1
	each(func(values ...any) {
		if got := c.row(values); got != want {
			panic(fmt.Sprintf("sample: table %s has %d columns, not %d", name, want, got))
		}
	})
	c.w.WriteString("\\.\n")
}

// row writes a line and says how many columns it has.
func (c *copier) row(values []any) int {
	n := 0
	one := func(v any) {
		if n > 0 {
			c.w.WriteByte('\t')
		}
		c.value(v)
		n++
	}
	for _, v := range values {
		if several, ok := v.(columns); ok {
			for _, v := range several {
				one(v)
			}
			continue
		}
		one(v)
	}
	c.w.WriteByte('\n')
	return n
}

func (c *copier) value(v any) {
	switch v := v.(type) {
	case null:
		c.w.WriteString(`\N`)
	case string:
		_, _ = escape.WriteString(c.w, v) // the writer keeps its error for Flush
	case int:
		c.w.WriteString(strconv.Itoa(v))
	case int64:
		c.w.WriteString(strconv.FormatInt(v, 10))
	case bool:
		c.w.WriteString(strconv.FormatBool(v))
	case time.Time:
		c.w.WriteString(v.UTC().Format("2006-01-02 15:04:05.000000"))
	default:
		panic(fmt.Sprintf("sample: no text form for a %T", v))
	}
}

// or gives the value, or NULL where there is none to give.
func or(have bool, v any) any {
	if !have {
		return null{}
	}
	return v
}

// WriteSQL writes a whole server's database, schema and rows, for psql into an empty database.
func (s Size) WriteSQL(w io.Writer, now time.Time) error {
	if err := s.check(); err != nil {
		return err
	}
	if _, err := io.WriteString(w, Schema); err != nil {
		return fmt.Errorf("write schema: %w", err)
	}
	return s.WriteRows(w, now)
}

// WriteRows writes the rows alone, for psql into a database that has the [Schema].
func (s Size) WriteRows(w io.Writer, now time.Time) error {
	if err := s.check(); err != nil {
		return err
	}
	c := &copier{bufio.NewWriterSize(w, 1<<16), now.UTC()}
	for _, write := range []func(*copier){s.site, s.people, s.users, s.posts, s.media, s.bonds, s.finish} {
		write(c)
	}
	if err := c.w.Flush(); err != nil {
		return fmt.Errorf("write rows: %w", err)
	}
	return nil
}
