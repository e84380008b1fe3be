package transfer

import "sync/atomic"

// kind is the word that tells the far side what to do with a parcel.
type kind string

const (
	// unpack: the payload is a tar archive.
	unpack kind = "tar"
	// place: the payload goes into a part file at an offset.
	place kind = "piece"
	// join: the part file is whole; it is cut to its size, digested and renamed.
	join kind = "join"
	// check: the payload is a list for the digest's command to check.
	check kind = "check"
)

// tally counts what a parcel brings.
type tally struct {
	files, dirs, links, bytes int64
	// entries is what tar will have named.
	entries int64
	// source is how many bytes of the local file it took.
	source int64
}

func (t *tally) add(o tally) {
	t.files += o.files
	t.dirs += o.dirs
	t.links += o.links
	t.bytes += o.bytes
	t.entries += o.entries
	t.source += o.source
}

// parcel is the unit that travels, is acknowledged and is remembered.
type parcel struct {
	id   string
	kind kind
	payload
	tally
	// digest is the payload's, or for a join the whole file's.
	digest string
	// words follow the digest in the parcel's header, each free of spaces.
	words []string
	// whole counts the pieces a join waits for; a piece counts it down.
	whole *atomic.Int64
	// suspect parcels are sent whatever the ledger says.
	suspect bool
	// tries counts refusals by the far side, cuts counts broken streams, sent the journeys begun.
	tries, cuts, sent int
}

func (p *parcel) receipt() Receipt {
	return Receipt{Entries: p.entries, Bytes: p.n, Digest: p.digest}
}
