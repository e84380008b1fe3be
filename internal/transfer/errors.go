package transfer

import (
	"fmt"
	"strings"
	"time"
)

// VolumeFullError says that the far side ran out of space (or of inodes, or quota). What arrived
// stays and is in the ledger; after space was made the same call goes on.
type VolumeFullError struct {
	Place string
	Dir   string
	// FreeBytes and FreeInodes are what df says now; -1 where it says nothing.
	FreeBytes, FreeInodes int64
	// PlacedFiles and PlacedBytes have arrived whole; MissingFiles and MissingBytes have not.
	PlacedFiles, PlacedBytes   int64
	MissingFiles, MissingBytes int64
	// Said is what the far side printed.
	Said string
}

func (e *VolumeFullError) Error() string {
	return fmt.Sprintf("volume full at %s in %s: %d files (%s) are there, %d files (%s) are missing, %s free; make room, then resume",
		e.Dir, e.Place, e.PlacedFiles, humanBytes(e.PlacedBytes), e.MissingFiles, humanBytes(e.MissingBytes), humanBytes(max(e.FreeBytes, 0)))
}

// ChangedError says that the local file is not the one the transfer was begun with.
type ChangedError struct {
	File string
	What string
}

func (e *ChangedError) Error() string {
	return fmt.Sprintf("%s is not the file this transfer was begun with (%s); bring the first one back, or start a new run", e.File, e.What)
}

// DamagedError says where the local archive cannot be read any further.
type DamagedError struct {
	File string
	// Offset is how many bytes of the file had been read.
	Offset int64
	// Entry is the last entry begun; Entries is how many were whole before.
	Entry   string
	Entries int64
	Err     error
}

func (e *DamagedError) Error() string {
	return fmt.Sprintf("%s is damaged near byte %d, after %d entries (last %q): %v; use another copy of this file",
		e.File, e.Offset, e.Entries, e.Entry, e.Err)
}

func (e *DamagedError) Unwrap() error { return e.Err }

// UnsafeError says which entry would leave the destination, or is nothing that belongs there.
type UnsafeError struct {
	File   string
	Entry  string
	Reason string
}

func (e *UnsafeError) Error() string {
	return fmt.Sprintf("%s holds the unsafe entry %q: %s; it was not sent, nor anything after it", e.File, e.Entry, e.Reason)
}

// StalledError says that nothing has arrived for longer than [Options.Patience].
type StalledError struct {
	Place string
	For   time.Duration
	// Err is what the last broken lane said.
	Err error
}

func (e *StalledError) Error() string {
	return fmt.Sprintf("nothing has reached %s for %s: %v; what arrived is kept, resume when the cluster answers again",
		e.Place, e.For.Round(time.Second), e.Err)
}

func (e *StalledError) Unwrap() error { return e.Err }

// UnpackError says that the far side refused a parcel again and again.
type UnpackError struct {
	Place, Dir string
	Code       int
	Said       string
}

func (e *UnpackError) Error() string {
	return fmt.Sprintf("unpack into %s in %s: exit code %d: %s", e.Dir, e.Place, e.Code, e.Said)
}

// UnfitError says what the far side lacks.
type UnfitError struct {
	Place string
	Lacks string
}

func (e *UnfitError) Error() string {
	return fmt.Sprintf("%s cannot receive files: %s", e.Place, e.Lacks)
}

// DiffersError says that files on the far side are not what was sent.
type DiffersError struct {
	Place   string
	Folders []Folder
	// Files are some names that are missing or differ; Count is all of them.
	Files []string
	Count int64
}

func (e *DiffersError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "verify files in %s:", e.Place)
	for _, f := range e.Folders {
		fmt.Fprintf(&b, " %s holds %d files (%s) where %d (%s) were sent;", f.Name, f.FoundFiles, humanBytes(f.FoundBytes), f.Files, humanBytes(f.Bytes))
	}
	if e.Count > 0 {
		fmt.Fprintf(&b, " %d files are missing or differ, such as %q;", e.Count, e.Files[0])
	}
	b.WriteString(" run the transfer again with full verification")
	return b.String()
}

func humanBytes(n int64) string {
	const step = 1024
	if n < step {
		return fmt.Sprintf("%d B", n)
	}
	v, unit := float64(n)/step, 0
	for v >= step && unit < 4 {
		v /= step
		unit++
	}
	return fmt.Sprintf("%.1f %ciB", v, "KMGTP"[unit])
}
