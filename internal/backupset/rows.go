package backupset

import (
	"bytes"
	"slices"
	"time"

	"mastodon-restore/internal/mastodon"
	"mastodon-restore/internal/pgdump"
)

// sqlTime is how a timestamp without zone stands in a dump; Mastodon's are in UTC.
const sqlTime = "2006-01-02 15:04:05.999999"

// rowFacts is what the rows of a Mastodon database tell.
type rowFacts struct {
	rows      map[string]int64
	bytes     int64
	uncounted int64
	counts    mastodon.Counts
	wanted    map[Class]*wanted

	// Times are kept as text, which sorts as they do.
	now, latest string // now, and what is too late to be true
	newestPost  []byte
	newestRow   []byte
	newestLocal []byte
	host        []byte // of the address of the newest local post
	schema      []byte
	path        []byte // scratch
}

func newRowFacts(now time.Time, deep bool) *rowFacts {
	most := quickFiles
	if deep {
		most = deepFiles
	}
	f := &rowFacts{rows: map[string]int64{}, wanted: map[Class]*wanted{},
		now: now.UTC().Format(sqlTime), latest: now.UTC().Add(24 * time.Hour).Format(sqlTime)}
	for _, c := range named {
		f.wanted[c] = newWanted(most)
	}
	return f
}

// table is what is looked at in one table of schema public: fields come in the columns' order, nil
// for NULL and for columns that this version of Mastodon does not have.
type table struct {
	columns []string
	row     func(f *rowFacts, field func(int) []byte)
}

var tables = map[string]table{
	"users":    {[]string{"id"}, func(f *rowFacts, _ func(int) []byte) { f.counts.Users++ }},
	"accounts": {[]string{"id", "domain", "avatar_file_name", "header_file_name", "updated_at"}, (*rowFacts).account},
	"statuses": {[]string{"created_at", "deleted_at", "local", "uri"}, (*rowFacts).status},
	"media_attachments": {[]string{"id", "remote_url", "file_file_name", "thumbnail_file_name", "updated_at"},
		(*rowFacts).attachment},
	"custom_emojis":        {[]string{"id", "domain", "image_file_name"}, (*rowFacts).emoji},
	"site_uploads":         {[]string{"id", "file_file_name"}, (*rowFacts).upload},
	"scheduled_statuses":   {[]string{"scheduled_at"}, (*rowFacts).scheduled},
	"schema_migrations":    {[]string{"version"}, (*rowFacts).migration},
	"ar_internal_metadata": {[]string{"key", "value"}, (*rowFacts).metadata},
}

// block reads one table and returns how many rows it has.
func (f *rowFacts) block(b *pgdump.Block) (n int64, err error) {
	name := legible(b.Entry.Name)
	t, known := tables[b.Entry.Name]
	if b.Entry.Namespace == "public" && known {
		n, err = f.look(b, t)
	} else {
		n, err = b.CountRows()
	}
	f.bytes += b.Size()
	if err != nil {
		return 0, err
	}
	if b.Entry.Namespace != "public" {
		name = legible(b.Entry.Namespace) + "." + name
	}
	f.rows[name] += n
	return n, nil
}

func (f *rowFacts) look(b *pgdump.Block, t table) (n int64, err error) {
	all := b.Entry.Columns()
	var there []string
	places := make([]int, len(t.columns))
	for i, c := range t.columns {
		places[i] = -1
		if slices.Contains(all, c) {
			places[i] = len(there)
			there = append(there, c)
		}
	}
	if len(there) == 0 {
		return b.CountRows()
	}
	rows, err := b.Rows(there...)
	if err != nil {
		return 0, err
	}
	field := func(i int) []byte {
		if places[i] < 0 {
			return nil
		}
		return rows.Field(places[i])
	}
	for rows.Next() {
		n++
		t.row(f, field)
	}
	return n, rows.Err()
}

