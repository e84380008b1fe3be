package restore

import (
	"context"
	"fmt"
	"strings"

	"mastodon-restore/internal/mastodon"
	"mastodon-restore/workflow"
)

func (r *Restore) settle() workflow.Step {
	return r.closedStep(workflow.Step{
		ID: "settle", Title: "migrate and settle",
		Explain: workflow.Explain{
			Why:    "An older dump needs the running version's migrations. Caches and home feeds in Redis are of the old data. Where the set has no cache, rows that name remote files must forget them, so that they are fetched again.",
			ByHand: "bin/rails db:migrate; tootctl cache clear; tootctl feeds build --all; without a cache: tootctl media remove --days 0, tootctl emoji purge --remote-only, tootctl preview_cards remove --days 0",
			Risk:   "tootctl emoji purge without --remote-only would delete the server's own emoji: it is never run so.",
			Undo:   "mastodon-restore undo RUN brings the old database back; caches fill themselves.",
		},
		Run: func(ctx context.Context, t *workflow.Task) error {
			if err := r.migrate(ctx, t); err != nil {
				return err
			}
			return r.chores(ctx, t, r.closedChores())
		},
	})
}

// migrate runs the image's migrations where it has any that the restored database lacks.
func (r *Restore) migrate(ctx context.Context, t *workflow.Task) error {
	newest, err := r.newestMigration(ctx, t)
	if err != nil {
		return err
	}
	schema := r.restoredCounts().Schema
	switch {
	case newest == "" || schema == newest:
		t.Log("database schema %s is what the image expects", orUnknown(schema))
		return nil
	case schema > newest:
		f := r.card(fmt.Errorf("the database's schema is %s, the image's newest migration %s", schema, newest), "the dump is newer than the server's image")
		f.Meaning = "An older Mastodon can't use a newer database. Change the image to the version the backup was taken with, then resume."
		f.Exit = workflow.ExitUnverified
		return f
	}
	t.Log("database schema %s, image %s: migrating", schema, newest)
	return r.chores(ctx, t, []chore{{command: "bin/rails db:migrate"}})
}

// newestMigration asks the image itself; its tag may say anything.
func (r *Restore) newestMigration(ctx context.Context, t *workflow.Task) (string, error) {
	var out string
	err := r.withPod(ctx, t, func() (err error) {
		out, err = r.shell(t, r.app()).Ask(ctx, `cd "${1%/public/system}/db" 2>/dev/null || exit 0
ls migrate post_migrate 2>/dev/null | sed -n 's/^\([0-9]\{14\}\)_.*/\1/p' | sort | tail -n 1`, r.Facts.Instance.SystemPath)
		return err
	})
	if err != nil {
		return "", r.card(err, "ask the image for its migrations")
	}
	if newest := strings.TrimSpace(out); newest != "" {
		return newest, nil
	}
	return mastodon.SchemaOf(r.Facts.Instance.Version), nil
}

func (r *Restore) restoredCounts() mastodon.Counts {
	if r.Facts.Restored != nil && r.Facts.Restored.Checked {
		return r.Facts.Restored.Counts
	}
	if r.Facts.Backup != nil && r.Facts.Backup.Database != nil {
		return r.Facts.Backup.Database.Counts
	}
	return mastodon.Counts{}
}
