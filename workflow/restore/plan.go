package restore

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"mastodon-restore/internal/backupset"
	"mastodon-restore/workflow"
)

func (r *Restore) plan() workflow.Step {
	s := r.forecast()
	s.Run = r.consent
	return s
}

// forecast is the plan without the question at its end.
func (r *Restore) forecast() workflow.Step {
	return workflow.Step{
		ID: "plan", Title: "plan",
		Explain: workflow.Explain{
			Why:    "What will be replaced, what is kept, how to go back and how long it should take is said before it happens.",
			ByHand: "Write it down; have somebody read it.",
			Risk:   "None yet: nothing changes before the server's name is typed.",
			Undo:   "Nothing to undo.",
		},
		Run: func(_ context.Context, t *workflow.Task) error {
			return t.Show(r.describe())
		},
	}
}

func (r *Restore) consent(ctx context.Context, t *workflow.Task) error {
	domain := r.Facts.Instance.Domain
	q := workflow.Question{ID: "consent", Kind: workflow.KindConsent, Title: "What will happen", Flag: "--confirm " + domain, Expect: domain,
		Options: []workflow.Option{{ID: "go", Label: "go on"}, {ID: "back", Label: "back to the checks"}, {ID: quit, Label: "leave"}}}
	for {
		forecast := r.describe()
		q.Forecast = &forecast
		if err := t.Show(forecast); err != nil {
			return err
		}
		a, err := ask(ctx, t, q)
		if err != nil {
			return err
		}
		if a.Option == "back" {
			if err := r.review(ctx, t); err != nil {
				return err
			}
			continue
		}
		if a.Text != domain {
			return usage(fmt.Sprintf("the server is %s, not %q", domain, a.Text), "to restore it, run again with --confirm "+domain)
		}
		return nil
	}
}

// describe is the forecast: figures are estimates from the sizes, and say so by being ranges.
func (r *Restore) describe() workflow.Forecast {
	f := workflow.Forecast{}
	closed, total := span{}, span{}
	line := func(text string, about span, open bool) {
		f.Steps = append(f.Steps, workflow.ForecastStep{Text: text, About: about.String()})
		if total = total.plus(about); !open {
			closed = closed.plus(about)
		}
	}
	line("lock, scale "+r.workloadWords()+" to 0"+r.cronJobWords(), seconds(20, 60), false)
	line("utility pod on "+r.claimWords(), seconds(10, 40), false)
	bytes, files := r.weigh(r.classes(r.Facts.Options.Cache == CacheBefore))
	line(strings.Join(names(r.classes(r.Facts.Options.Cache == CacheBefore)), ", ")+"  "+Bytes(bytes), transferTime(bytes, files), false)
	line("database "+r.databaseWords(), loadTime(r.dumpRoom()), false)
	line(settleWords(r.closedChores()), seconds(20, 120), false)
	line("reopen: web, Sidekiq, streaming", seconds(30, 120), false)
	if r.cacheAfter() {
		bytes, files := r.weigh([]backupset.Class{backupset.Cache})
		line("cache  "+Bytes(bytes)+", the server is open meanwhile", transferTime(bytes, files), true)
	}
	if chores := r.openChores(); len(chores) > 0 {
		line(strings.Join(choreNames(chores), ", ")+", the server is open meanwhile", span{}, true)
	}
	line("checks, report", seconds(5, 20), true)
	f.Closed, f.Total = closed.String(), total.String()
	r.consequences(&f)
	return f
}

// consequences says what is replaced, what is kept and how to go back.
func (r *Restore) consequences(f *workflow.Forecast) {
	name, before := r.Facts.Instance.Database.Name, r.Facts.Before
	f.Replaced = name
	switch backup := r.Facts.Backup.Database; {
	case !before.Known:
		f.Replaced += ": " + before.Reason
	case backup != nil && before.Counts.NewestPost.After(backup.Counts.NewestPost):
		f.Replaced += fmt.Sprintf(": %s users, newest post %s; %s of posts since the backup will be gone", Count(before.Counts.Users), stamp(before.Counts.NewestPost), Age(before.Counts.NewestPost.Sub(backup.Counts.NewestPost)))
	default:
		f.Replaced += fmt.Sprintf(": %s users, newest post %s", Count(before.Counts.Users), stamp(before.Counts.NewestPost))
	}
	f.Kept = "every file that is not in the backup"
	f.Undo = "a dump of the old database is saved beside the journal before it is changed"
	if r.Facts.Options.Database == DatabaseSwap {
		f.Kept = fmt.Sprintf("as %s; files not in the backup", r.kept())
		f.Undo = "mastodon-restore undo " + r.Run
	}
	for _, c := range r.Facts.Checks {
		if c.Severity == workflow.SeverityWarns || c.Accepted {
			f.Notes = append(f.Notes, c.Evidence)
		}
	}
}

