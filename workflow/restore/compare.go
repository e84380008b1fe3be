package restore

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"mastodon-restore/internal/mastodon"
	"mastodon-restore/workflow"
)

// compare holds the new database against the dump: objects by name, rows by table, and figures.
func (r *Restore) compare(ctx context.Context, t *workflow.Task) error {
	return r.compareWith(ctx, t, r.fresh())
}

func (r *Restore) compareWith(ctx context.Context, t *workflow.Task, name string) error {
	db, dump := r.db(t), r.Facts.Backup.Database
	contents, err := db.Contents(ctx, name)
	if err != nil {
		return r.loadCard(err, "looking at what was restored")
	}
	missing := absent(dump.Contents, contents)
	rows, err := db.Rows(ctx, name, dump.Contents.Tables)
	if err != nil {
		return r.loadCard(err, "counting what was restored")
	}
	for _, table := range dump.Contents.Tables {
		if want, known := dump.Rows[table]; known && rows[table] != want {
			missing = append(missing, fmt.Sprintf("table %s has %s rows, the dump %s", table, Count(rows[table]), Count(want)))
		}
	}
	counts, lacking, err := db.Counts(ctx, name)
	if err != nil {
		return r.loadCard(err, "taking the figures of what was restored")
	}
	missing = append(missing, sane(counts, lacking)...)
	if len(missing) > 0 {
		f := r.loadCard(fmt.Errorf("%s", missing[0]), "what was restored is not what the dump holds")
		f.Evidence, f.Exit = missing, workflow.ExitUnverified
		f.Meaning = "pg_restore reported no error, but a comparison with the dump found differences. The server is not opened with it."
		return f
	}
	r.Facts.Restored.Counts = counts
	t.Log("compared: %d tables, %d indexes, %d constraints, %d sequences, every table's rows: as in the dump",
		len(contents.Tables), len(contents.Indexes), len(contents.Constraints), len(contents.Sequences))
	return nil
}

// absent lists what the dump's contents name and the database lacks.
func absent(want, got mastodon.Contents) (missing []string) {
	for _, kind := range []struct {
		name      string
		want, got []string
	}{
		{"table", want.Tables, got.Tables}, {"index", want.Indexes, got.Indexes}, {"constraint", want.Constraints, got.Constraints},
		{"sequence", want.Sequences, got.Sequences}, {"view", want.Views, got.Views}, {"function", want.Functions, got.Functions},
	} {
		for _, name := range kind.want {
			if !slices.Contains(kind.got, name) {
				missing = append(missing, kind.name+" "+name+" is missing")
			}
		}
	}
	return missing
}

// sane holds figures that any Mastodon database has.
func sane(c mastodon.Counts, lacking []string) (odd []string) {
	if len(lacking) > 0 {
		odd = append(odd, "tables are missing: "+strings.Join(unique(lacking), ", "))
	}
	if c.Schema == "" {
		odd = append(odd, "schema_migrations is empty")
	}
	if c.LocalAccounts == 0 {
		odd = append(odd, "there is no local account, not even the server's own")
	}
	return odd
}
