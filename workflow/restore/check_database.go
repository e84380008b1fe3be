package restore

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"mastodon-restore/internal/postgres"
	"mastodon-restore/workflow"
)

// checkDatabaseReach says whether PostgreSQL answers, which the other database checks need.
func checkDatabaseReach(_ context.Context, s *survey) *workflow.Check {
	d := s.instance.Database
	switch {
	case d.Pod == "":
		return info("database", fmt.Sprintf("%s on %s is outside the namespace: version, rights and space are looked at from the utility pod, before anything is written", d.Name, d.Host))
	case s.lookErr != nil:
		c := blocks("database", "PostgreSQL in pod "+d.Pod+" does not answer: "+s.lookErr.Error(), "the database can't be restored",
			"kubectl describe pod "+d.Pod+"; a server in crash recovery needs time: do not restart it, look at its log")
		c.Firm = true
		return c
	}
	return ok("database", fmt.Sprintf("PostgreSQL %d in pod %s answers", postgres.Major(s.look.Server), d.Pod))
}

// growth is how much larger a database is than its compressed dump, at the most, as a rule.
const growth = 8

func (r *Restore) dumpRoom() int64 {
	if db := r.Facts.Backup.Database; db != nil && db.Bytes > 0 {
		return 2 * db.Bytes // rows as text, and their indexes
	}
	return growth * r.set.Part("database").Size
}

func checkDatabaseSpace(_ context.Context, s *survey) *workflow.Check {
	need := s.dumpRoom()
	switch {
	case s.look == nil:
		return nil
	case s.dataFree < 0:
		return info("space-database", "free space could not be asked; about "+Bytes(need)+" needed beside the old database")
	case s.dataFree < need && s.Facts.Options.Database == DatabaseSwap:
		return blocks("space-database", fmt.Sprintf("%s free, about %s needed beside the old database", Bytes(s.dataFree), Bytes(need)),
			"PostgreSQL stops when its disk is full", "make the volume larger, or restore in place with --database in-place (slower to undo)")
	}
	return ok("space-database", fmt.Sprintf("%s free, about %s needed", Bytes(s.dataFree), Bytes(need)))
}

func (r *Restore) dumpMajor() int {
	if db := r.Facts.Backup; db != nil && db.Database != nil {
		return major(db.Database.ServerVersion)
	}
	return 0
}

// major reads "15.18 (Debian …)" as 15; versions before 10 have no restore path here.
func major(version string) int {
	digits := strings.FieldsFunc(version, func(c rune) bool { return c < '0' || c > '9' })
	if len(digits) == 0 {
		return 0
	}
	n, _ := strconv.Atoi(digits[0])
	return n
}

// checkMastodonNeeds compares the server with what the dump's Mastodon needs.
func checkMastodonNeeds(_ context.Context, s *survey) *workflow.Check {
	db := s.Facts.Backup.Database
	if s.look == nil || db == nil || db.PostgresMinimum == 0 {
		return nil
	}
	if server := postgres.Major(s.look.Server); server < db.PostgresMinimum {
		return blocks("postgres-minimum", fmt.Sprintf("Mastodon %s needs PostgreSQL %d or newer, the server is %d", db.Release, db.PostgresMinimum, server),
			"its migrations and queries may fail", "upgrade PostgreSQL first")
	}
	return nil
}

func checkServerVersion(_ context.Context, s *survey) *workflow.Check {
	if s.look == nil || s.dumpMajor() == 0 {
		return nil
	}
	server := postgres.Major(s.look.Server)
	if server < s.dumpMajor() {
		return blocks("postgres-version", fmt.Sprintf("the dump comes from PostgreSQL %d, the server is %d", s.dumpMajor(), server),
			"an older server may not understand what a newer one wrote", "upgrade the server first, or accept this if you know the dump to be plain")
	}
	return ok("postgres-version", fmt.Sprintf("server %d, dump from %d", server, s.dumpMajor()))
}

func checkDumpVersion(_ context.Context, s *survey) *workflow.Check {
	if s.look == nil || s.Facts.Backup.Database == nil {
		return nil
	}
	client, dumped := postgres.Major(s.look.Client), major(s.Facts.Backup.Database.DumpVersion)
	if client < dumped {
		c := blocks("pg-restore-version", fmt.Sprintf("pg_dump %d wrote the dump, pg_restore here is %d", dumped, client), "it may refuse the file",
			fmt.Sprintf("pass an image with a newer client: --postgres-image docker.io/library/postgres:%d", dumped))
		if s.Facts.Options.PostgresImage != "" {
			c.Severity, c.Evidence = workflow.SeverityInfo, "pg_restore comes from "+s.Facts.Options.PostgresImage
		}
		return c
	}
	return ok("pg-restore-version", fmt.Sprintf("pg_restore %d, dump by %d", client, dumped))
}

// checkDatabaseRole decides as whom the database is made and swapped.
func checkDatabaseRole(_ context.Context, s *survey) *workflow.Check {
	if s.look == nil || s.Facts.Options.Database == DatabaseInPlace {
		return nil
	}
	d := s.instance.Database
	can := s.look.CreateDB && (s.look.Owns || !s.look.Exists)
	s.Facts.Admin = !can && d.Admin
	switch {
	case can:
		return ok("db-role", "role "+d.User+" may create and rename databases")
	case d.Admin:
		return info("db-role", "role "+d.User+" may not create or rename databases; we connect as the superuser, whose password the server's Secret has, and restore as "+d.User)
	}
	return blocks("db-role", "role "+d.User+" may not create or rename databases, and no superuser's password was found",
		"a new database can't be prepared beside the old one", "ALTER ROLE "+d.User+" CREATEDB, or restore in place with --database in-place (slower to undo)")
}

func checkSessions(_ context.Context, s *survey) *workflow.Check {
	if s.look == nil || len(s.look.Sessions) == 0 {
		return nil
	}
	return info("db-sessions", fmt.Sprintf("%d sessions in %s; those of the server end with it, others are ended before the swap", len(s.look.Sessions), s.instance.Database.Name))
}

func checkStartupProbe(_ context.Context, s *survey) *workflow.Check {
	d := s.instance.Database
	if d.StatefulSet == "" || d.StartupProbe {
		return nil
	}
	return warns("probe-postgres", d.StatefulSet+" has no startupProbe", "a crash recovery of more than 90 s would be killed and could loop",
		"set startupProbe 40 s + 40 × 5 s in your chart's values; this tool does not restart the pod")
}

func checkPooler(_ context.Context, s *survey) *workflow.Check {
	if s.instance.Database.Via == "" {
		return nil
	}
	return info("pooler", "the server connects through "+s.instance.Database.Via+"; we connect to "+s.instance.Database.Host+" itself")
}
