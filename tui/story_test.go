package tui

import (
	"time"

	"mastodon-restore/workflow"
)

// The story all screens tell: example.social is restored from the newest of four sets, its
// database stops once at a duplicate key.

var noon = time.Date(2026, 11, 20, 12, 34, 0, 0, time.UTC)

const (
	runID  = "k7q2"
	resume = "mastodon-restore resume k7q2"
)

func plan() []workflow.StepInfo {
	titles := []string{
		"target", "backup set", "preflight", "plan", "scale down", "utility pod",
		"files", "database", "settle", "reopen", "cache", "verify, report",
	}
	out := make([]workflow.StepInfo, len(titles))
	for i, t := range titles {
		out[i] = workflow.StepInfo{ID: t, Title: t}
	}
	out[7].Explain = workflow.Explain{
		Why: "The dump is restored into a new database beside the old one, checked there, and swapped in by " +
			"renaming both in one transaction. Until that moment the old database is untouched.",
		ByHand: "createdb -T template0 mastodon_restore_k7q2\n" +
			"pg_restore --exit-on-error --no-owner -j 4 -d mastodon_restore_k7q2 dump.sqlc\n" +
			"psql -c 'ALTER DATABASE mastodon_production RENAME TO mastodon_production_before_k7q2' -c …",
		Risk: "An index that was corrupt when the backup was taken can't be built; the site stays closed then.",
		Undo: "Rename both databases back; mastodon-restore undo k7q2 does it.",
	}
	return out
}

// at is a story as it stands after some events, minutes:seconds after noon.
type story struct {
	shot workflow.Snapshot
	now  time.Time
}

func begin() *story {
	s := &story{now: noon}
	s.happen(workflow.Event{Type: workflow.EventRun, Header: &workflow.Header{Tool: "1.0.0", Kind: "restore", Plan: plan()}})
	return s
}

func (s *story) happen(e workflow.Event) *story {
	e.Time, e.Run = s.now, runID
	s.shot = s.shot.Apply(e)
	return s
}

func (s *story) after(d time.Duration) *story {
	s.now = s.now.Add(d)
	return s
}

func (s *story) status(step string, st workflow.Status, message string) *story {
	return s.happen(workflow.Event{Type: workflow.EventStep, Step: step, Status: st, Message: message})
}

// did takes a step through its life.
func (s *story) did(step string, took time.Duration) *story {
	s.status(step, workflow.StatusChecking, "").status(step, workflow.StatusRunning, "")
	return s.after(took).status(step, workflow.StatusCompleted, "")
}

func (s *story) asks(step string, q workflow.Question) *story {
	s.status(step, workflow.StatusChecking, "").status(step, workflow.StatusAsking, "")
	return s.happen(workflow.Event{Type: workflow.EventQuestion, Step: step, Question: &q})
}

func (s *story) aimed() *story {
	return s.happen(workflow.Event{Type: workflow.EventTarget, Target: &workflow.Target{
		Context: "microk8s", Namespace: "mastodon", Domain: "example.social",
	}})
}

func (s *story) practice() *story {
	s.shot.Header.Practice = "the cluster is inside this program, its database is simulated"
	return s
}

// Points of the story, each with all that came before it.

func atChoose() *story {
	return begin().aimed().did("target", 2*time.Second).asks("backup set", sets())
}

func atReview() *story {
	return begin().aimed().did("target", 2*time.Second).did("backup set", 40*time.Second).asks("preflight", checks())
}

func atConsent() *story {
	return begin().aimed().did("target", 2*time.Second).did("backup set", 40*time.Second).
		did("preflight", 6*time.Second).asks("plan", consentTo())
}

func atFiles() *story {
	s := begin().aimed().did("target", 2*time.Second).did("backup set", 40*time.Second).
		did("preflight", 6*time.Second).did("plan", 24*time.Second)
	s.happen(workflow.Event{Type: workflow.EventClosed})
	s.did("scale down", 31*time.Second).did("utility pod", 12*time.Second)
	return s
}

