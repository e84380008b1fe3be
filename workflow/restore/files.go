package restore

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"mastodon-restore/internal/backupset"
	"mastodon-restore/internal/remote"
	"mastodon-restore/internal/transfer"
	"mastodon-restore/workflow"
)

// Placed is what became of one archive.
type Placed struct {
	Files int64 `json:"files"`
	Bytes int64 `json:"bytes"`
	// Newer counts files that were there and are newer than the backup, and NewerNames holds the
	// first hundred; NewerUnknown says that looking for them was given up.
	Newer        int64         `json:"newer"`
	NewerNames   []string      `json:"newer_names,omitempty"`
	NewerUnknown bool          `json:"newer_unknown,omitempty"`
	Resumed      int           `json:"resumed,omitempty"` // parcels that had arrived before
	Sent         int64         `json:"sent"`              // bytes that the last process sent
	Took         time.Duration `json:"took"`
	Whole        bool          `json:"whole"`
}

func (r *Restore) files() workflow.Step {
	return r.closedStep(workflow.Step{
		ID: "files", Title: "files",
		Explain: workflow.Explain{
			Why:    "Accounts' pictures, attachments and site uploads go onto the volume, checked on the far side by count, bytes and digests.",
			ByHand: "kubectl exec -i POD -- tar -xzf - -C / < system_accounts.tar.gz, and the same for media_attachments and site_uploads",
			Risk:   "The volume may fill up; the connection may break. What has arrived is kept and is not sent again.",
			Undo:   "Nothing is ever removed from the volume. Files of the same name are replaced by the backup's.",
		},
		Needed: func() string {
			if r.Facts.Instance.S3 {
				return "media live in an object store"
			}
			if len(r.classes(r.Facts.Options.Cache == CacheBefore)) == 0 {
				return "the set has no archives"
			}
			return ""
		},
		Run: func(ctx context.Context, t *workflow.Task) error {
			for _, class := range r.classes(r.Facts.Options.Cache == CacheBefore) {
				if err := r.place(ctx, t, class, transfer.Options{}); err != nil {
					return err
				}
			}
			return nil
		},
	})
}

// place sends one archive, unless it arrived before.
func (r *Restore) place(ctx context.Context, t *workflow.Task, class backupset.Class, o transfer.Options) error {
	if r.Facts.Files[string(class)].Whole {
		return nil
	}
	o.Lanes, o.BytesPerSecond = r.Facts.Options.Lanes, r.Facts.Options.BytesPerSecond
	o.BackupTime, o.SHA256 = r.set.Created, r.Facts.Backup.Part(class).SHA256
	if r.Facts.Options.Verify == VerifyFull {
		o.Verify = transfer.VerifyFull
	}
	to := transfer.Destination{Dir: r.Facts.Instance.SystemPath, Class: string(class)}
	t.Log("%s: %s", class, r.set.Path(class))
	report, err := r.carry(ctx, t, string(class), string(class), o, func(o transfer.Options) (transfer.Report, error) {
		return r.World.Files.Send(ctx, r.app(), r.set.Path(class), to, o)
	})
	for _, note := range report.Notes {
		t.Log("%s: %s", class, note)
	}
	if err != nil {
		return r.transferCard(err, string(class))
	}
	r.notePlaced(t, class, report)
	return t.Save()
}

func (r *Restore) notePlaced(t *workflow.Task, class backupset.Class, report transfer.Report) {
	if r.Facts.Files == nil {
		r.Facts.Files = map[string]Placed{}
	}
	r.Facts.Files[string(class)] = Placed{
		Files: report.Files, Bytes: report.Bytes, Newer: report.Newer, NewerNames: report.NewerNames, NewerUnknown: report.NewerUnknown,
		Resumed: report.Resumed, Sent: report.SentBytes, Took: report.Took, Whole: true,
	}
	t.Log("%s: %s files, %s, in %s; read back: %d digests of %d equal", class, Count(report.Files), Bytes(report.Bytes), Span(report.Took), report.Verification.Equal, report.Verification.Digests)
	if report.Newer > 0 {
		t.LogAt(workflow.SeverityInfo, "%s: %s files there before are newer than the backup", class, Count(report.Newer))
	}
}

// carry runs one transfer with its ledger and progress, and again where the pod was lost.
func (r *Restore) carry(ctx context.Context, t *workflow.Task, name, id string, o transfer.Options, send func(transfer.Options) (transfer.Report, error)) (transfer.Report, error) {
	ledger, err := transfer.OpenLedger(filepath.Join(t.Folder(), "sent-"+id+".jsonl"))
	if err != nil {
		return transfer.Report{}, err
	}
	defer ledger.Close()
	note := ""
	o.Ledger, o.Patience, o.BatchBytes = ledger, r.World.StreamPatience, r.World.BatchBytes
	o.Progress = func(p transfer.Progress) {
		t.Progress(workflow.Progress{ID: name, Label: name, Done: p.Done, Total: p.Total, Unit: "bytes", Now: fmt.Sprintf("%s, %s files", p.Phase, Count(p.Files))})
		if p.Note != "" && p.Note != note {
			note = p.Note
			t.LogAt(workflow.SeverityWarns, "%s: %s", name, note)
		}
	}
	o.Gone = func(error) bool { return r.podLost(ctx) }
	var report transfer.Report
	err = r.withPod(ctx, t, func() error {
		report, err = send(o)
		return err
	})
	return report, err
}

// podLost says whether the utility pod will not come back. A cluster that does not answer says
// nothing about the pod.
func (r *Restore) podLost(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	pod, err := r.World.Cluster.Pod(ctx, PodOf(r.Run))
	return err == nil && (!pod.Exists || pod.Ended)
}

// lives is how often the utility pod is made anew before its loss is a failure.
const lives = 5

// withPod runs work in the utility pod; where the pod is lost meanwhile, it is made anew and the
// work goes on from what it remembers.
func (r *Restore) withPod(ctx context.Context, t *workflow.Task, work func() error) error {
	for life := 1; ; life++ {
		if err := r.ensurePod(ctx, t); err != nil {
			return err
		}
		err := work()
		if err == nil || ctx.Err() != nil || life == lives || !r.podLost(ctx) && !errors.Is(err, remote.ErrGone) {
			return err
		}
		t.LogAt(workflow.SeverityWarns, "the utility pod was lost: %v; going on in a new one", err)
	}
}

func (r *Restore) transferCard(err error, class string) error {
	f := r.card(err, class+" did not arrive whole")
	var full *transfer.VolumeFullError
	var stalled *transfer.StalledError
	switch {
	case errors.As(err, &full):
		f.Meaning = fmt.Sprintf("%s files (%s) are there, %s files (%s) are missing. After room was made, trying again sends only those.",
			Count(full.PlacedFiles), Bytes(full.PlacedBytes), Count(full.MissingFiles), Bytes(full.MissingBytes))
	case errors.As(err, &stalled):
		f.Exit = workflow.ExitUnknown
		f.Meaning = "The cluster or the way to it does not answer. What has arrived is kept."
	}
	return f
}