// workloadWords is short: names stand on the preflight screen and in the log.
func (r *Restore) workloadWords() string {
	i := r.Facts.Instance
	list := []string{"web"}
	for _, kind := range []struct {
		name  string
		count int
	}{{"Sidekiq", len(i.Sidekiq)}, {"streaming", len(i.Streaming)}} {
		switch {
		case kind.count == 1:
			list = append(list, kind.name)
		case kind.count > 1:
			list = append(list, fmt.Sprintf("%d %s", kind.count, kind.name))
		}
	}
	return strings.Join(list, ", ")
}

func (r *Restore) cronJobWords() string {
	var list []string
	for _, c := range r.Facts.Instance.CronJobs {
		list = append(list, c.Name)
	}
	if len(list) == 0 {
		return ""
	}
	return ", suspend " + strings.Join(list, ", ")
}

// settleWords names the first chores and counts the others.
func settleWords(list []chore) string {
	names := choreNames(list)
	if len(names) > 2 {
		return fmt.Sprintf("settle: %s, %s and %d more", names[0], names[1], len(names)-2)
	}
	return "settle: " + strings.Join(names, ", ")
}

func (r *Restore) claimWords() string {
	var list []string
	for _, c := range r.Facts.Instance.Claims {
		list = append(list, c.Name)
	}
	if len(list) == 0 {
		return "no claims"
	}
	return "claims " + strings.Join(list, ", ")
}

func (r *Restore) databaseWords() string {
	if r.Facts.Options.Database == DatabaseInPlace {
		return "saved, then restored in place in one transaction"
	}
	return "into " + r.fresh() + ", checked, swapped in"
}

func (r *Restore) weigh(classes []backupset.Class) (bytes, files int64) {
	for _, c := range classes {
		if a := r.Facts.Backup.Part(c).Archive; a != nil {
			bytes, files = bytes+a.Bytes, files+a.Files
		}
	}
	return bytes, files
}

func names(classes []backupset.Class) (list []string) {
	for _, c := range classes {
		list = append(list, string(c))
	}
	if len(list) == 0 {
		return []string{"no files"}
	}
	return slices.Clip(list)
}

// span is an estimate: at least, at most.
type span struct{ least, most time.Duration }

func seconds(least, most int) span {
	return span{time.Duration(least) * time.Second, time.Duration(most) * time.Second}
}

func (s span) plus(o span) span { return span{s.least + o.least, s.most + o.most} }

// transferTime expects 20 to 80 MB/s and 500 to 5,000 files/s, whichever takes longer.
func transferTime(bytes, files int64) span {
	at := func(bytesPerSecond, filesPerSecond int64) time.Duration {
		return time.Duration(max(bytes/bytesPerSecond, files/filesPerSecond)+1) * time.Second
	}
	return span{at(80e6, 5000), at(20e6, 500)}
}

// loadTime expects 10 to 60 MB/s of database.
func loadTime(bytes int64) span {
	return span{time.Duration(bytes/60e6+3) * time.Second, time.Duration(bytes/10e6+10) * time.Second}
}

func (s span) String() string {
	least, most := s.least.Round(time.Second), s.most.Round(time.Second)
	switch {
	case most == 0:
		return ""
	case most < time.Minute:
		if least == most {
			return fmt.Sprintf("%d s", int(most.Seconds()))
		}
		return fmt.Sprintf("%d-%d s", int(least.Seconds()), int(most.Seconds()))
	case most < time.Hour:
		return minutes(least, most)
	}
	return fmt.Sprintf("%.1f-%.1f h", least.Hours(), most.Hours())
}

func minutes(least, most time.Duration) string {
	low, high := int(least.Minutes()), int(most.Minutes()+0.99)
	if low == 0 {
		return fmt.Sprintf("up to %d min", high)
	}
	if low == high {
		return fmt.Sprintf("%d min", high)
	}
	return fmt.Sprintf("%d-%d min", low, high)
}
