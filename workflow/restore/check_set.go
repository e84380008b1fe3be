package restore

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"

	"mastodon-restore/internal/backupset"
	"mastodon-restore/internal/mastodon"
	"mastodon-restore/workflow"
)

// checkSet passes on the verdict of the reading.
func checkSet(_ context.Context, s *survey) *workflow.Check {
	var damaged, odd []string
	for _, p := range s.Facts.Backup.Parts {
		switch p.Verdict {
		case backupset.Damaged:
			damaged = append(damaged, p.Name+": "+p.Reason)
		case backupset.Suspicious:
			odd = append(odd, p.Name+": "+p.Reason)
		}
	}
	if s.Facts.Backup.Part(backupset.Dump).Verdict == backupset.Missing {
		damaged = append(damaged, "there is no database dump")
	}
	switch {
	case len(damaged) > 0:
		c := blocks("set", strings.Join(damaged, "; "), "what is damaged can't be restored whole",
			"choose another set, or take a good copy of the file; an archive may also be moved out of the folder, and is then left out")
		c.Firm = true
		return c
	case len(odd) > 0:
		return warns("set", strings.Join(odd, "; "), "readable to the end, but not as expected", "mastodon-restore inspect shows the details")
	}
	for _, f := range s.Facts.Backup.Findings {
		if f.Severity == backupset.Warning {
			return warns("set", f.Text, f.Meaning, f.Advice)
		}
	}
	return ok("set", "every byte read, "+Bytes(s.Facts.Backup.Size))
}

func checkDomain(_ context.Context, s *survey) *workflow.Check {
	there := s.Facts.Backup.Domain
	switch {
	case there == "":
		return info("domain", "the set does not say which server it comes from")
	case there != s.instance.Domain:
		return blocks("domain", "the set is of "+there+", this server is "+s.instance.Domain, "accounts and posts belong to a domain; other servers would not know them",
			"choose a set of "+s.instance.Domain+", or set LOCAL_DOMAIN to "+there)
	}
	return ok("domain", there)
}

// checkWebDomain compares where the server is reached, which may be another name than accounts have.
func checkWebDomain(_ context.Context, s *survey) *workflow.Check {
	for _, c := range compared(s.instance.Env, s.set.Env()) {
		if c.Name == "WEB_DOMAIN" && c.State == backupset.SecretDiffers {
			return warns("web-domain", "the backup's server was reached at "+c.There+", this one is at "+c.Here, c.Breaks, c.Fix)
		}
	}
	return nil
}

// checkSecrets compares what the dump is bound to, without anybody seeing a secret.
func checkSecrets(_ context.Context, s *survey) *workflow.Check {
	if s.set.Env() == nil {
		return warns("secrets", "the set has no environment file", "whether the secrets fit the dump can't be told", "compare SECRET_KEY_BASE, OTP_SECRET and ACTIVE_RECORD_ENCRYPTION_* by hand")
	}
	return judgeSecrets(compared(s.instance.Env, s.set.Env()))
}

// compared compares two environments under a key that nobody keeps.
func compared(cluster, set mastodon.Env) []backupset.SecretComparison {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // it never fails
	return backupset.CompareSecrets(cluster, set, key)
}

// judgeSecrets says of each secret that differs what breaks, and how to put it right. Secrets that
// break the same are said together.
func judgeSecrets(all []backupset.SecretComparison) *workflow.Check {
	var differ, breaks, fixes []string
	names := map[string][]string{}
	same, there := 0, 0
	for _, c := range all {
		if strings.HasSuffix(c.Name, "_DOMAIN") || c.State == backupset.SecretAbsent {
			continue
		}
		if there++; c.State == backupset.SecretSame {
			same++
			continue
		}
		differ = append(differ, c.Name+" "+string(c.State))
		if names[c.Breaks] == nil {
			breaks = append(breaks, c.Breaks)
		}
		names[c.Breaks] = append(names[c.Breaks], c.Name)
		fixes = append(fixes, c.Fix)
	}
	if len(differ) == 0 {
		return ok("secrets", fmt.Sprintf("%d of %d match this cluster", same, there))
	}
	for i, b := range breaks {
		breaks[i] = strings.Join(names[b], ", ") + ": " + b
	}
	return warns("secrets", strings.Join(differ, ", "), strings.Join(breaks, "; "), strings.Join(unique(fixes), "; "))
}

// checkMastodonVersion refuses a dump that is newer than the server: migrations don't go back.
func checkMastodonVersion(_ context.Context, s *survey) *workflow.Check {
	db := s.Facts.Backup.Database
	if db == nil || db.Schema == "" {
		return nil
	}
	image := mastodon.SchemaOf(s.instance.Version)
	switch {
	case s.instance.Version == "":
		return info("mastodon-version", "the image's tag does not tell its version; its migrations are compared with the dump's before they run")
	case image != "" && db.Schema > image && db.Release != s.instance.Version && olderThan(s.instance.Version, db.Release):
		return blocks("mastodon-version", fmt.Sprintf("the dump is of Mastodon %s or newer, the server runs %s", db.Release, s.instance.Version), "an older Mastodon can't use a newer database",
			"upgrade the server's image to "+db.Release+" or newer first")
	case image != "" && db.Schema < image:
		return info("mastodon-version", fmt.Sprintf("the dump is of Mastodon %s, the server runs %s: its migrations are run after the restore", orUnknown(db.Release), s.instance.Version))
	}
	return ok("mastodon-version", fmt.Sprintf("dump %s, server %s", orUnknown(db.Release), s.instance.Version))
}

func olderThan(version, than string) bool {
	return mastodon.SchemaOf(version) < mastodon.SchemaOf(than)
}

func checkScheduled(_ context.Context, s *survey) *workflow.Check {
	db := s.Facts.Backup.Database
	if db == nil || db.Counts.ScheduledDue == 0 {
		return nil
	}
	return warns("scheduled-posts", "scheduled posts in the backup that are due already: "+Count(db.Counts.ScheduledDue), "Sidekiq publishes them minutes after it starts",
		"if they should not go out: stop after \"migrate and settle\" (ctrl+c), run DELETE FROM scheduled_statuses WHERE scheduled_at < now(), then resume")
}

func checkEmoji(_ context.Context, s *survey) *workflow.Check {
	db := s.Facts.Backup.Database
	if db == nil || db.Counts.LocalEmoji == 0 || s.Facts.Backup.Part(backupset.CustomEmojis).Verdict != backupset.Missing || s.instance.S3 {
		return nil
	}
	return info("custom-emojis", Count(db.Counts.LocalEmoji)+" local emoji are not in this set: they live only on the volume and are left as they are")
}

func checkSearch(_ context.Context, s *survey) *workflow.Check {
	if !s.instance.Elasticsearch {
		return nil
	}
	return info("search", "Elasticsearch is on: the search index is built anew after reopening")
}
