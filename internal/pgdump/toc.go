package pgdump

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unsafe"
)

// The table of contents is kept in memory, so it is bounded: this is what its strings and entries
// may take, and one string of it. (Mastodon's takes 1 MiB with 600 entries.)
const (
	largestContents = 20 << 20
	longestString   = 4 << 20
)

var errTooMuch = errors.New("a string is impossibly long")

const (
	offsetUnknown = 1
	offsetKnown   = 2
	offsetNoData  = 3
)

// contents reads the table of contents.
type contents struct {
	*source
	header  Header
	start   int64 // of the data
	budget  int
	entries []Entry
	index   map[int]int // from ID to place in entries
}

func (s *source) contents(h Header) (*contents, error) {
	c := &contents{source: s, header: h, budget: largestContents, index: make(map[int]int)}
	count, err := s.int()
	if err != nil || count < 0 {
		return nil, s.damage("the table of contents", cmpError(err, fmt.Errorf("impossible number of entries %d", count)))
	}
	for i := range count {
		if err := c.next(); err != nil {
			where := fmt.Sprintf("the table of contents (entry %d of %d)", i+1, count)
			if errors.Is(err, errTooMuch) {
				return nil, &LimitError{s.pos, where, fmt.Sprintf("it takes more than %d MiB of memory, or one string of it more than %d MiB", largestContents>>20, longestString>>20)}
			}
			return nil, s.damage(where, err)
		}
	}
	if err := c.check(); err != nil {
		return nil, s.damage("the table of contents", err)
	}
	c.start = s.pos
	return c, nil
}

func cmpError(first, otherwise error) error {
	if first != nil {
		return first
	}
	return otherwise
}

func (c *contents) spend(bytes int) error {
	if c.budget -= bytes; c.budget < 0 {
		return errTooMuch
	}
	return nil
}

func (c *contents) text() (string, error) {
	v, err := c.string(min(c.budget, longestString))
	if err != nil {
		return "", err
	}
	return v, c.spend(len(v) + 16)
}

// decimal reads a number that the file holds as text.
func (c *contents) decimal() (uint32, error) {
	text, err := c.string(20)
	if err != nil {
		if errors.Is(err, errTooMuch) {
			err = errors.New("a number is expected")
		}
		return 0, err
	}
	v, err := strconv.ParseUint(text, 10, 32)
	if err != nil {
		return 0, fmt.Errorf("%q is not a number", text)
	}
	return uint32(v), nil
}

func (c *contents) next() error {
	// Three times: the slice grows by copying, and the index has its share.
	if err := c.spend(3 * int(unsafe.Sizeof(Entry{}))); err != nil {
		return err
	}
	var e Entry
	for _, read := range []func(*Entry) error{c.identity, c.statements, c.place, c.dependencies, c.offset} {
		if err := read(&e); err != nil {
			return err
		}
	}
	if _, double := c.index[e.ID]; double {
		return fmt.Errorf("dump id %d occurs twice", e.ID)
	}
	c.index[e.ID] = len(c.entries)
	c.entries = append(c.entries, e)
	return nil
}

func (c *contents) identity(e *Entry) error {
	id, err := c.int()
	if err != nil {
		return err
	}
	if id <= 0 || id > math.MaxInt32 {
		return fmt.Errorf("impossible dump id %d", id)
	}
	e.ID = int(id)
	data, err := c.int()
	if err != nil {
		return err
	}
	if data != 0 && data != 1 {
		return fmt.Errorf("impossible data flag %d", data)
	}
	e.HasData = data == 1
	if e.Catalog, err = c.decimal(); err != nil {
		return err
	}
	if e.OID, err = c.decimal(); err != nil {
		return err
	}
	if e.Name, err = c.text(); err != nil {
		return err
	}
	if e.Kind, err = c.text(); err != nil {
		return err
	}
	section, err := c.int()
	if err != nil {
		return err
	}
	if section < int64(NoSection) || section > int64(PostData) {
		return fmt.Errorf("impossible section %d", section)
	}
	e.Section = Section(section)
	return nil
}

