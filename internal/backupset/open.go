package backupset

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"mastodon-restore/internal/pgdump"
)

// open fills the set in from what can be learnt at once. entries are those of its folder.
func (s *Set) open(entries []fs.DirEntry, contents bool) {
	s.parts = look(s.Dir, entries)
	if p := s.Part(Dump); p.Problem != nil {
		s.Problem = p.Problem
	} else if !p.Missing {
		s.Problem = s.openDump(p.Path, contents)
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

func (s *Set) openDump(path string, contents bool) error {
	f, size, err := openFile(path)
	if err != nil {
		return err
	}
	defer f.Close()
	var header pgdump.Header
	if contents {
		var archive *pgdump.Archive
		if archive, err = pgdump.Open(f, size); err == nil {
			header, s.Kinds, s.Contents = archive.Header, kindsOf(archive), contentsOf(archive.Entries())
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