func (f *rowFacts) account(field func(int) []byte) {
	f.touched(field(4))
	if field(1) != nil {
		f.counts.RemoteAccounts++
		return
	}
	f.counts.LocalAccounts++
	f.want(Accounts, avatars, field(0), field(2))
	f.want(Accounts, headers, field(0), field(3))
}

func (f *rowFacts) status(field func(int) []byte) {
	created := field(0)
	f.touched(created)
	later(&f.newestPost, created)
	local := string(field(2)) == "t"
	if field(1) == nil && (local || field(3) == nil) {
		f.counts.LocalPosts++
	}
	if local && later(&f.newestLocal, created) {
		if _, after, ok := bytes.Cut(field(3), []byte("://")); ok {
			host, _ := cut(after)
			f.host = append(f.host[:0], host...)
		}
	}
}

func (f *rowFacts) attachment(field func(int) []byte) {
	f.touched(field(4))
	if len(field(1)) > 0 || field(2) == nil {
		return
	}
	f.counts.LocalMedia++
	f.want(MediaAttachments, attachments, field(0), field(2))
	f.want(MediaAttachments, thumbnails, field(0), field(3))
}

func (f *rowFacts) emoji(field func(int) []byte) {
	if field(1) == nil {
		f.counts.LocalEmoji++
		f.want(CustomEmojis, emojis, field(0), field(2))
	}
}

func (f *rowFacts) upload(field func(int) []byte) {
	f.want(SiteUploads, uploads, field(0), field(1))
}

func (f *rowFacts) scheduled(field func(int) []byte) {
	if at := field(0); at != nil && string(at) < f.now {
		f.counts.ScheduledDue++
	}
}

func (f *rowFacts) migration(field func(int) []byte) {
	if v := field(0); len(v) == len("20221104133904") {
		later(&f.schema, v)
	}
}

func (f *rowFacts) metadata(field func(int) []byte) {
	if string(field(0)) == "environment" {
		f.counts.Environment = legible(string(field(1)))
	}
}

// want notes that the database names a local file.
func (f *rowFacts) want(c Class, folder fileFolder, id, file []byte) {
	if len(file) == 0 {
		return
	}
	var n uint64
	for _, d := range id {
		if d < '0' || d > '9' || n > largestID/10-1 {
			return // no file has a negative id; anything else was no number
		}
		n = n*10 + uint64(d-'0')
	}
	f.path = append(append(f.path[:0], folder.String()...), '/')
	f.path = append(appendPartition(f.path, n), "/original/"...)
	f.path = append(f.path, file...)
	f.wanted[c].add(wantedFile{digest(f.path), folder.place(n)})
}

// touched notes a row's time, unless it is too late to be true.
func (f *rowFacts) touched(at []byte) {
	if string(at) < f.latest {
		later(&f.newestRow, at)
	}
}

// later keeps the later of two times. What is no time ("infinity", years before Christ) is left out.
func later(kept *[]byte, at []byte) bool {
	if len(at) < len("20221104133904") || at[0] < '0' || at[0] > '9' || bytes.HasSuffix(at, []byte("BC")) || bytes.Compare(at, *kept) <= 0 {
		return false
	}
	*kept = append((*kept)[:0], at...)
	return true
}

// describe puts the facts into a report.
func (f *rowFacts) describe(d *Database) {
	d.Counts = f.counts
	d.Counts.NewestPost = parseTime(f.newestPost)
	d.NewestRow = parseTime(f.newestRow)
	d.Host = legible(string(f.host))
	d.Counts.Schema = legible(string(f.schema))
	d.Schema = d.Counts.Schema
	if release, exact, ok := mastodon.ReleaseOf(d.Schema); ok {
		d.Release, d.Exact, d.PostgresMinimum = release.Version, exact, release.Postgres
	}
}

// parseTime is the zero time for what is none.
func parseTime(text []byte) time.Time {
	t, err := time.Parse(sqlTime, string(text))
	if err != nil {
		return time.Time{}
	}
	return t
}
