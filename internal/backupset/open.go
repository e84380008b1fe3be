package backupset

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"mastodon-restore/internal/pgdump"
)

// open fills the set in from what can be learnt at once.
func (s *Set) open(contents bool) {
	s.parts = s.look()
	if p := s.Part(Dump); p.Problem != nil {
		s.Problem = p.Problem
	} else if !p.Missing {
		s.Problem = s.openDump(p.Path, contents)
	}
	if p := s.Part(Env); p.Path != "" && p.Problem == nil {
		s.openEnvironment(p.Path)
	}
}

// look finds the files of all classes.
func (s *Set) look() []Part {
	var parts []Part
	for _, c := range Classes() {
		part := Part{Class: c, Name: c.Names()[0], Missing: true}
		for _, name := range c.Names() {
			path := filepath.Join(s.Dir, name)
			info, err := os.Stat(path)
			if errors.Is(err, fs.ErrNotExist) {
				if _, err := os.Lstat(path); err != nil {
					continue
				}
				// A link to nowhere: somebody meant a file to be here.
			}
			if !part.Missing {
				part.Others = append(part.Others, name)
				continue
			}
			part = Part{Class: c, Name: name, Path: path, Problem: err}
			if err == nil {
				part.Size, part.Problem = info.Size(), notFile(path, info.Mode())
			}
		}
		parts = append(parts, part)
	}
	return parts
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
