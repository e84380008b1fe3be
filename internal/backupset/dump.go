package backupset

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"mastodon-restore/internal/mastodon"
	"mastodon-restore/internal/pgdump"
)

// readDump reads the dump to its end.
func (p *partReading) readDump(ctx context.Context) {
	archive, err := pgdump.Read(p.stream)
	if err != nil {
		p.dumpBroken(err)
		return
	}
	defer archive.Close()
	p.database = describeDump(archive)
	p.rows = newRowFacts(p.now, p.deep)
	err = p.blocks(ctx, archive)
	p.database.Complete = err == nil || errors.Is(err, pgdump.ErrTrailing)
	p.database.Rows, p.database.Bytes = p.rows.rows, p.rows.bytes
	if p.database.Complete {
		p.rows.describe(p.database)
	}
	if err != nil {
		p.dumpBroken(err)
	}
	if p.rows.uncounted > 0 {
		p.find("rows-uncounted", fmt.Sprintf("%s has %s without countable rows", p.part.Name, plural(p.rows.uncounted, "table")))
	}
}

// blocks takes down the rows of one table after another.
func (p *partReading) blocks(ctx context.Context, archive *pgdump.Archive) error {
	for block, err := range archive.Data(ctx) {
		if err != nil {
			return err
		}
		if block.Entry.Kind != pgdump.KindTableData {
			continue
		}
		n, err := p.rows.block(block)
		switch {
		case errors.Is(err, pgdump.ErrNoRows):
			p.rows.uncounted++
		case err == nil:
			p.files.Add(n)
		default:
			var limit *pgdump.LimitError
			if errors.As(err, &limit) {
				return err // the loop would go on: the row itself is whole
			}
		}
	}
	return nil
}

// dumpBroken takes down why a dump can't be read to its end.
func (p *partReading) dumpBroken(err error) {
	var (
		failed  *readError
		format  *pgdump.FormatError
		version *pgdump.VersionError
		limit   *pgdump.LimitError
	)
	switch {
	case errors.As(err, &failed), errors.Is(err, context.Canceled):
		// sum says it.
	case errors.As(err, &format):
		p.find("dump-strange", fmt.Sprintf("%s: %v", p.part.Name, format))
	case errors.As(err, &version):
		p.find("dump-version", fmt.Sprintf("%s: %v", p.part.Name, version))
	case errors.As(err, &limit):
		p.find("refused", fmt.Sprintf("%s: %v", p.part.Name, limit))
	case errors.Is(err, pgdump.ErrTrailing):
		p.find("trailing", fmt.Sprintf("%s: %v", p.part.Name, err))
	default:
		p.find("damaged", fmt.Sprintf("%s is %v (it has %s bytes)", p.part.Name, err, thousands(p.part.Size)))
	}
}

func describeDump(a *pgdump.Archive) *Database {
	h := a.Header
	return &Database{
		Created: h.Created, DatabaseName: legible(h.Database), ServerVersion: legible(h.ServerVersion), DumpVersion: legible(h.DumpVersion),
		Format: h.Version(), Compression: h.Compression.String(), Kinds: kindsOf(a), Contents: contentsOf(a.Entries()),
	}
}

func kindsOf(a *pgdump.Archive) map[string]int {
	all := map[string]int{}
	for kind, n := range a.Kinds() {
		all[legible(kind)] += n
	}
	return all
}

// contentsOf names the objects of schema public. Indexes do not count those that belong to a
// constraint, as a dump does not either.
func contentsOf(entries []pgdump.Entry) (c mastodon.Contents) {
	for i := range entries {
		e := &entries[i]
		if e.Namespace != "public" {
			continue
		}
		switch e.Kind {
		case "TABLE":
			c.Tables = append(c.Tables, e.Name)
		case "INDEX":
			c.Indexes = append(c.Indexes, e.Name)
		case "CONSTRAINT", "FK CONSTRAINT":
			c.Constraints = append(c.Constraints, strings.Replace(e.Name, " ", ".", 1))
		case "SEQUENCE":
			c.Sequences = append(c.Sequences, e.Name)
		case "VIEW", "MATERIALIZED VIEW":
			c.Views = append(c.Views, e.Name)
		case "FUNCTION":
			name, _, _ := strings.Cut(e.Name, "(")
			c.Functions = append(c.Functions, name)
		}
	}
	for _, list := range [][]string{c.Tables, c.Indexes, c.Constraints, c.Sequences, c.Views, c.Functions} {
		slices.Sort(list)
	}
	return c
}