func atDatabase() *story {
	s := atFiles().did("files", 82*time.Second)
	s.status("database", workflow.StatusChecking, "").status("database", workflow.StatusRunning, "").after(2 * time.Minute)
	s.happen(workflow.Event{Type: workflow.EventProgress, Step: "database", Progress: &workflow.Progress{
		ID: "tables", Label: "tables", Done: 71, Total: 103, Now: "public.statuses, 1.4 GB",
	}})
	s.happen(workflow.Event{Type: workflow.EventProgress, Step: "database", Progress: &workflow.Progress{
		ID: "indexes", Label: "indexes", Total: 512,
	}})
	return s.after(3 * time.Second)
}

func atFailure() *story {
	s := atDatabase()
	f := duplicateKey()
	s.happen(workflow.Event{Type: workflow.EventFailure, Step: "database", Failure: f})
	s.status("database", workflow.StatusFailed, f.Error())
	q := workflow.Question{ID: "failure", Kind: workflow.KindDecide, Title: f.Summary, Failure: f}
	for _, a := range f.Actions {
		q.Options = append(q.Options, workflow.Option{ID: a.ID, Label: a.Label})
	}
	return s.happen(workflow.Event{Type: workflow.EventQuestion, Step: "database", Question: &q})
}

func atFailed() *story {
	return atFailure().happen(workflow.Event{Type: workflow.EventExit, Exit: &workflow.ExitStatus{
		Code: workflow.ExitFailed, Name: "failed", Resume: resume,
	}})
}

func atDone() *story {
	s := atDatabase().status("database", workflow.StatusCompleted, "")
	s.status("settle", workflow.StatusSkipped, "the dump fits the image").did("reopen", 61*time.Second)
	s.happen(workflow.Event{Type: workflow.EventOpened})
	s.did("cache", 19*time.Minute).did("verify, report", 8*time.Second)
	s.happen(workflow.Event{Type: workflow.EventReport, Report: result()})
	return s.happen(workflow.Event{Type: workflow.EventExit, Exit: &workflow.ExitStatus{Code: workflow.ExitDone, Name: "done"}})
}

func sets() workflow.Question {
	return workflow.Question{
		ID: "set", Kind: workflow.KindChoose, Title: "Which backup?", Hint: "folder: /mnt/nas/backups", Flag: "--set DIR",
		Columns: []string{"taken", "age", "size", "cache", "Mastodon", "verdict"}, Updating: true, Default: "19",
		Options: []workflow.Option{
			{ID: "19", Label: "2026-11-19 03:00  example.social", Cells: []string{"2026-11-19 03:00", "1 d", "14.2 GB", "yes", "4.5.1", "sound"},
				Card: []workflow.Field{
					{Name: "database", Value: "912 MB   103 tables, newest post 02:58, 5 users"},
					{Name: "accounts", Value: "61 MB   1,204 files"},
					{Name: "media_attachments", Value: "1.9 GB   8,911 files"},
					{Name: "site_uploads", Value: "3.1 MB   24 files"},
					{Name: "cache", Value: "11.3 GB   96,310 files, goes in after reopening"},
					{Name: "environment", Value: "7 of 7 secrets match this cluster"},
					{Name: "custom_emojis", Value: "not in this set: 12 local emoji live only in the volume; they are left as they are", Level: workflow.SeverityWarns},
				}},
			{ID: "12", Label: "2026-11-12 03:00  example.social", Cells: []string{"2026-11-12 03:00", "8 d", "13.9 GB", "yes", "4.5.1", "reading 41 %"}},
			{ID: "05", Label: "2026-11-05 03:00  example.social", Cells: []string{"2026-11-05 03:00", "15 d", "1.1 GB", "no", "4.4.3", "damaged: system_accounts.tar.gz"},
				Unavailable: "system_accounts.tar.gz ends in the middle of a file"},
			{ID: "29", Label: "2026-10-29 03:00  example.social", Cells: []string{"2026-10-29 03:00", "22 d", "13.1 GB", "yes", "4.4.3", "not read yet"}},
			{ID: "folder", Key: "o", Label: "other folder"},
		},
	}
}

