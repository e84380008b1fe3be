package restore

import (
	"context"

	"mastodon-restore/internal/backupset"
	"mastodon-restore/internal/transfer"
	"mastodon-restore/workflow"
)

func (r *Restore) cacheAfter() bool {
	return r.Facts.Options.Cache == CacheAfter && !r.Facts.Instance.S3 && r.Facts.Backup.Part(backupset.Cache).Verdict != backupset.Missing
}

func (r *Restore) after() workflow.Step {
	return r.openStep(workflow.Step{
		ID: "after", Title: "cache, search",
		Explain: workflow.Explain{
			Why:    "Remote media are most of the bytes and nobody needs them for opening. Without them, profile pictures are fetched again; the search index is built from the restored posts.",
			ByHand: "kubectl exec -i POD -- tar -xzf - -C / < system_cache.tar.gz; tootctl accounts refresh --all; tootctl search deploy",
			Risk:   "The server is open and shares its volume and processors with this; it goes at low priority.",
			Undo:   "Nothing to undo: files are added, the index is rebuilt.",
		},
		Needed: func() string {
			if !r.cacheAfter() && len(r.openChores()) == 0 {
				return "nothing left to bring in"
			}
			return ""
		},
		Run: func(ctx context.Context, t *workflow.Task) error {
			if r.cacheAfter() {
				if err := r.place(ctx, t, backupset.Cache, transfer.Options{Nice: 10}); err != nil {
					return err
				}
			}
			return r.chores(ctx, t, r.openChores())
		},
	})
}
