package backupset

import (
	"time"

	"mastodon-restore/internal/mastodon"
)

// Set is a folder of backups. What Open could learn at once is in its fields; what takes reading
// is in a [Report].
type Set struct {
	Dir string
	// Created is when pg_dump ran, by the clock of the machine it ran on: the file does not say in
	// which zone. Zero when the dump can't be read.
	Created time.Time
	// Domain is LOCAL_DOMAIN of the environment file, empty when that says nothing.
	Domain string
	// DatabaseName, ServerVersion and DumpVersion are as the dump's header gives them.
	DatabaseName, ServerVersion, DumpVersion string
	// Kinds counts the entries of the dump's contents by kind ("TABLE", "INDEX"), and Contents
	// names those of schema public. Find leaves them empty.
	Kinds    map[string]int
	Contents mastodon.Contents
	// Schema is the highest migration, Release the newest known Mastodon release that is not newer,
	// RailsEnv what Rails calls the database. Find leaves them empty, and so does Open where they
	// can't be had in time; Read always tells.
	Schema, Release, RailsEnv string
	// Problem is why the folder or the dump's beginning can't be read; nil as a rule. A set with a
	// problem is listed all the same, so that nobody wonders where it is.
	Problem error

	parts []Part
	env   mastodon.Env
}

// Part is one file of a set.
type Part struct {
	Class   Class
	Name    string // of the file; the script's own name when it is missing
	Path    string // empty when it is missing
	Size    int64  // in bytes
	Missing bool
	// Others are further files of the class, which are left alone: system_cache.tar beside
	// system_cache.tar.gz.
	Others []string
	// Problem is why the file can't be opened, such as a lack of permission.
	Problem error
}

// Parts are all classes there can be, the missing ones too, in the order of [Classes].
func (s *Set) Parts() []Part { return s.parts }

// Part is the part of a class.
func (s *Set) Part(c Class) Part {
	for _, p := range s.parts {
		if p.Class == c {
			return p
		}
	}
	return Part{Class: c, Missing: true}
}

// Path is the file of a class, empty when it is missing.
func (s *Set) Path(c Class) string { return s.Part(c).Path }

// Size is the bytes of all parts together.
func (s *Set) Size() (size int64) {
	for _, p := range s.parts {
		size += p.Size
	}
	return size
}

// Env is the backed-up environment of the web pod, secrets included. It is nil when there is none.
// It must never be written anywhere.
func (s *Set) Env() mastodon.Env { return s.env }
