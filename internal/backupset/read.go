package backupset

import (
	"context"
	"errors"
	"time"
)

// Options say how a set is read. The zero value reads every byte, looks for a sample of the files
// that the database names, and tells nobody how far it is.
type Options struct {
	// Deep looks for all files that the database names, not for a sample.
	Deep bool
	// Jobs is how many parts are read side by side; 0 for as many as there are processors.
	Jobs int
	// Progress is called some ten times a second and once at the end, never twice at a time. Read
	// waits for it, so it should only take note.
	Progress func(Progress)
	// Now is the time that ages and due posts are measured against; zero for the clock's.
	Now time.Time
}

// Progress is how far a reading is, in bytes of the files.
type Progress struct {
	Done, Total int64
	Parts       []PartProgress
}

// PartProgress is how far the reading of one part is.
type PartProgress struct {
	Class       Class
	Done, Total int64
	Files       int64 // members of an archive, rows of a dump
	Over        bool
}

// Read reads all parts to the end, side by side.
func (s *Set) Read(ctx context.Context, o Options) (*Report, error) {
	return nil, errors.New("read the set: not implemented")
}
