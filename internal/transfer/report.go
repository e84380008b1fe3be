package transfer

import "time"

// listed bounds every list of names in a report.
const listed = 100

// Report is what a transfer did; it is filled as far as the transfer came, also beside an error.
type Report struct {
	Archive string
	// SHA256 is the local file's digest, if it was read to its end.
	SHA256 string
	// Files, Dirs, Links and Bytes count what has arrived, resumed parcels included. Bytes are
	// the files' own.
	Files, Dirs, Links, Bytes int64
	// Parcels is how many there are; Resumed of them had arrived in an earlier run.
	Parcels, Resumed int
	// SentBytes is what this process handed to the transport; AgainBytes of it a second time.
	SentBytes, AgainBytes int64
	// Newer counts files that were there before and are newer than the backup; NewerNames holds
	// the first of them. NewerUnknown says that looking for them took too long and was given up.
	Newer        int64
	NewerNames   []string
	NewerUnknown bool
	// Lanes is the most streams that were open at once.
	Lanes    int
	Restarts int
	// Notes are the first sentences worth telling, such as a change of transport.
	Notes        []string
	Verification VerifyReport
	Took         time.Duration
}

// VerifyReport is what was read back.
type VerifyReport struct {
	Mode    Verification
	Folders []Folder
	// Digests compared, and how many were equal.
	Digests, Equal int64
}

// Folder is a top folder of what was sent, such as accounts/avatars, and what stands there now.
type Folder struct {
	Name         string
	Files, Bytes int64
	// FoundFiles and FoundBytes may be more: what was there before is left alone.
	FoundFiles, FoundBytes int64
	// Repeated and RepeatedBytes are entries that may name the same file as one before.
	Repeated, RepeatedBytes int64
}
