package restore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"mastodon-restore/internal/mastodon"
	"mastodon-restore/workflow"
)

func (r *Restore) report() workflow.Step {
	return r.lastStep(workflow.Step{
		ID: "report", Title: "verify, report",
		Explain: workflow.Explain{
			Why:    "Done means that somebody looked: figures before, in the backup and now; every workload ready; files where the database says they are.",
			ByHand: "psql -c 'SELECT count(*) FROM users' …; kubectl get pods; curl https://DOMAIN/health",
			Risk:   "None.",
			Undo:   "mastodon-restore undo RUN",
		},
		Run: r.verify,
	})
}

// Document is report.json: the report, and the facts behind it.
type Document struct {
	Format   int               `json:"format"`
	Run      string            `json:"run"`
	Target   workflow.Target   `json:"target"`
	Set      string            `json:"set"`
	Digest   string            `json:"set_digest"`
	Started  time.Time         `json:"started"`
	Closed   time.Duration     `json:"closed_ns"`
	Steps    []StepTime        `json:"steps"`
	Before   Figures           `json:"before"`
	Backup   *mastodon.Counts  `json:"backup,omitempty"`
	Now      Figures           `json:"now"`
	Media    MediaSample       `json:"media"`
	Files    map[string]Placed `json:"files,omitempty"`
	Chores   []Chore           `json:"chores,omitempty"`
	Kept     string            `json:"kept_database,omitempty"`
	Warnings []string          `json:"warnings,omitempty"`
	Report   workflow.Report   `json:"report"`
}

// StepTime is how long a step took, all attempts together.
type StepTime struct {
	ID     string          `json:"id"`
	Status workflow.Status `json:"status"`
	Took   time.Duration   `json:"took_ns"`
}

// MediaSample says how many of the newest attachments have their file.
type MediaSample struct {
	Looked int      `json:"looked"`
	Absent []string `json:"absent,omitempty"`
}

func (r *Restore) verify(ctx context.Context, t *workflow.Task) error {
	now, media, err := r.observe(ctx, t)
	if err != nil {
		return err
	}
	health, err := r.health(ctx)
	if err != nil {
		return err
	}
	report, odd := r.write(t, now, media, health)
	if err := r.save(t, report, now, media); err != nil {
		return err
	}
	if len(odd) > 0 {
		r.Facts.Warnings = odd
		t.Warn()
	}
	if err := r.World.Cluster.Remove(ctx, PodOf(r.Run)); err != nil {
		return r.card(err, "remove the utility pod")
	}
	if err := r.World.Cluster.Release(ctx, r.Run); err != nil {
		return r.card(err, "give the namespace's lock back")
	}
	return t.Report(report)
}

// observe takes the figures and the sample of files from the utility pod.
func (r *Restore) observe(ctx context.Context, t *workflow.Task) (now Figures, media MediaSample, err error) {
	name := r.Facts.Instance.Database.Name
	err = r.withPod(ctx, t, func() error {
		counts, missing, err := r.db(t).Counts(ctx, name)
		if err != nil {
			return err
		}
		now = Figures{Known: true, Counts: counts, Missing: unique(missing)}
		if r.Facts.Instance.S3 {
			return nil
		}
		files, err := r.db(t).Media(ctx, name, 50)
		if err != nil {
			return err
		}
		out, err := r.shell(t, r.app()).Ask(ctx, `cd "$1" && shift && for f; do [ -f "$f" ] || printf '%s\n' "$f"; done`, append([]string{r.Facts.Instance.SystemPath}, files...)...)
		media = MediaSample{Looked: len(files), Absent: strings.Fields(out)}
		return err
	})
	if err != nil {
		return now, media, r.card(err, "look at the restored server")
	}
	return now, media, nil
}

// health says how many replicas of each part are ready; all is whether that is what was wanted.
type health struct {
	words string
	all   bool
}

