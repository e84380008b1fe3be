package restore

import (
	"context"
	"fmt"
	"strings"
	"time"

	"mastodon-restore/internal/mastodon"
	"mastodon-restore/internal/postgres"
	"mastodon-restore/workflow"
)

// pauseBetween lies between two tries of something whose end is unknown.
const pauseBetween = 2 * time.Second

func (r *Restore) utility() workflow.Step {
	return r.closedStep(workflow.Step{
		ID: "utility", Title: "utility pod",
		Explain: workflow.Explain{
			Why:    "Files are written and tootctl runs in a pod that mounts the volumes as the web pod does: same image, user and paths. A second container has PostgreSQL's client, which Mastodon's image lacks.",
			ByHand: "kubectl apply a pod with the web pod's image, securityContext, volumes and env, and the command sleep infinity; kubectl cp and kubectl exec into it",
			Risk:   "It may stay Pending: no node that can mount the volumes, an image that can't be pulled, a volume still attached elsewhere. The events say which.",
			Undo:   "kubectl delete pod mastodon-restore-RUN",
		},
		Run: func(ctx context.Context, t *workflow.Task) error {
			if err := r.ensurePod(ctx, t); err != nil {
				return err
			}
			return r.inspectPod(ctx, t)
		},
	})
}

// ensurePod makes the pod, or makes it anew where it was lost, and waits until it is ready.
func (r *Restore) ensurePod(ctx context.Context, t *workflow.Task) error {
	name, began, said := PodOf(r.Run), t.Now(), ""
	for {
		pod, err := r.World.Cluster.Pod(ctx, name)
		if err != nil {
			return r.card(err, "look at the utility pod")
		}
		switch {
		case pod.Ready:
			return nil
		case pod.Ended:
			t.LogAt(workflow.SeverityWarns, "the utility pod has ended; it is made anew")
			err = r.World.Cluster.Remove(ctx, name)
		case !pod.Exists:
			t.Log("making pod %s", name)
			err = r.World.Cluster.Ensure(ctx, r.instance, r.utilityPod())
		}
		if err != nil {
			return r.card(err, "make the utility pod")
		}
		if now := strings.Join(pod.Problems, "; "); now != said && now != "" {
			t.LogAt(workflow.SeverityWarns, "%s", now)
			said = now
		}
		if t.Now().Sub(began) > r.World.Patience {
			return r.stuck(pod)
		}
		if err := pause(ctx, r.World.Poll); err != nil {
			return err
		}
	}
}

func (r *Restore) stuck(pod mastodon.PodState) error {
	what := "it is not ready and nobody says why"
	if len(pod.Problems) > 0 {
		what = pod.Problems[0]
	}
	f := r.card(fmt.Errorf("%s", what), "the utility pod does not become ready")
	f.Evidence = pod.Problems
	return f
}

// inspectPod makes sure that the pod can do what it is for, before any data is touched.
func (r *Restore) inspectPod(ctx context.Context, t *workflow.Task) error {
	if err := r.inspectVolume(ctx, t); err != nil {
		return err
	}
	name := r.Facts.Instance.Database.Name
	look, err := r.db(t).Look(ctx, name)
	if err != nil {
		f := r.card(err, "the utility pod can't reach the database")
		f.Meaning = "A NetworkPolicy may forbid it (Bitnami's wants the label RELEASE-postgresql-client: \"true\"), or the server refuses the login."
		return f
	}
	t.Log("database %s answers: PostgreSQL %d, pg_restore %d, as user %s", name, postgres.Major(look.Server), postgres.Major(look.Client), look.User)
	if r.Facts.Look == nil {
		return r.lateChecks(ctx, t, &survey{Restore: r, task: t, look: &look, dataFree: -1})
	}
	return nil
}

// lateChecks are those that preflight could not make of a database outside the namespace.
func (r *Restore) lateChecks(ctx context.Context, t *workflow.Task, s *survey) error {
	r.Facts.Look = s.look
	if counts, missing, err := r.db(t).Counts(ctx, r.Facts.Instance.Database.Name); err == nil {
		r.Facts.Before = Figures{Known: true, Counts: counts, Missing: unique(missing)}
	}
	for _, c := range []check{checkServerVersion, checkDumpVersion, checkDatabaseRole} {
		if found := c(ctx, s); found != nil {
			t.Check(*found)
			if found.Severity == workflow.SeverityBlocks {
				f := r.card(fmt.Errorf("%s: %s", found.ID, found.Evidence), "the database can't be restored like this")
				f.Meaning, f.Exit = found.Meaning+". Fix: "+found.Fix, workflow.ExitBlocked
				return f
			}
		}
	}
	return nil
}

// inspectVolume writes and removes a file of ours where the media are, and looks at the space.
func (r *Restore) inspectVolume(ctx context.Context, t *workflow.Task) error {
	if r.Facts.Instance.S3 || len(r.classes(true)) == 0 {
		return nil
	}
	dir, shell := r.Facts.Instance.SystemPath, r.shell(t, r.app())
	if _, err := shell.Ask(ctx, `cd "$1" && : >".mastodon-restore-$2" && rm -f ".mastodon-restore-$2"`, dir, r.Run); err != nil {
		f := r.card(err, "the utility pod can't write to "+dir)
		f.Meaning = "The volume is read-only, belongs to another user (the pod has the web pod's securityContext), or is not what the web pod mounts there."
		return f
	}
	got, err := dfOf(ctx, shell, dir)
	if err != nil {
		return r.card(err, "ask for the free space of "+dir)
	}
	need, _ := r.weigh(r.classes(r.Facts.Options.Cache == CacheBefore))
	t.Log("%s: %s free, %s to write before reopening", dir, Bytes(got.free), Bytes(need))
	return nil
}
