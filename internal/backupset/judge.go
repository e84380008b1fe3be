package backupset

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"mastodon-restore/internal/mastodon"
)

// How much later than the dump the files of an archive may be. The script dumps first and archives
// then; of the cache, which is changed all the time, that may take most of a day.
const (
	filesLater = 3 * time.Hour
	cacheLater = 24 * time.Hour
)

// judgement is a set being judged, once all its parts are read.
type judgement struct {
	*Report
	readings map[Class]*partReading
}

// judge makes the report.
func judge(dir string, parts []*partReading, o Options) *Report {
	j := judgement{&Report{Format: 1, Dir: dir, Read: o.Now.UTC().Truncate(time.Second), Deep: o.Deep, Digest: identity(parts)}, map[Class]*partReading{}}
	for _, p := range parts {
		j.readings[p.part.Class] = p
		j.Size += p.part.Size
		j.Findings = append(j.Findings, p.findings...)
	}
	j.Database, j.Environment = j.readings[Dump].database, j.readings[Env].envShown
	if j.Environment != nil {
		j.Domain = j.Environment.Shown["LOCAL_DOMAIN"]
	}
	for _, look := range []func(){j.missing, j.mastodon, j.release, j.rows, j.absent, j.ages, j.domains, j.secrets} {
		look()
	}
	j.manifest(dir)
	j.verdicts(parts)
	return j.Report
}

func (j *judgement) find(id string, part Class, format string, args ...any) {
	j.Findings = append(j.Findings, finding(id, part, fmt.Sprintf(format, args...)))
}

// s3 says that media live in an object store.
func (j *judgement) s3() bool {
	return j.Environment != nil && j.Environment.Shown["S3_ENABLED"] == "true"
}

func (j *judgement) missing() {
	if j.s3() {
		j.find("object-storage", "", "S3_ENABLED is true in %s", Env.Names()[0])
	}
	for _, c := range Classes() {
		if !j.readings[c].part.Missing || c == Assets || c.IsArchive() && j.s3() {
			continue
		}
		if c != CustomEmojis {
			j.find("missing-"+string(c), c, "there is no %s", j.readings[c].part.Name)
		} else if n := j.counts().LocalEmoji; n > 0 {
			j.find("missing-custom_emojis", c, "there is no %s, and the database has %s of this server's own", j.readings[c].part.Name, plural(n, "emoji"))
		}
	}
}

// counts are zero where the dump does not tell.
func (j *judgement) counts() mastodon.Counts {
	if j.Database == nil {
		return mastodon.Counts{}
	}
	return j.Database.Counts
}

// told says whether the dump was read to its end, so that what is not in it is not there.
func (j *judgement) told() bool { return j.Database != nil && j.Database.Complete }

// mastodon looks whether this is a Mastodon server's database with somebody in it.
func (j *judgement) mastodon() {
	if !j.told() {
		return
	}
	d := j.Database
	var lacks []string
	for _, t := range []string{"accounts", "statuses", "users"} {
		if !slices.Contains(d.Contents.Tables, t) {
			lacks = append(lacks, t)
		}
	}
	switch {
	case len(lacks) > 0:
		j.find("not-mastodon", Dump, "the dump of database %q has no table %s", d.DatabaseName, strings.Join(lacks, ", "))
	case d.Rows["accounts"] == 0 && j.readings[Dump].rows.uncounted == 0:
		j.find("database-empty", Dump, "the dump of database %q has no account in it", d.DatabaseName)
	}
	if e := d.Counts.Environment; e != "" && e != "production" {
		j.find("not-production", Dump, "ar_internal_metadata says environment %q", e)
	}
	if j.Environment == nil {
		return
	}
	if name := j.Environment.Shown["DB_NAME"]; name != "" && name != d.DatabaseName {
		j.find("database-name", Dump, "the dump is of database %q, and Mastodon used %q", d.DatabaseName, name)
	}
}

func (j *judgement) release() {
	if !j.told() || j.Database.Rows["accounts"] == 0 {
		return
	}
	switch d := j.Database; {
	case d.Schema == "":
		j.find("schema-unknown", Dump, "the dump has no row in schema_migrations")
	case d.Release == "":
		j.find("schema-older", Dump, "its newest migration is %s", d.Schema)
	case !d.Exact && d.Schema > mastodon.SchemaOf("999"):
		j.find("schema-newer", Dump, "its newest migration is %s; Mastodon %s has %s", d.Schema, d.Release, mastodon.SchemaOf("999"))
	}
}

func (j *judgement) rows() {
	if n := j.counts().ScheduledDue; n > 0 {
		j.find("scheduled-due", Dump, "%s scheduled for a time before now", plural(n, "post"))
	}
}