func (r *Restore) health(ctx context.Context) (health, error) {
	h := health{all: true}
	var parts []string
	for _, w := range r.Facts.Instance.Workloads() {
		state, err := r.World.Cluster.Workload(ctx, w)
		if err != nil {
			return h, err
		}
		parts = append(parts, fmt.Sprintf("%s %d/%d", w.Name, state.Ready, r.replicas(w)))
		h.all = h.all && state.Ready >= r.replicas(w)
	}
	h.words = strings.Join(parts, ", ")
	return h, nil
}

// write makes the report in words. odd lists what is not as it should be.
func (r *Restore) write(t *workflow.Task, now Figures, media MediaSample, h health) (rep workflow.Report, odd []string) {
	s := t.Snapshot()
	rep.Headline = fmt.Sprintf("%s is open again. Closed for %s; all done in %s.", r.Facts.Instance.Domain, Span(s.Closed.Length(t.Now())), Span(t.Now().Sub(s.Started)))
	backup := r.restoredCounts()
	// The server is open by now and may have more than the backup; less is wrong.
	row := func(name string, of func(mastodon.Counts) string, less bool) {
		line := workflow.ReportRow{Name: name, Before: r.Facts.Before.show(of), Backup: of(backup), Now: now.show(of), Level: workflow.SeverityOK}
		if less {
			line.Level, line.Remark = workflow.SeverityWarns, "less than in the backup"
			odd = append(odd, name+": "+line.Now+", in the backup "+line.Backup)
		}
		rep.Rows = append(rep.Rows, line)
	}
	row("users", func(c mastodon.Counts) string { return Count(c.Users) }, now.Counts.Users < backup.Users)
	row("local posts", func(c mastodon.Counts) string { return Count(c.LocalPosts) }, now.Counts.LocalPosts < backup.LocalPosts)
	row("local media", func(c mastodon.Counts) string { return Count(c.LocalMedia) }, now.Counts.LocalMedia < backup.LocalMedia)
	row("newest post", func(c mastodon.Counts) string { return stamp(c.NewestPost) }, now.Counts.NewestPost.Before(backup.NewestPost))
	rep.Rows = append(rep.Rows, r.mediaRow(media), healthRow(h))
	if len(media.Absent) > 0 {
		odd = append(odd, fmt.Sprintf("%d of %d sampled attachments have no file", len(media.Absent), media.Looked))
	}
	if !h.all {
		odd = append(odd, "not every replica is ready: "+h.words)
	}
	for _, c := range r.Facts.Settled {
		if c.Errors > 0 {
			rep.Notes = append(rep.Notes, workflow.Field{Name: c.Command, Value: fmt.Sprintf("went on after %s errors (servers that are gone, as a rule): %s", Count(int64(c.Errors)), c.Said), Level: workflow.SeverityWarns})
		}
		if c.Failed != "" {
			odd = append(odd, c.Command+" failed: "+c.Failed)
		}
	}
	for _, o := range odd {
		rep.Notes = append(rep.Notes, workflow.Field{Name: "not as it should be", Value: o, Level: workflow.SeverityWarns})
	}
	rep.Notes = append(append(rep.Notes, r.loss()...), r.newerFiles()...)
	rep.Kept = r.keptFields()
	rep.Path = filepath.Join(t.Folder(), workflow.ReportFile)
	return rep, odd
}

// loss says what was written after the backup and is not in it.
func (r *Restore) loss() []workflow.Field {
	before, backup := r.Facts.Before, r.restoredCounts()
	if !before.Known || !before.Counts.NewestPost.After(backup.NewestPost) {
		return nil
	}
	return []workflow.Field{{Name: "not in the backup", Value: Age(before.Counts.NewestPost.Sub(backup.NewestPost)) + " of posts, up to " + stamp(before.Counts.NewestPost), Level: workflow.SeverityInfo}}
}