func (c *contents) statements(e *Entry) error {
	for _, to := range []*string{&e.Definition, &e.Drop, &e.Copy} {
		var err error
		if *to, err = c.text(); err != nil {
			return err
		}
	}
	return nil
}

func (c *contents) place(e *Entry) error {
	var err error
	if e.Namespace, err = c.text(); err != nil {
		return err
	}
	if e.Tablespace, err = c.text(); err != nil {
		return err
	}
	if c.header.since(14) {
		if e.AccessMethod, err = c.text(); err != nil {
			return err
		}
	}
	if c.header.since(16) {
		kind, err := c.int()
		if err != nil {
			return err
		}
		if kind < 0 || kind > math.MaxUint8 {
			return fmt.Errorf("impossible relkind %d", kind)
		}
		e.Relkind = byte(kind)
	}
	if e.Owner, err = c.text(); err != nil {
		return err
	}
	oids, err := c.text()
	if err != nil {
		return err
	}
	if oids != "true" && oids != "false" && oids != "" {
		return fmt.Errorf("%s stands where true or false is expected", quote([]byte(oids)))
	}
	e.OIDs = oids == "true"
	return nil
}

func (c *contents) dependencies(e *Entry) error {
	for {
		text, there, err := c.nullable(20)
		if errors.Is(err, errTooMuch) {
			return errors.New("a dump id is expected")
		}
		if err != nil || !there {
			return err
		}
		id, err := strconv.ParseInt(text, 10, 32)
		if err != nil || id < 0 {
			return fmt.Errorf("%q is not a dump id", text)
		}
		if err := c.spend(64); err != nil { // with the copies of a slice that grows
			return err
		}
		e.Dependencies = append(e.Dependencies, int(id))
	}
}

func (c *contents) offset(e *Entry) error {
	flag, err := c.byte()
	if err != nil {
		return err
	}
	at, err := c.little(c.offSize)
	if err != nil {
		return err
	}
	e.Offset = -1
	switch {
	case flag < offsetUnknown || flag > offsetNoData:
		return fmt.Errorf("impossible offset flag %d", flag)
	case (flag == offsetNoData) == e.HasData:
		return errors.New("the offset flag and the data flag contradict each other")
	case flag == offsetKnown && at > math.MaxInt64:
		return fmt.Errorf("impossible offset %d", at)
	case flag == offsetKnown:
		e.Offset = int64(at)
	}
	return nil
}

// check is for what shows only when all entries are there.
func (c *contents) check() error {
	greatest := 0
	for i := range c.entries {
		greatest = max(greatest, c.entries[i].ID)
	}
	for i := range c.entries {
		e := &c.entries[i]
		if e.Offset >= 0 && e.Offset < c.pos {
			return fmt.Errorf("the data of %s begin at byte %d, inside the table of contents", e.Label(), e.Offset)
		}
		switch e.Kind {
		case KindTableData:
			// The one dependency of a table's data is the table, which came earlier in pg_dump's numbering.
			if len(e.Dependencies) > 0 && (e.Dependencies[0] == 0 || e.Dependencies[0] > greatest) {
				return fmt.Errorf("%s depends on the unknown dump id %d", e.Label(), e.Dependencies[0])
			}
		case "ENCODING":
			if !knownEncoding(quotedValue(e.Definition)) {
				return fmt.Errorf("unknown encoding in %s", quote([]byte(e.Definition)))
			}
		case "STDSTRINGS":
			if v := quotedValue(e.Definition); v != "on" && v != "off" {
				return fmt.Errorf("on or off is expected in %s", quote([]byte(e.Definition)))
			}
		}
	}
	return nil
}

// quotedValue is what stands between the first two single quotes.
func quotedValue(s string) string {
	_, s, _ = strings.Cut(s, "'")
	v, _, found := strings.Cut(s, "'")
	if !found {
		return ""
	}
	return v
}
