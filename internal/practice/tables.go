package practice

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"mastodon-restore/internal/mastodon"
	"mastodon-restore/internal/pgdump"
)

// null is how COPY writes a missing value.
const null = `\N`

// database is one simulated database: a folder with meta.json, and a file for each table whose
// first line names the columns and whose others are rows as COPY writes them.
type database struct {
	dir string
}

// meta is what PostgreSQL's catalogue knows of a database.
type meta struct {
	Owner    string            `json:"owner"`
	Encoding string            `json:"encoding"`
	Collate  string            `json:"collate"`
	CType    string            `json:"ctype"`
	Comment  string            `json:"comment"`
	Contents mastodon.Contents `json:"contents"`
}

func (d database) exists() bool {
	_, err := os.Stat(filepath.Join(d.dir, "meta.json"))
	return err == nil
}

func (d database) meta() (m meta, err error) {
	text, err := os.ReadFile(filepath.Join(d.dir, "meta.json"))
	if errors.Is(err, os.ErrNotExist) {
		return m, fmt.Errorf("FATAL:  database %q does not exist", filepath.Base(d.dir))
	}
	if err != nil {
		return m, err
	}
	return m, json.Unmarshal(text, &m)
}

func (d database) save(m meta) error {
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Join(d.dir, "tables"), 0o755); err != nil {
		return err
	}
	part := filepath.Join(d.dir, "meta.json.new")
	if err := os.WriteFile(part, text, 0o644); err != nil {
		return err
	}
	return os.Rename(part, filepath.Join(d.dir, "meta.json"))
}

func (d database) table(name string) string { return filepath.Join(d.dir, "tables", name) }

func (d database) has(table string) bool {
	_, err := os.Stat(d.table(table))
	return err == nil
}

// create makes an empty table with the columns of its rows.
func (d database) create(name string, columns []string) error {
	return os.WriteFile(d.table(name), []byte(strings.Join(columns, "\t")+"\n"), 0o644)
}

// fill appends a table's rows from a dump, all of them or none.
func (d database) fill(name string, rows io.Reader) error {
	had, err := os.ReadFile(d.table(name))
	if err != nil {
		return fmt.Errorf("relation %q does not exist", name)
	}
	text, err := io.ReadAll(rows)
	if err != nil {
		return err
	}
	if end := bytes.Index(text, []byte("\\.\n")); end == 0 || end > 0 && text[end-1] == '\n' {
		text = text[:end]
	}
	return os.WriteFile(d.table(name), append(had, text...), 0o644)
}

// row is one row; its fields are as COPY writes them.
type row struct {
	columns map[string]int
	fields  []string
}

func (r row) get(column string) string {
	if i, ok := r.columns[column]; ok && i < len(r.fields) {
		return r.fields[i]
	}
	return null
}

func (r row) is(column string) bool { return r.get(column) != null }

func (r row) set(column, value string) { r.fields[r.columns[column]] = value }

// rows reads a table. A table that is not there has no rows; ok tells.
func (d database) rows(name string, each func(row)) (ok bool, err error) {
	f, err := os.Open(d.table(name))
	if errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 8<<20)
	r := row{columns: map[string]int{}}
	for first := true; lines.Scan(); first = false {
		fields := strings.Split(lines.Text(), "\t")
		if first {
			for i, column := range fields {
				r.columns[column] = i
			}
			continue
		}
		r.fields = fields
		each(r)
	}
	return true, lines.Err()
}

// rewrite replaces a table's rows by those that each returns.
func (d database) rewrite(name string, each func(row) []row) error {
	head, _, err := d.head(name)
	if err != nil {
		return err
	}
	var out strings.Builder
	out.WriteString(head + "\n")
	if _, err := d.rows(name, func(r row) {
		for _, kept := range each(r) {
			out.WriteString(strings.Join(kept.fields, "\t") + "\n")
		}
	}); err != nil {
		return err
	}
	return os.WriteFile(d.table(name), []byte(out.String()), 0o644)
}

func (d database) head(name string) (head, rest string, err error) {
	text, err := os.ReadFile(d.table(name))
	head, rest, _ = strings.Cut(string(text), "\n")
	return head, rest, err
}

// schema is what a dump's contents make of the public schema, by section.
func schema(entries []pgdump.Entry, section pgdump.Section) (c mastodon.Contents) {
	for i := range entries {
		e := &entries[i]
		if e.Namespace != "public" || e.Section != section {
			continue
		}
		switch e.Kind {
		case "TABLE":
			c.Tables = append(c.Tables, e.Name)
		case "SEQUENCE":
			c.Sequences = append(c.Sequences, e.Name)
		case "VIEW", "MATERIALIZED VIEW":
			c.Views = append(c.Views, e.Name)
		case "FUNCTION":
			name, _, _ := strings.Cut(e.Name, "(")
			c.Functions = append(c.Functions, name)
		case "INDEX":
			c.Indexes = append(c.Indexes, e.Name)
		case "CONSTRAINT", "FK CONSTRAINT":
			c.Constraints = append(c.Constraints, strings.Replace(e.Name, " ", ".", 1))
		}
	}
	return c
}

// join puts two lists of objects together, sorted.
func join(a, b mastodon.Contents) mastodon.Contents {
	both := func(a, b []string) []string {
		list := slices.Concat(a, b)
		slices.Sort(list)
		return slices.Compact(list)
	}
	return mastodon.Contents{
		Tables: both(a.Tables, b.Tables), Indexes: both(a.Indexes, b.Indexes), Constraints: both(a.Constraints, b.Constraints),
		Sequences: both(a.Sequences, b.Sequences), Views: both(a.Views, b.Views), Functions: both(a.Functions, b.Functions),
	}
}
