package pgdump

import (
	"fmt"
	"strings"
	"unicode"
)

// The kinds of entries that carry data. There are some forty more without, such as "INDEX".
const (
	KindTableData    = "TABLE DATA"
	KindLargeObjects = "BLOBS"
)

// Section is the part of a restore in which an entry has its turn.
type Section byte

// The sections, numbered as in the file.
const (
	NoSection Section = 1 + iota
	PreData
	Data
	PostData
)

func (s Section) String() string {
	switch s {
	case NoSection:
		return "none"
	case PreData:
		return "pre-data"
	case Data:
		return "data"
	case PostData:
		return "post-data"
	}
	return fmt.Sprintf("section %d", byte(s))
}

// Entry is one line of the table of contents. A string that is NULL in the file is empty here.
// Strings are as the file has them: whoever shows them to a person uses Label or String.
type Entry struct {
	ID           int
	Kind         string // "TABLE", "TABLE DATA", "INDEX", …
	Name         string
	Namespace    string // the schema
	Owner        string
	Tablespace   string
	AccessMethod string
	Relkind      byte   // pg_class.relkind, since archive version 1.16
	Catalog, OID uint32 // the system table and the object's row in it
	Section      Section
	Definition   string
	Drop         string
	Copy         string // the COPY statement before the rows
	OIDs         bool   // WITH OIDS, up to PostgreSQL 11
	HasData      bool
	Offset       int64 // where its data begin; -1 when the file does not say
	Dependencies []int // IDs
}

// String is the entry as pg_restore --list prints it.
func (e *Entry) String() string {
	namespace := e.Namespace
	if namespace == "" {
		namespace = "-"
	}
	return fmt.Sprintf("%d; %d %d %s %s %s %s", e.ID, e.Catalog, e.OID, oneLine(e.Kind), oneLine(namespace), oneLine(e.Name), oneLine(e.Owner))
}

// Label is the entry in a sentence, such as "table public.statuses".
func (e *Entry) Label() string {
	switch e.Kind {
	case KindTableData:
		return "table " + e.qualified()
	case KindLargeObjects:
		return "the large objects"
	}
	return strings.ToLower(oneLine(e.Kind)) + " " + e.qualified()
}

func (e *Entry) qualified() string {
	if e.Namespace == "" {
		return oneLine(e.Name)
	}
	return oneLine(e.Namespace) + "." + oneLine(e.Name)
}

// oneLine makes a name of an untrusted file fit to be shown: control characters become spaces.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, s)
}

// Columns are the names of the fields of each row, from the COPY statement; nil when there is none.
func (e *Entry) Columns() []string {
	_, list, found := strings.Cut(e.Copy, " (")
	if !found || !strings.HasPrefix(e.Copy, "COPY ") {
		return nil
	}
	// The table's own name may hold " (" too: start over behind the quotes.
	if name := quotedPrefix(e.Copy[len("COPY "):]); name > 0 {
		if _, list, found = strings.Cut(e.Copy[len("COPY ")+name:], "("); !found {
			return nil
		}
	}
	var columns []string
	if e.OIDs && strings.Contains(e.Copy, ") WITH OIDS ") {
		columns = append(columns, "oid")
	}
	for {
		name, rest, ok := identifier(strings.TrimLeft(list, " "))
		if !ok {
			return nil
		}
		columns = append(columns, name)
		switch {
		case strings.HasPrefix(rest, ")"):
			return columns
		case !strings.HasPrefix(rest, ","):
			return nil
		}
		list = rest[1:]
	}
}

// quotedPrefix is the length of a qualified name that has quotes in it, else 0.
func quotedPrefix(s string) int {
	n, quoted := 0, false
	for {
		quoted = quoted || strings.HasPrefix(s[n:], `"`)
		_, rest, ok := identifier(s[n:])
		if !ok {
			return 0
		}
		n = len(s) - len(rest)
		if !strings.HasPrefix(rest, ".") {
			break
		}
		n++
	}
	if !quoted {
		return 0
	}
	return n
}

// identifier takes one SQL identifier, quoted or not, off the front of s.
func identifier(s string) (name, rest string, ok bool) {
	if !strings.HasPrefix(s, `"`) {
		end := strings.IndexAny(s, ".,) (")
		if end <= 0 {
			return "", "", false
		}
		return s[:end], s[end:], true
	}
	for i := 1; i < len(s); i++ {
		if s[i] != '"' {
			continue
		}
		if i+1 < len(s) && s[i+1] == '"' {
			i++
			continue
		}
		return strings.ReplaceAll(s[1:i], `""`, `"`), s[i+1:], true
	}
	return "", "", false
}