func checks() workflow.Question {
	q := workflow.Question{
		ID: "preflight", Kind: workflow.KindReview, Title: "Before anything changes", Flag: "--accept ID", Default: "again",
		Options: []workflow.Option{
			{ID: "go", Label: "go on", Unavailable: "blocked by db-createdb"},
			{ID: "role", Key: "f", Label: "fix by using the postgres role"},
			{ID: "again", Key: "r", Label: "check again"},
			{ID: "back", Label: "choose another set"},
			{ID: "quit", Key: "q", Label: "leave"},
		},
		Checks: []workflow.Check{
			{ID: "permissions", Severity: workflow.SeverityOK, Evidence: "11 of 11"},
			{ID: "volume-system", Severity: workflow.SeverityOK, Evidence: "RWX, openebs-rwx, on NFS, not on a pod's own disk"},
			{ID: "space-system", Severity: workflow.SeverityOK, Evidence: "81 GB free, 13.3 GB needed, inodes fine"},
			{ID: "space-database", Severity: workflow.SeverityOK, Evidence: "40 GB free, 2 × 3.1 GB needed"},
			{ID: "probe-postgres", Severity: workflow.SeverityWarns, Evidence: "mastodon-postgresql has no startupProbe",
				Meaning: "a crash recovery over 90 s would be killed and could loop", Fix: "set startupProbe 40 s + 40 × 5 s in your chart's values"},
			{ID: "db-createdb", Severity: workflow.SeverityBlocks, Evidence: `role "mastodon" may not create databases`,
				Meaning: "so a new database can't be prepared beside the old one",
				Fix:     "use the postgres password from Secret mastodon-postgresql (press f), or restore in place (slower to undo)"},
			{ID: "gitops", Severity: workflow.SeverityWarns, Evidence: "Argo CD manages mastodon-web and may scale it up",
				Fix: "pause self-heal; we watch and stop if pods come back"},
		},
	}
	for _, id := range []string{
		"claims-bound", "node", "quota", "image-on-node", "pg-version", "dump-version",
		"sessions", "set-readable", "cronjobs", "redis", "lease", "secrets-match",
	} {
		q.Checks = append(q.Checks, workflow.Check{ID: id, Severity: workflow.SeverityOK, Evidence: "as it should be"})
	}
	return q
}

func consentTo() workflow.Question {
	return workflow.Question{
		ID: "plan", Kind: workflow.KindConsent, Title: "What will happen", Expect: "example.social", Flag: "--confirm example.social",
		Options: []workflow.Option{{ID: "back", Label: "back"}, {ID: "save", Key: "s", Label: "save this plan"}},
		Forecast: &workflow.Forecast{
			Steps: []workflow.ForecastStep{
				{Text: "lock, note replicas: web 2, sidekiq 1+1, streaming 1", About: "5 s"},
				{Text: "scale all four to 0, suspend mastodon-media-remove", About: "40 s"},
				{Text: "utility pod on claims mastodon-system, mastodon-assets", About: "20 s"},
				{Text: "accounts, media_attachments, site_uploads: 2.0 GB", About: "1-2 min"},
				{Text: "database into mastodon_restore_k7q2, checked, swapped in", About: "3-5 min"},
				{Text: "reopen: web, sidekiq, streaming", About: "60 s"},
				{Text: "cache: 11.3 GB, the server is open meanwhile", About: "6-9 min"},
				{Text: "search index, checks, report", About: "10-20 min"},
			},
			Closed: "about 7 minutes", Total: "about 30",
			Replaced: "the database mastodon_production (now: 5 users, newest post 14:20 today: posts since the backup, 11 hours, will be gone)",
			Kept:     "the old database as mastodon_production_before_k7q2 until you dismiss it; every file that is not in the backup",
			Undo:     "mastodon-restore undo k7q2",
		},
	}
}

