// Package sample makes small Mastodon-like servers: the rows of a database, the media files those
// rows name, and the environment of the web pod. Everything follows from a [Size] and a time, so
// that the practice cluster, the tests and the end-to-end rig can make the same server again and
// tell what became of it.
//
// The schema is our own; it borrows Mastodon's table and column names and nothing else. The package
// must never know of clusters, backups or restoring. Its functions share nothing and may run side
// by side.
package sample

import (
	"cmp"
	_ "embed"
	"errors"
	"math/rand/v2"
	"time"
)

// Schema is the SQL that makes the tables, indexes and views in an empty database.
//
//go:embed schema.sql
var Schema string

// Domain is the server's name where a [Size] gives none.
const Domain = "example.social"

// Size says how large a server is. Two equal sizes make equal servers at equal times.
type Size struct {
	Seed   uint64
	Domain string // [Domain] when empty

	// SchemaVersion is the newest migration the database has had, of [Migrations]; the newest there
	// is when empty.
	SchemaVersion string

	Users             int // local accounts; the instance's own actor comes on top
	LocalStatuses     int
	RemoteAccounts    int
	RemoteStatuses    int
	LocalAttachments  int
	RemoteAttachments int
	LocalEmojis       int
	RemoteEmojis      int
	Cards             int

	// FileBytes is the size of the largest media file, 20 KB when zero. The smallest has 1 KB.
	FileBytes int
}

// Small is a server that is made in a second and holds something of everything.
var Small = Size{
	Seed: 1, Users: 5, LocalStatuses: 120, RemoteAccounts: 60, RemoteStatuses: 600,
	LocalAttachments: 24, RemoteAttachments: 80, LocalEmojis: 6, RemoteEmojis: 30, Cards: 20,
}

// check refuses a server too small for its rows to refer to each other.
func (s Size) check() error {
	if s.Users < 1 || s.LocalStatuses < 1 || s.RemoteAccounts < 2 || s.RemoteStatuses < 1 {
		return errors.New("make a sample: it needs a user, a local and a remote status and two remote accounts")
	}
	return nil
}

func (s Size) domain() string { return cmp.Or(s.Domain, Domain) }

// accounts is the number of people, local ones first; the instance's actor is not among them.
func (s Size) accounts() int { return s.Users + s.RemoteAccounts }

// statuses is the number of posts, local ones first.
func (s Size) statuses() int { return s.LocalStatuses + s.RemoteStatuses }

func (s Size) attachments() int { return s.LocalAttachments + s.RemoteAttachments }

func (s Size) emojis() int { return s.LocalEmojis + s.RemoteEmojis }

// A kind keeps the random numbers of different things apart.
type kind uint64

const (
	kindAccount kind = iota + 1
	kindAvatar
	kindHeader
	kindStatus
	kindAttachment
	kindEmoji
	kindCard
	kindUpload
	kindSecret
)

// random gives the numbers of the i-th thing of a kind. Each thing has its own stream: rows and
// files may be made in any order and still agree.
func (s Size) random(k kind, i int) *rand.Rand {
	return rand.New(rand.NewPCG(s.Seed<<8|uint64(k), uint64(i)))
}

// age is how long before the server's present its oldest post was written.
const age = 400 * 24 * time.Hour

// written spreads n things over the server's life. The newest is seven minutes old.
func written(i, n int, now time.Time) time.Time {
	newest := now.UTC().Add(-7 * time.Minute)
	return newest.Add(-age / time.Duration(max(n, 1)) * time.Duration(n-1-i)).Truncate(time.Millisecond)
}
