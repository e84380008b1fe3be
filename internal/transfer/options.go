package transfer

import (
	"time"
)

const (
	mib = 1 << 20

	defaultBatchBytes = 8 * mib
	defaultBatchFiles = 128
	defaultMemory     = 56 * mib
	defaultStall      = 30 * time.Second
	defaultPatience   = 5 * time.Minute
	defaultMaxLanes   = 16
	// leastBatches must fit in memory: the planner alone may hold two of twice the size.
	leastBatches = 6
	// yieldingLanes is how many there are beside a live server.
	yieldingLanes = 2
)

// Destination is where an archive goes.
type Destination struct {
	// Dir is Mastodon's public/system directory as the far side sees it. It must exist.
	Dir string
	// Class is what the archive holds: accounts, media_attachments, site_uploads, cache.
	// It is needed only where the names in the archive do not say so themselves.
	Class string
}

// Verification says how much is read back from the far side at the end.
type Verification int

const (
	// VerifySample counts files and bytes per folder and compares some digests.
	VerifySample Verification = iota
	// VerifyFull compares the digest of every file; the archive is read a second time.
	VerifyFull
	// VerifyNone trusts the digests taken on arrival.
	VerifyNone
)

// Options tune a transfer. The zero value is right for a server that is down.
type Options struct {
	// Lanes fixes the number of streams side by side; 0 lets it follow the throughput.
	Lanes int
	// BytesPerSecond limits what is sent, all lanes together; 0 is no limit.
	BytesPerSecond int64
	// BatchBytes and BatchFiles bound a parcel; 0 is 8 MiB and 128 files. A ledger keeps the
	// values it was begun with.
	BatchBytes int64
	BatchFiles int
	// Memory bounds the parcels in memory, and so what is sent twice after a cut; 0 is 56 MiB.
	Memory int64
	// StallAfter cancels a lane that shows no sign of life; 0 is 30 s.
	StallAfter time.Duration
	// Patience ends the transfer when nothing has arrived for so long; 0 is 5 minutes.
	Patience time.Duration
	Verify   Verification
	// Nice runs the far side at this niceness (1 to 19), so that a live server goes
	// first; unless Lanes says otherwise, there are then only two.
	Nice int
	// BackupTime is when the backup was made. Files already there and newer than it are listed
	// in the report. The zero value takes the archive's own modification time.
	BackupTime time.Time
	// SHA256 is the archive's digest, in hexadecimal, if an earlier check has taken it.
	SHA256 string
	// Ledger remembers what has arrived; nil keeps it in memory only.
	Ledger Ledger
	// Progress is told how far the transfer is, a few times a second, from one goroutine of its
	// own; it never holds up a stream.
	Progress func(Progress)
	// Gone tells a transport error after which the place will not come back (its pod was
	// deleted): the transfer then ends at once with that error. Nil is never.
	Gone func(error) bool

	// backoff is the first wait before a broken lane is opened again; it doubles.
	backoff time.Duration
	// open replaces opening the local file, in tests.
	open func(path string) (source, error)
}

func (o Options) withDefaults() Options {
	if o.Nice > 0 && o.Lanes == 0 {
		o.Lanes = yieldingLanes
	}
	o.BatchBytes = orDefault(o.BatchBytes, defaultBatchBytes)
	o.BatchFiles = orDefault(o.BatchFiles, defaultBatchFiles)
	o.Memory = max(orDefault(o.Memory, defaultMemory), leastBatches*o.BatchBytes)
	o.StallAfter = orDefault(o.StallAfter, defaultStall)
	o.Patience = orDefault(o.Patience, defaultPatience)
	o.backoff = orDefault(o.backoff, 500*time.Millisecond)
	if o.Ledger == nil {
		o.Ledger = &MemoryLedger{}
	}
	if o.open == nil {
		o.open = openFile
	}
	return o
}

func orDefault[T int | int64 | time.Duration](v, otherwise T) T {
	if v <= 0 {
		return otherwise
	}
	return v
}

// Phase is what a transfer is doing.
type Phase string

// The phases, in order.
const (
	Looking   Phase = "looking at the destination"
	Sending   Phase = "sending"
	Verifying Phase = "verifying"
)

// Progress is one look at a running transfer.
type Progress struct {
	Phase Phase
	// Done of Total are bytes of the local file that need no more work: an honest fraction.
	Done, Total int64
	// Files and Bytes are what has arrived, resumed ones included, as unpacked.
	Files, Bytes int64
	// Sent counts bytes that the transport took in this process, and those sent twice too.
	Sent int64
	// Lanes is the number of streams open now.
	Lanes int
	// Restarts counts lanes that broke and were opened again.
	Restarts int
	// Note is the last thing worth telling a person, such as why a lane was restarted.
	Note string
}
