package backupset

import (
	"time"

	"mastodon-restore/internal/mastodon"
)

// Verdict is how far something can be believed.
type Verdict string

// The verdicts, the worse the later; Missing is of parts only.
const (
	Sound      Verdict = "sound"
	Missing    Verdict = "missing"
	Suspicious Verdict = "suspicious"
	Damaged    Verdict = "damaged"
)

// Severity is how bad a [Finding] is.
type Severity string

// A note changes no verdict, a warning makes it suspicious, damage makes it damaged.
const (
	Note    Severity = "note"
	Warning Severity = "warning"
	Damage  Severity = "damage"
)

// Finding is one thing to know about a set.
type Finding struct {
	ID       string   `json:"id"`             // such as "dump-older"; docs/inspect.md lists them
	Part     Class    `json:"part,omitempty"` // empty: the set as a whole
	Severity Severity `json:"severity"`
	Text     string   `json:"text"`    // what was found, and where
	Meaning  string   `json:"meaning"` // what it will mean for a restore
	Advice   string   `json:"advice"`  // what to do about it
}

// Report is what a set turned out to hold. It has no secrets in it and may be printed, kept and
// sent; docs/inspect.md describes its JSON.
type Report struct {
	Format  int       `json:"format"` // of this JSON: 1
	Dir     string    `json:"dir"`
	Read    time.Time `json:"read"` // when it was
	Deep    bool      `json:"deep"`
	Seconds float64   `json:"seconds"`
	Verdict Verdict   `json:"verdict"`
	// Digest is one SHA-256 over the parts' digests: the set's identity. A changed byte in any part,
	// a part added or taken away changes it.
	Digest      string       `json:"digest"`
	Size        int64        `json:"size"` // bytes of all parts
	Domain      string       `json:"domain,omitempty"`
	Parts       []PartReport `json:"parts"`
	Database    *Database    `json:"database,omitempty"`
	Environment *Environment `json:"environment,omitempty"`
	Findings    []Finding    `json:"findings"`
}

// PartReport is what one file turned out to be.
type PartReport struct {
	Class   Class   `json:"class"`
	Name    string  `json:"name"`
	Verdict Verdict `json:"verdict"`
	Size    int64   `json:"size,omitempty"`
	SHA256  string  `json:"sha256,omitempty"` // in hexadecimal; empty when it was not read to its end
	// Reason says in one line why the verdict is not sound.
	Reason  string   `json:"reason,omitempty"`
	Archive *Archive `json:"archive,omitempty"`
}

// Archive is what a tar archive holds.
type Archive struct {
	Compression string `json:"compression"` // "gzip", "zstd", "none"
	// Prefix stands before each member's path below public/system, such as
	// "opt/mastodon/public/system/"; for assets, before the path below public.
	Prefix      string `json:"prefix"`
	Files       int64  `json:"files"`
	Directories int64  `json:"directories"`
	Links       int64  `json:"links"` // symbolic and hard
	Bytes       int64  `json:"bytes"` // of the files' contents
	Unpacked    int64  `json:"unpacked"`
	// Holds counts the files by the class their paths show.
	Holds map[string]int64 `json:"holds,omitempty"`
	// Newest is the latest time of change of a file.
	Newest time.Time `json:"newest,omitzero"`
	// Referenced files are those the database names and the archive should hold, Checked those that
	// were looked for, Absent those of them that were not there.
	Referenced int64 `json:"referenced"`
	Checked    int64 `json:"checked"`
	Absent     int64 `json:"absent"`
}

// Database is what the dump holds.
type Database struct {
	// Created is when pg_dump ran, by the clock of the machine it ran on; the zone is not known.
	Created       time.Time `json:"created"`
	DatabaseName  string    `json:"database_name"`
	ServerVersion string    `json:"server_version"` // of the PostgreSQL it came from
	DumpVersion   string    `json:"dump_version"`   // of pg_dump
	Format        string    `json:"format"`         // version of the archive format, such as "1.14-0"
	Compression   string    `json:"compression"`
	// Kinds counts the entries of the contents, and Contents names those of schema public.
	Kinds    map[string]int    `json:"kinds"`
	Contents mastodon.Contents `json:"contents"`
	// Complete says that the dump was read to its end; else Rows are those that came before the
	// damage, and what follows from them is left out.
	Complete bool `json:"complete"`
	// Rows are the rows of each table; those outside schema public carry the schema's name.
	Rows   map[string]int64 `json:"rows"`
	Bytes  int64            `json:"bytes"` // of the rows, decompressed
	Counts mastodon.Counts  `json:"counts"`
	// Schema is the highest migration; Release is the newest known Mastodon release that is not
	// newer, Exact that it has exactly this schema. PostgresMinimum is the oldest major version of
	// PostgreSQL that release runs on.
	Schema          string `json:"schema,omitempty"`
	Release         string `json:"release,omitempty"`
	Exact           bool   `json:"exact"`
	PostgresMinimum int    `json:"postgres_minimum,omitempty"`
	// NewestRow is the latest time found in any row that was looked at, in UTC.
	NewestRow time.Time `json:"newest_row,omitzero"`
	// Host is the server's name in the addresses of its own posts.
	Host string `json:"host,omitempty"`
}

// Environment is what may be shown of the environment file.
type Environment struct {
	Variables int `json:"variables"`
	// Shown are the variables that are no secrets: LOCAL_DOMAIN, WEB_DOMAIN, DB_HOST, DB_PORT,
	// DB_NAME, DB_USER, RAILS_ENV, S3_ENABLED, ES_ENABLED, and versions.
	Shown map[string]string `json:"shown"`
	// Secrets says of each name in [mastodon.Secrets] whether it is there.
	Secrets map[string]bool `json:"secrets"`
}

// Part is the report on a class.
func (r *Report) Part(c Class) PartReport {
	for _, p := range r.Parts {
		if p.Class == c {
			return p
		}
	}
	return PartReport{Class: c, Verdict: Missing}
}
