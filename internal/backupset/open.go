package backupset

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"mastodon-restore/internal/mastodon"
	"mastodon-restore/internal/pgdump"
)

// glimpse is how long Open may take over what it can do without.
const glimpse = 150 * time.Millisecond

// open fills the set in from what can be learnt at once; with contents also from what takes a little
// longer, until ctx ends. entries are those of its folder.
func (s *Set) open(ctx context.Context, entries []fs.DirEntry, contents bool) {
	s.parts = look(s.Dir, entries)
	if p := s.Part(Dump); p.Problem != nil {
		s.Problem = p.Problem
	} else if !p.Missing {
		s.Problem = s.openDump(ctx, p.Path, contents)
	}
	if p := s.Part(Env); p.Path != "" && p.Problem == nil {
		s.openEnvironment(p.Path)
	}
}

// look finds the files of all classes among a folder's entries. It asks for those alone: on a
// network drive every question takes its time.
func look(dir string, entries []fs.DirEntry) (parts []Part) {
	there := map[string]bool{}
	for _, e := range entries {
		there[e.Name()] = true
	}
	for _, c := range Classes() {
		part := Part{Class: c, Name: c.Names()[0], Missing: true}
		for _, name := range c.Names() {
			switch {
			case !there[name]:
			case part.Missing:
				part = newPart(c, dir, name)
			default:
				part.Others = append(part.Others, name)
			}
		}
		parts = append(parts, part)
	}
	return parts
}

func newPart(c Class, dir, name string) Part {
	part := Part{Class: c, Name: name, Path: filepath.Join(dir, name)}
	info, err := os.Stat(part.Path)
	if err != nil {
		part.Problem = err
		return part
	}
	part.Size, part.Problem = info.Size(), notFile(part.Path, info.Mode())
	return part
}

func notFile(path string, mode fs.FileMode) error {
	if mode.IsRegular() {
		return nil
	}
	return fmt.Errorf("%s is %s, not a file", path, kindOf(mode))
}

func (s *Set) openDump(ctx context.Context, path string, contents bool) error {
	f, size, err := openFile(path)
	if err != nil {
		return err
	}
	defer f.Close()
	var header pgdump.Header
	if contents {
		var archive *pgdump.Archive
		if archive, err = pgdump.Open(f, size); err == nil {
			header = archive.Header
			s.glance(ctx, archive)
		}
	} else {
		header, err = readHead(f, size)
	}
	if err != nil {
		return fmt.Errorf("read %s: %w", filepath.Base(path), err)
	}
	s.Created = header.Created
	s.DatabaseName, s.ServerVersion, s.DumpVersion = legible(header.Database), legible(header.ServerVersion), legible(header.DumpVersion)
	return nil
}

// glance takes what a dump tells without being read: its contents, and the two small tables that say
// which Mastodon it is of, if they are found before ctx ends. What is wrong with it, Read tells.
func (s *Set) glance(ctx context.Context, a *pgdump.Archive) {
	s.Kinds, s.Contents = kindsOf(a), contentsOf(a.Entries())
	if facts, ok := rowsOf(ctx, a, "ar_internal_metadata"); ok {
		s.RailsEnv = facts.counts.Environment
	}
	if facts, ok := rowsOf(ctx, a, "schema_migrations"); ok {
		s.Schema = legible(string(facts.schema))
		release, _, _ := mastodon.ReleaseOf(s.Schema)
		s.Release = release.Version
	}
}

// rowsOf reads one table of schema public to its end.
func rowsOf(ctx context.Context, a *pgdump.Archive, table string) (*rowFacts, bool) {
	entries := a.Entries()
	at := slices.IndexFunc(entries, func(e pgdump.Entry) bool {
		return e.Kind == pgdump.KindTableData && e.Namespace == "public" && e.Name == table
	})
	if at < 0 {
		return nil, false
	}
	facts := newRowFacts(time.Time{}, false)
	for block, err := range a.DataOf(ctx, &entries[at]) {
		if err == nil {
			_, err = facts.block(block)
		}
		if err != nil {
			return nil, false
		}
	}
	return facts, true
}

// openEnvironment takes what the file says; what is wrong with it, Read tells.
func (s *Set) openEnvironment(path string) {
	f, _, err := openFile(path)
	if err != nil {
		return
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, largestEnvironment))
	if err != nil {
		return
	}
	if got, err := parseEnvironment(text); err == nil {
		s.env = got.env
		s.Domain = legible(got.env["LOCAL_DOMAIN"])
	}
}
