package restore

import (
	"context"
	"errors"
	"fmt"
	"path"
	"strings"
	"time"

	"mastodon-restore/internal/backupset"
	"mastodon-restore/internal/remote"
	"mastodon-restore/workflow"
)

// Chore is one command of Mastodon's own that was run after the restore.
type Chore struct {
	Command string        `json:"command"`
	Took    time.Duration `json:"took"`
	// Said is the command's last line; Errors counts what it swallowed and went on from.
	Said   string `json:"said,omitempty"`
	Errors int    `json:"errors,omitempty"`
	// Failed says why it did not end well, where the restore went on all the same.
	Failed string `json:"failed,omitempty"`
}

// chore is a command to run, and how to tell how far it is.
type chore struct {
	command string // for sh, in Mastodon's folder
	unit    string // of the records it visits; empty: it does not say
	total   int64  // 0: nobody knows
	// optional chores may fail without stopping the restore.
	optional bool
}

// withoutCache says that this set makes remote media unknown: their rows are there, the files
// are not.
func (r *Restore) withoutCache() bool {
	return !r.Facts.Instance.S3 && r.Facts.Options.Cache != CacheSkip && r.Facts.Backup.Part(backupset.Cache).Verdict == backupset.Missing
}

// closedChores run before the server is opened: nobody sees broken pages, nothing writes
// meanwhile.
func (r *Restore) closedChores() []chore {
	list := []chore{{command: "tootctl cache clear"}}
	if r.withoutCache() {
		list = append(list,
			chore{command: "tootctl media remove --days 0 --verbose", unit: "attachments"},
			chore{command: "tootctl emoji purge --remote-only"},
			chore{command: "tootctl preview_cards remove --days 0 --verbose", unit: "preview cards"})
	}
	return append(list, chore{command: "tootctl feeds build --all --verbose", unit: "accounts", total: r.restoredCounts().Users})
}

// openChores run while the server is open: they take long and need the internet or
// Elasticsearch.
func (r *Restore) openChores() (list []chore) {
	if r.withoutCache() {
		list = append(list, chore{command: "tootctl accounts refresh --all --verbose", unit: "accounts", total: r.restoredCounts().RemoteAccounts, optional: true})
	}
	if r.Facts.Instance.Elasticsearch {
		list = append(list, chore{command: "tootctl search deploy", unit: "records", optional: true})
	}
	return list
}

func choreNames(list []chore) (names []string) {
	for _, c := range list {
		names = append(names, strings.TrimSuffix(c.command, " --verbose"))
	}
	return names
}

// chores runs those that have not been run, in the utility pod.
func (r *Restore) chores(ctx context.Context, t *workflow.Task, list []chore) error {
	for _, c := range list {
		if r.settled(c.command) {
			continue
		}
		done, err := r.chore(ctx, t, c)
		if err != nil {
			return err
		}
		r.Facts.Settled = append(r.Facts.Settled, done)
		if err := t.Save(); err != nil {
			return err
		}
	}
	return nil
}

func (r *Restore) settled(command string) bool {
	for _, c := range r.Facts.Settled {
		if c.Command == command {
			return true
		}
	}
	return false
}

// inMastodon prepares a shell as the web container's own process has it. Bitnami's image keeps
// the settings in files until its entry point reads them.
const inMastodon = `cd "${1%/public/system}" || exit 1
PATH="$PWD/bin:$PATH"; export PATH
[ -z "$NICE" ] || renice -n 10 -p $$ >/dev/null 2>&1
if [ -r /opt/bitnami/scripts/mastodon-env.sh ]; then
  exec bash -c '. /opt/bitnami/scripts/liblog.sh; . /opt/bitnami/scripts/libos.sh; . /opt/bitnami/scripts/libvalidations.sh; . /opt/bitnami/scripts/libmastodon.sh; . /opt/bitnami/scripts/mastodon-env.sh; eval "$(mastodon_runtime_env)"; exec "$@"' bash COMMAND
fi
exec COMMAND`

// chore runs one command detached and follows it, counting what it visits and what it swallows.
func (r *Restore) chore(ctx context.Context, t *workflow.Task, c chore) (Chore, error) {
	done := Chore{Command: c.command}
	began := t.Now()
	id := t.Run() + "-" + strings.Join(strings.FieldsFunc(c.command, func(r rune) bool { return r == ' ' || r == '/' || r == '-' }), "-")
	var visited int64
	err := r.withPod(ctx, t, func() error {
		visited, done.Errors = 0, 0
		attempt, err := r.attempt(t, id)
		if err != nil {
			return err
		}
		job := remote.Job{Shell: r.shell(t, r.app()), Dir: path.Join(r.World.Scratch, "job-"+id+"-"+attempt),
			Script: strings.ReplaceAll(inMastodon, "COMMAND", c.command), Args: []string{r.Facts.Instance.SystemPath}}
		if err := job.Start(ctx); err != nil {
			return err
		}
		t.Log("$ %s", c.command)
		err = job.Follow(ctx, 0, func(line string) {
			line = workflow.CleanLine(line)
			switch {
			case strings.HasPrefix(line, "Processing "):
				visited++
			case strings.HasPrefix(line, "Error processing "):
				visited, done.Errors = visited+1, done.Errors+1
				t.LogAt(workflow.SeverityWarns, "%s", line)
			case strings.HasPrefix(line, "Progress: |"): // a bar for somebody who can't see it grow
			case line != "":
				done.Said = line
				t.Log("%s", line)
			}
			if c.unit != "" {
				t.Progress(workflow.Progress{ID: id, Label: strings.TrimSuffix(c.command, " --verbose"), Done: visited, Total: c.total, Unit: c.unit})
			}
		})
		if err != nil && ctx.Err() == nil {
			return errors.Join(err, t.Note(id+"-"+attempt, "ended"))
		}
		return err
	})
	done.Took = t.Now().Sub(began)
	if err == nil || ctx.Err() != nil {
		return done, err
	}
	if c.optional {
		done.Failed = firstLine(err.Error())
		t.LogAt(workflow.SeverityWarns, "%s failed; the restore goes on: %s", c.command, done.Failed)
		return done, nil
	}
	return done, r.card(err, c.command+" failed")
}

// attempt names the try of a chore: the one that was cut off, or a new one after a failed one.
func (r *Restore) attempt(t *workflow.Task, id string) (string, error) {
	for n := 1; n < 1000; n++ {
		if _, ended := t.Noted(fmt.Sprintf("%s-%d", id, n)); !ended {
			return fmt.Sprint(n), nil
		}
	}
	return "", fmt.Errorf("%s was tried too often", id)
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}
