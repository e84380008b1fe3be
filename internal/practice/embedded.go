package practice

import (
	"bytes"
	"compress/gzip"
	"context"
	_ "embed"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"mastodon-restore/internal/mastodon"
	"mastodon-restore/internal/postgres"
)

// embedded is the practice server's dump, for machines that can't make one: pg_dump --format=c
// --compress=0, packed. TestTheEmbeddedDumpIsThePracticeServer makes it again with -update.
//
//go:embed practice.dump.gz
var embedded []byte

// made is the time that the embedded dump was made for. Its rows' ids are of that time, so are the
// names of the files.
var made = time.Date(2026, 11, 1, 3, 0, 0, 0, time.UTC)

var timestamp = regexp.MustCompile(`\b20\d\d-\d\d-\d\d \d\d:\d\d:\d\d`)

// embeddedDump is the dump as if it had been made at a later time, which is whole days later. It
// is not compressed and a time takes as many bytes as any other, so nothing moves.
func embeddedDump(at time.Time) ([]byte, error) {
	packed, err := gzip.NewReader(bytes.NewReader(embedded))
	if err != nil {
		return nil, err
	}
	dump, err := io.ReadAll(packed)
	if err != nil {
		return nil, err
	}
	days := int(at.Sub(made).Round(24*time.Hour) / (24 * time.Hour))
	dump = timestamp.ReplaceAllFunc(dump, func(was []byte) []byte {
		t, err := time.Parse(time.DateTime, string(was))
		if err != nil {
			return was
		}
		return t.AddDate(0, 0, days).AppendFormat(nil, time.DateTime)
	})
	return dump, redateHeader(dump[:60], at)
}

// simulatedDatabases puts the embedded dump into the sets, loads it into the simulated database,
// and breaks that.
func (b *builder) simulatedDatabases(ctx context.Context, times times) error {
	b.major = simulatedVersion / 10000
	for _, at := range []time.Time{times.good, times.older} {
		dump, err := embeddedDump(at)
		if err != nil {
			return fmt.Errorf("unpack the embedded dump: %w", err)
		}
		if err := os.WriteFile(filepath.Join(b.set(at), dumpName), dump, 0o644); err != nil {
			return err
		}
	}
	s := newSimulation(filepath.Join(b.dir, "database"), fast)
	defer s.close()
	db := s.database(databaseName)
	if err := db.save(meta{Owner: databaseRole, Encoding: "UTF8", Collate: "C", CType: "C"}); err != nil {
		return err
	}
	job := &load{dir: b.dir, moved: make(chan struct{})}
	for _, section := range []postgres.Section{postgres.PreData, postgres.Data, postgres.PostData} {
		l := postgres.Load{Database: databaseName, Dump: filepath.Join(b.set(times.good), dumpName), Section: section}
		if err := s.restore(ctx, job, l); err != nil {
			return err
		}
	}
	return breakTables(db, b.now)
}

// breakTables does to the simulated database what [breakRows] does to a real one.
func breakTables(db database, now time.Time) error {
	if err := os.Remove(db.table("users")); err != nil {
		return err
	}
	for _, table := range []string{"media_attachments", "statuses"} {
		if err := breakTable(db, table, now); err != nil {
			return err
		}
	}
	m, err := db.meta()
	if err != nil {
		return err
	}
	m.Contents = without(m.Contents, "users")
	return db.save(m)
}

func breakTable(db database, table string, now time.Time) error {
	seen, newer := 0, now.UTC().Add(-14*time.Minute)
	return db.rewrite(table, func(r row) []row {
		if table == "media_attachments" {
			return nil
		}
		if r.get("local") != "t" {
			return []row{r}
		}
		if seen++; seen <= 70 {
			return nil
		}
		if seen == 71 { // one that was written after the backup
			r.set("id", fmt.Sprint(newer.UnixMilli()<<16|1))
			r.set("uri", null)
			r.set("created_at", newer.Format("2006-01-02 15:04:05.000"))
		}
		return []row{r}
	})
}

// without takes a table and what belongs to it off the contents.
func without(c mastodon.Contents, table string) mastodon.Contents {
	drop := func(list []string, goes func(string) bool) (kept []string) {
		for _, name := range list {
			if !goes(name) {
				kept = append(kept, name)
			}
		}
		return kept
	}
	its := func(prefix string) func(string) bool {
		return func(name string) bool {
			return name == strings.TrimSuffix(prefix, ".") || strings.HasPrefix(name, prefix)
		}
	}
	c.Tables = drop(c.Tables, func(name string) bool { return name == table })
	c.Indexes = drop(c.Indexes, its("index_"+table+"_on_"))
	c.Constraints = drop(c.Constraints, its(table+"."))
	c.Sequences = drop(c.Sequences, its(table+"_id_seq"))
	return c
}