// absent looks for the files that the database names.
func (j *judgement) absent() {
	if !j.told() {
		if j.readings[Dump].database != nil {
			j.find("files-unreferred", "", "the dump can't be read to its end")
		}
		return
	}
	for _, c := range named {
		if census := j.readings[c].census; census != nil {
			j.absentFrom(c, census)
		}
	}
}

func (j *judgement) absentFrom(c Class, census *census) {
	wanted, archive := j.readings[Dump].rows.wanted[c], j.readings[c].report.Archive
	var example string
	archive.Referenced = wanted.total
	archive.Checked, archive.Absent, example = wanted.absent(census.names)
	if archive.Absent == 0 || slices.ContainsFunc(j.readings[c].findings, func(f Finding) bool { return f.Severity == Damage }) {
		return // what a damaged archive lacks is no news
	}
	id := "files-absent-few"
	if archive.Absent > max(3, archive.Checked/100) {
		id = "files-absent"
	}
	j.find(id, c, "%s of %s looked for are not in %s, such as one in %s; the database names %s",
		thousands(archive.Absent), plural(archive.Checked, "file"), j.readings[c].part.Name, example, thousands(archive.Referenced))
}

// ages looks whether dump and archives were made at one time.
func (j *judgement) ages() {
	if !j.told() {
		return
	}
	// The header's time has no zone; a row that is later shows it to be too early.
	dumped := j.Database.Created
	if j.Database.NewestRow.After(dumped) {
		dumped = j.Database.NewestRow
	}
	for _, c := range Classes() {
		a := j.readings[c].report.Archive
		if a == nil || c == Assets {
			continue
		}
		allowed := filesLater
		if c == Cache {
			allowed = cacheLater
		}
		if later := a.Newest.Sub(dumped); later > allowed {
			j.find("dump-older", Dump, "the dump is of %s, and %s has a file of %s: %s later",
				dumped.Format("2006-01-02 15:04"), j.readings[c].part.Name, a.Newest.Format("2006-01-02 15:04"), roughly(later))
			return
		}
	}
}

// roughly says a duration as a person would.
func roughly(d time.Duration) string {
	if d >= 48*time.Hour {
		return plural(int64(d/(24*time.Hour)), "day")
	}
	return plural(int64(d/time.Hour), "hour")
}

// domains looks whether the posts' addresses are those of the environment's server.
func (j *judgement) domains() {
	if !j.told() || j.Environment == nil || j.Database.Host == "" || j.Domain == "" {
		return
	}
	local, web := j.Domain, j.Environment.Shown["WEB_DOMAIN"]
	if host := j.Database.Host; !strings.EqualFold(host, local) && !strings.EqualFold(host, web) {
		j.find("other-domain", "", "the newest post of this server's own is on %s, and the environment is that of %s", host, local)
	}
}

// secrets looks whether the environment has what this database was written with.
func (j *judgement) secrets() {
	if j.Environment == nil {
		return
	}
	var lacks []string
	for _, secret := range mastodon.Secrets {
		if !j.Environment.Secrets[secret.Name] && j.needs(secret.Name) {
			lacks = append(lacks, secret.Name)
		}
	}
	if len(lacks) > 0 {
		j.find("environment-secrets", Env, "%s has no %s", j.readings[Env].part.Name, strings.Join(lacks, ", "))
	}
}

// needs says whether a database of this schema needs a secret: 4.3 brought encrypted columns, and
// 4.4 moved the last of what OTP_SECRET had encrypted.
func (j *judgement) needs(secret string) bool {
	known := j.told() && j.Database.Schema != ""
	switch {
	case strings.HasPrefix(secret, "ACTIVE_RECORD_ENCRYPTION_"):
		return known && j.Database.Schema >= mastodon.SchemaOf("4.3.0")
	case secret == "OTP_SECRET":
		return known && j.Database.Schema < mastodon.SchemaOf("4.4.0")
	}
	return true
}

// verdicts come from the findings and from nothing else.
func (j *judgement) verdicts(parts []*partReading) {
	sortFindings(j.Findings)
	j.Verdict = verdict(j.Findings, func(Finding) bool { return true })
	for _, p := range parts {
		p.report.Verdict = verdict(j.Findings, func(f Finding) bool { return f.Part == p.part.Class })
		if p.part.Missing {
			p.report.Verdict = Missing
		}
		if i := slices.IndexFunc(j.Findings, func(f Finding) bool { return f.Part == p.part.Class }); i >= 0 && p.report.Verdict != Sound {
			p.report.Reason = j.Findings[i].Text
		}
		j.Parts = append(j.Parts, p.report)
	}
	if j.Findings == nil {
		j.Findings = []Finding{}
	}
}
