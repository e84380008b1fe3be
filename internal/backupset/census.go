package backupset

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"time"
)

// census takes down what the members of an archive are.
type census struct {
	class    Class
	archive  Archive
	names    *sketch
	prefixes map[string]int64
	oddities map[string]*oddity
	newest   int64 // seconds since 1970
	latest   int64 // later times are a clock's mistake
	files    *atomic.Int64
	path     []byte // scratch
}

// oddity is something that occurred among the members, how often, and where first.
type oddity struct {
	times int64
	first string
}

// mostPrefixes bounds memory: an archive has one, or is not one of Mastodon's.
const mostPrefixes = 16

func newCensus(c Class, deep bool, now time.Time, files *atomic.Int64) *census {
	most := quickNames
	if deep && slices.Contains(named, c) {
		most = deepNames
	}
	return &census{class: c, names: newSketch(most), prefixes: map[string]int64{}, oddities: map[string]*oddity{},
		latest: now.Add(24 * time.Hour).Unix(), files: files, archive: Archive{Holds: map[string]int64{}}}
}

// odd takes an oddity down.
func (c *census) odd(id string, m *member) {
	o := c.oddities[id]
	if o == nil {
		o = &oddity{first: fmt.Sprintf("\"%s\", at byte %s of what it unpacks to", legible(string(m.name)), thousands(m.at))}
		c.oddities[id] = o
	}
	o.times++
}

// badNames are the oddities of names, by what judgeName says.
var badNames = map[int]string{
	nameEmpty: "names-invalid", nameAbsolute: "names-absolute", nameParent: "names-parent",
	nameInvalid: "names-invalid", nameLong: "names-long",
}

func (c *census) add(m *member) {
	path := plain(m.name)
	if len(path) == 0 && m.kind == tarDir {
		c.archive.Directories++ // "./"
		return
	}
	if bad := judgeName(path); bad != nameFine {
		c.odd(badNames[bad], m)
	}
	switch m.kind {
	case tarDir:
		c.archive.Directories++
		return
	case tarFile, tarSparse:
		c.file(m, path)
	case tarLink, tarSymlink:
		c.link(m, path)
	case tarChar, tarBlockDev, tarFifo:
		c.odd("devices", m)
	default:
		c.odd("members-unknown", m)
	}
}

func (c *census) file(m *member, path []byte) {
	c.archive.Files++
	c.archive.Bytes += m.size
	c.files.Store(c.archive.Files)
	if m.modified > c.newest && m.modified < c.latest {
		c.newest = m.modified
	}
	prefix, top, bare, ok := locate(path, c.class)
	if !ok {
		c.odd("outside", m)
		return
	}
	c.held(top, m)
	if string(path[:prefix]) != c.archive.Prefix || len(c.prefixes) == 0 {
		c.prefix(string(path[:prefix]), m)
	} else {
		c.prefixes[c.archive.Prefix]++
	}
	if bare {
		c.path = append(append(c.path[:0], top...), '/')
	} else {
		c.path = c.path[:0]
	}
	c.path = append(c.path, path[prefix:]...)
	if !c.names.add(digest(c.path)) {
		c.odd("duplicates", m)
	}
}

// held counts a file of a class.
func (c *census) held(top string, m *member) {
	c.archive.Holds[top]++
	if top != string(c.class) {
		c.odd("contents-foreign", m)
	}
}

func (c *census) prefix(p string, m *member) {
	if len(c.prefixes) == 0 {
		c.archive.Prefix = p
	}
	if _, known := c.prefixes[p]; !known && len(c.prefixes) > 0 {
		c.odd("prefixes", m)
		if len(c.prefixes) == mostPrefixes {
			return
		}
	}
	c.prefixes[p]++
}

func (c *census) link(m *member, path []byte) {
	c.archive.Links++
	prefix, _, _, _ := locate(path, c.class)
	if leaves(path, plainTarget(m), prefix, m.kind == tarLink) {
		c.odd("links-outside", m)
		return
	}
	c.odd("links", m)
}

// plainTarget is a link's target; that of a hard link is a member's name.
func plainTarget(m *member) []byte {
	if m.kind == tarLink {
		return plain(m.link)
	}
	return m.link
}

// result finishes the archive's description.
func (c *census) result() *Archive {
	a := c.archive
	if c.newest > 0 {
		a.Newest = time.Unix(c.newest, 0).UTC()
	}
	most := int64(0)
	for p, n := range c.prefixes {
		if n > most || n == most && p < a.Prefix {
			a.Prefix, most = p, n
		}
	}
	a.Prefix = legible(a.Prefix)
	return &a
}

// holds says in words what else than its own class an archive has.
func holds(a *Archive, except Class) string {
	var all []string
	for _, top := range slices.Sorted(maps.Keys(a.Holds)) {
		if top != string(except) {
			all = append(all, fmt.Sprintf("%s of %s", plural(a.Holds[top], "file"), top))
		}
	}
	return strings.Join(all, ", ")
}

// plural counts in words.
func plural(n int64, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%s %ss", thousands(n), noun)
}

// thousands writes a number as people read it.
func thousands(n int64) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
