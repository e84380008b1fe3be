package restore

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"mastodon-restore/internal/mastodon"
	"mastodon-restore/internal/remote"
	"mastodon-restore/workflow"
)

// card makes a failure of err that says what state the server is in and what can be done.
func (r *Restore) card(err error, summary string) *workflow.Failure {
	var made *workflow.Failure
	if errors.As(err, &made) {
		return made
	}
	f := workflow.Fail(err, summary)
	f.World = r.situation()
	if errors.Is(err, remote.ErrUnknown) {
		f.Exit = workflow.ExitUnknown
		f.Meaning = "The connection ended before the far side said how the command ended. It may have run, and may still. Nothing is assumed: trying again looks first."
	}
	resume := fmt.Sprintf(r.World.Resume, r.Run)
	f.Actions = []workflow.Action{{ID: "retry", Label: "try this step again", Then: workflow.ThenRetry}}
	if r.Facts.Quiesced != nil && !r.Facts.swapped() && !r.Facts.Reopened {
		f.Actions = append(f.Actions, workflow.Action{ID: "give-up", Label: "give up this restore: reopen the server with the old database, as before the run",
			Command: "mastodon-restore undo " + r.Run, Do: r.giveUp, Then: workflow.ThenEnd})
	}
	f.Actions = append(f.Actions, workflow.Action{ID: "leave", Label: "leave it as it is and come back", Command: resume, Then: workflow.ThenStop})
	return f
}

// situation says what state server and data are in, from the facts.
func (r *Restore) situation() string {
	f := r.Facts
	var say []string
	switch {
	case f.Quiesced == nil:
		return "Nothing was changed: the server is as it was."
	case f.swapped():
		say = append(say, "The restored database is in place; the old one is kept as "+r.kept()+".")
	case f.Options.Database == DatabaseInPlace && f.Restored != nil:
		say = append(say, "The database was restored in place.")
	default:
		say = append(say, "Your old database is untouched.")
	}
	if len(f.Files) > 0 {
		var done []string
		for _, class := range r.classes(true) {
			if p, ok := f.Files[string(class)]; ok && p.Whole {
				done = append(done, string(class))
			}
		}
		say = append(say, "Files restored so far: "+orNone(done)+".")
	}
	if f.Reopened {
		return strings.Join(append(say, "The server is open."), " ")
	}
	say = append(say, "The server is closed: web, Sidekiq and streaming are at 0. To bring it back by hand: "+strings.Join(r.byHand(), "; ")+".")
	return strings.Join(say, " ")
}

// byHand are the commands that open the server again without this program.
func (r *Restore) byHand() (commands []string) {
	if r.Facts.Quiesced == nil {
		return nil
	}
	ns := r.Facts.Identity.Namespace
	for _, w := range r.Facts.Instance.Workloads() {
		if n := r.Facts.Quiesced.Replicas[w.Name]; n > 0 {
			commands = append(commands, fmt.Sprintf("kubectl -n %s scale %s/%s --replicas=%d", ns, strings.ToLower(w.Kind), w.Name, n))
		}
	}
	for _, c := range r.Facts.Instance.CronJobs {
		if !r.Facts.Quiesced.Suspended[c.Name] {
			commands = append(commands, fmt.Sprintf(`kubectl -n %s patch cronjob/%s -p '{"spec":{"suspend":false}}'`, ns, c.Name))
		}
	}
	return commands
}

// giveUp takes the restore back before anything went live: the half-made database goes, the
// server is opened as it was. Files that were restored stay; nothing was taken away.
func (r *Restore) giveUp(ctx context.Context, t *workflow.Task) error {
	if r.Facts.Options.Database == DatabaseSwap && r.Facts.Restored != nil {
		if err := again(ctx, t, func() error { return r.db(t).Drop(ctx, r.fresh()) }); err != nil {
			t.LogAt(workflow.SeverityWarns, "the half-made database %s is left behind: %v", r.fresh(), err)
		}
	}
	if err := r.World.Cluster.Remove(ctx, PodOf(r.Run)); err != nil {
		t.LogAt(workflow.SeverityWarns, "the utility pod is left behind: %v", err)
	}
	if err := r.openAsBefore(ctx, t); err != nil {
		return err
	}
	return r.World.Cluster.Release(ctx, r.Run)
}

// again repeats what may safely be done twice while nobody knows how it ended.
func again(ctx context.Context, t *workflow.Task, do func() error) error {
	for {
		err := do()
		if err == nil || ctx.Err() != nil || !errors.Is(err, remote.ErrUnknown) {
			return err
		}
		t.LogAt(workflow.SeverityWarns, "looking again: %v", err)
		if err := pause(ctx, pauseBetween); err != nil {
			return err
		}
	}
}

func (r *Restore) holder(t *workflow.Task) mastodon.Holder {
	s := t.Snapshot()
	step := ""
	if s.Current >= 0 && s.Current < len(s.Steps) {
		step = s.Steps[s.Current].ID
	}
	return mastodon.Holder{Run: r.Run, Who: r.World.Who, Step: step}
}
