package restore

import (
	"fmt"
	"strings"
	"time"

	"mastodon-restore/internal/backupset"
	"mastodon-restore/workflow"
)

// question is the table of sets as far as they have been read.
func (d *reading) question() workflow.Question {
	d.mu.Lock()
	defer d.mu.Unlock()
	now := d.task.Now()
	q := workflow.Question{ID: "set", Kind: workflow.KindChoose, Title: "Which backup?", Hint: "folder: " + d.dir, Flag: "--set DIR",
		Columns: []string{"taken", "age", "size", "server", "Mastodon", "verdict"}}
	for _, row := range d.rows {
		q.Options = append(q.Options, row.option(now))
		q.Updating = q.Updating || row.report == nil && row.err == nil
	}
	return q
}

func (r setRow) option(now time.Time) workflow.Option {
	o := workflow.Option{ID: r.set.Dir, Label: r.set.Dir}
	if r.err != nil {
		o.Unavailable = r.err.Error()
		o.Cells = []string{"?", "", Bytes(r.set.Size()), r.set.Domain, "", "can't be read"}
		o.Card = []workflow.Field{{Name: "problem", Value: r.err.Error(), Level: workflow.SeverityBlocks}}
		return o
	}
	o.Cells = []string{
		r.set.Created.Format("2006-01-02 15:04"), Age(now.Sub(r.set.Created)), Bytes(r.set.Size()), r.set.Domain,
		r.version(), r.verdict(),
	}
	o.Card = r.card()
	return o
}

// version is Mastodon's: known from the set's opening as a rule, else once it is read.
func (r setRow) version() string {
	if r.report != nil && r.report.Database != nil {
		return r.report.Database.Release
	}
	return r.set.Release
}

func (r setRow) verdict() string {
	switch {
	case r.report == nil && r.total > 0:
		return fmt.Sprintf("reading %d %%", r.done*100/r.total)
	case r.report == nil:
		return "not read yet"
	}
	for _, p := range r.report.Parts {
		if p.Verdict == backupset.Damaged {
			return "damaged: " + string(p.Class)
		}
	}
	return string(r.report.Verdict)
}

// card describes a set part by part, with what was found in each.
func (r setRow) card() []workflow.Field {
	card := []workflow.Field{{Name: "server", Value: orUnknown(r.set.Domain)}}
	if v := r.version(); v != "" {
		f := workflow.Field{Name: "Mastodon", Value: v}
		if e := r.set.RailsEnv; e != "" && e != "production" {
			f.Value, f.Level = v+", environment "+e, workflow.SeverityWarns
		}
		card = append(card, f)
	}
	for _, part := range r.set.Parts() {
		card = append(card, r.field(part))
	}
	if r.report != nil {
		for _, f := range r.report.Findings {
			card = append(card, workflow.Field{Name: f.ID, Value: f.Text, Level: levelOf(f.Severity)})
		}
	}
	return card
}

func (r setRow) field(part backupset.Part) workflow.Field {
	f := workflow.Field{Name: string(part.Class), Value: "not in this set"}
	if part.Missing {
		if part.Class.Expected() {
			f.Level = workflow.SeverityWarns
		}
		return f
	}
	values := []string{Bytes(part.Size)}
	if n := len(r.set.Contents.Tables); n > 0 && part.Class == backupset.Dump {
		values = append(values, Count(int64(n))+" tables")
	}
	if r.report != nil {
		p := r.report.Part(part.Class)
		if p.Archive != nil {
			values = append(values, Count(p.Archive.Files)+" files")
		}
		if db := r.report.Database; db != nil && part.Class == backupset.Dump {
			values = append(values, Count(db.Counts.Users)+" users", "newest post "+stamp(db.Counts.NewestPost))
		}
		if p.Verdict != backupset.Sound {
			values, f.Level = append(values, string(p.Verdict)+": "+p.Reason), workflow.SeverityBlocks
		}
	}
	f.Value = strings.Join(values, ", ")
	return f
}

func stamp(at time.Time) string {
	if at.IsZero() {
		return "none"
	}
	return at.UTC().Format("2006-01-02 15:04")
}

func orUnknown(s string) string {
	if s == "" {
		return "unknown"
	}
	return s
}