func duplicateKey() *workflow.Failure {
	return &workflow.Failure{
		Summary: "database, building indexes",
		First: "could not create unique index \"index_tags_on_name_lower_btree\"\n" +
			"Key (lower(name::text))=(caturday) is duplicated.",
		Meaning: "The backed-up database already held duplicates (an index was corrupt when the backup was taken). " +
			"Mastodon's documentation calls this database index corruption.",
		World: "Your old database is untouched. Files are restored. The server is closed: web, sidekiq and streaming are at 0.\n" +
			"The new database has all rows; 3 of 512 indexes are missing.",
		Evidence: []string{
			"12:41:52 pg_restore: creating INDEX \"public.index_tags_on_name_lower_btree\"",
			"12:42:03 pg_restore: error: could not execute query: ERROR:  could not create unique index",
		},
		Actions: []workflow.Action{
			{ID: "mend", Label: "show the duplicates, then let tootctl maintenance fix-duplicates mend them in the new database and " +
				"build the missing indexes (asks first)", Then: workflow.ThenRetry},
			{ID: "reopen", Label: "give up this set: reopen with the old database, as before the run", Then: workflow.ThenEnd},
			{ID: "leave", Label: "leave it closed and come back", Command: resume, Then: workflow.ThenStop},
		},
	}
}

func result() *workflow.Report {
	return &workflow.Report{
		Headline: "example.social is open again. Closed for 6 min 48 s; all done in 27 min.",
		Rows: []workflow.ReportRow{
			{Name: "users", Before: "5", Backup: "5", Now: "5", Level: workflow.SeverityOK},
			{Name: "local posts", Before: "21,340", Backup: "21,112", Now: "21,112", Level: workflow.SeverityOK},
			{Name: "newest post", Before: "today 14:20", Backup: "02:58", Now: "02:58", Level: workflow.SeverityInfo, Remark: "11 h of posts are not in it"},
			{Name: "media files", Before: "8,990", Backup: "8,911", Now: "8,990", Level: workflow.SeverityInfo, Remark: "79 newer ones kept"},
			{Name: "health", Before: "-", Backup: "-", Now: "ok", Level: workflow.SeverityOK, Remark: "web 2/2, sidekiq 2/2, streaming 1/1"},
		},
		Notes: []workflow.Field{
			{Name: "avatars", Value: "214 of 3,880 profile pictures could not be fetched again (their servers are gone): normal, listed in the report", Level: workflow.SeverityWarns},
			{Name: "emoji", Value: "custom emoji in remote display names come back as those profiles change", Level: workflow.SeverityInfo},
		},
		Kept: []workflow.Field{
			{Name: "old database", Value: "mastodon_production_before_k7q2, 3.0 GB"},
			{Name: "undo", Value: "mastodon-restore undo k7q2"},
			{Name: "dismiss", Value: "mastodon-restore dismiss k7q2"},
		},
		Path: "~/.local/state/mastodon-restore/runs/k7q2/report.json",
	}
}

// logged is the end of pg_restore's log.
func logged(until time.Time) []workflow.Line {
	texts := []string{
		`processing data for table "public.account_stats"`,
		`processing data for table "public.accounts"`,
		`processing data for table "public.media_attachments"`,
		`processing data for table "public.notifications"`,
		`processing data for table "public.statuses"`,
	}
	out := make([]workflow.Line, len(texts))
	for i, t := range texts {
		out[i] = workflow.Line{Seq: int64(i), Time: until.Add(time.Duration(i-len(texts)) * 7 * time.Second), Step: "database", Text: t}
	}
	out[1].Severity, out[1].Text = workflow.SeverityWarns, `connection to the pod was lost for 3 s, attached again`
	return out
}