// newerFiles tells of files that were on the volume and are newer than the backup.
func (r *Restore) newerFiles() (notes []workflow.Field) {
	for _, class := range slices.Sorted(maps.Keys(r.Facts.Files)) {
		p := r.Facts.Files[class]
		f := workflow.Field{Name: "newer than the backup", Level: workflow.SeverityInfo}
		switch {
		case p.NewerUnknown:
			f.Value = class + ": not known which files were; looking for them took too long"
		case len(p.NewerNames) == 1:
			f.Value = class + ": one file that was there, " + p.NewerNames[0]
		case len(p.NewerNames) > 1:
			f.Value = fmt.Sprintf("%s: %s files that were there, such as %s; report.json names them, up to a hundred", class, Count(p.Newer), p.NewerNames[0])
		default:
			continue
		}
		notes = append(notes, f)
	}
	return notes
}

func (r *Restore) mediaRow(m MediaSample) workflow.ReportRow {
	files := int64(0)
	for _, class := range r.classes(true) {
		if a := r.Facts.Backup.Part(class).Archive; a != nil {
			files += a.Files
		}
	}
	placed := int64(0)
	for _, p := range r.Facts.Files {
		placed += p.Files
	}
	row := workflow.ReportRow{Name: "media files", Before: "-", Backup: Count(files), Now: Count(placed), Level: workflow.SeverityOK,
		Remark: fmt.Sprintf("%d of %d sampled are there", m.Looked-len(m.Absent), m.Looked)}
	if len(m.Absent) > 0 {
		row.Level = workflow.SeverityWarns
	}
	return row
}

func healthRow(h health) workflow.ReportRow {
	row := workflow.ReportRow{Name: "health", Before: "-", Backup: "-", Now: "ok", Level: workflow.SeverityOK, Remark: h.words}
	if !h.all {
		row.Now, row.Level = "not ready", workflow.SeverityWarns
	}
	return row
}

func (f Figures) show(of func(mastodon.Counts) string) string {
	if !f.Known {
		return "unknown"
	}
	if len(f.Missing) > 0 {
		return of(f.Counts) + " (broken)"
	}
	return of(f.Counts)
}

func (r *Restore) keptFields() []workflow.Field {
	if r.Facts.Options.Database == DatabaseInPlace {
		if saved := r.Facts.Restored.Saved; saved != "" {
			return []workflow.Field{{Name: "the old database", Value: saved}}
		}
		return nil
	}
	if !r.Facts.Look.Exists {
		return nil
	}
	return []workflow.Field{
		{Name: r.kept(), Value: "the old database, " + Bytes(r.Facts.Look.Bytes)},
		{Name: "undo", Value: "mastodon-restore undo " + r.Run},
		{Name: "dismiss", Value: "mastodon-restore dismiss " + r.Run},
	}
}

// save writes report.json beside the journal.
func (r *Restore) save(t *workflow.Task, report workflow.Report, now Figures, media MediaSample) error {
	s := t.Snapshot()
	doc := Document{Format: 1, Run: r.Run, Target: s.Target, Set: r.Facts.Backup.Dir, Digest: r.Facts.Backup.Digest, Started: s.Started,
		Closed: s.Closed.Length(t.Now()), Before: r.Facts.Before, Now: now, Media: media, Files: r.Facts.Files, Chores: r.Facts.Settled, Warnings: r.Facts.Warnings, Report: report}
	if db := r.Facts.Backup.Database; db != nil {
		doc.Backup = &db.Counts
	}
	if r.Facts.Options.Database == DatabaseSwap && r.Facts.Look.Exists {
		doc.Kept = r.kept()
	}
	for _, v := range s.Steps {
		doc.Steps = append(doc.Steps, StepTime{ID: v.ID, Status: v.Status, Took: v.Took(t.Now())})
	}
	data, err := json.MarshalIndent(doc, "", "  ")
	if err != nil {
		return err
	}
	return writeFile(filepath.Join(t.Folder(), workflow.ReportFile), append(data, '\n'))
}

// writeFile replaces a file so that a crash leaves the old one or the new one.
func writeFile(name string, data []byte) error {
	f, err := os.OpenFile(name+".part", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	_, err = f.Write(data)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return os.Rename(name+".part", name)
}
