package restore

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"mastodon-restore/internal/mastodon"
	"mastodon-restore/internal/postgres"
	"mastodon-restore/workflow"
)

func (r *Restore) preflight() workflow.Step {
	return workflow.Step{
		ID: "preflight", Title: "preflight",
		Explain: workflow.Explain{
			Why:    "Whatever would stop the restore half way is found now, all at once, while the old server is as it was.",
			ByHand: "kubectl auth can-i …; kubectl get pvc; psql -c 'SELECT …' ; df -h and df -i in a pod that mounts the volume",
			Risk:   "None: the checks only look; the utility pod is tried as a dry run.",
			Undo:   "Nothing to undo.",
		},
		Run: r.review,
	}
}

// check is one thing looked at before anything changes. It returns nil where it does not apply.
// A new one is a file with such a function and a line in checks.
type check func(ctx context.Context, s *survey) *workflow.Check

// survey is what checks look at: gathered once, before they run side by side.
type survey struct {
	*Restore
	task     *workflow.Task
	db       Database // nil: not to be reached before the utility pod is there
	look     *postgres.Look
	lookErr  error
	space    map[string]space // by mount path
	dataFree int64            // bytes free for the database; -1 unknown
}

// checks are in the order they are shown within one severity.
func checks() []check {
	return []check{
		checkPermissions, checkInstance, checkMediaStorage, checkClaims, checkSingleNode, checkUtilityPod, checkImages,
		checkVolumeSpace, checkVolumeInodes, checkDatabaseReach, checkDatabaseSpace, checkServerVersion, checkDumpVersion,
		checkDatabaseRole, checkSessions, checkStartupProbe, checkManagers, checkPooler, checkSet, checkDomain, checkWebDomain, checkSecrets,
		checkMastodonVersion, checkMastodonNeeds, checkScheduled, checkReplicas, checkEmoji, checkSearch,
	}
}

// review runs the checks, then lets the operator look, accept, and look again.
func (r *Restore) review(ctx context.Context, t *workflow.Task) error {
	for {
		results := r.look(ctx, t)
		again, err := r.decide(ctx, t, results)
		if err != nil {
			return err
		}
		if !again {
			return nil
		}
	}
}

// look gathers what checks need and runs them side by side.
func (r *Restore) look(ctx context.Context, t *workflow.Task) []workflow.Check {
	s := r.survey(ctx, t)
	list := checks()
	found := make([]*workflow.Check, len(list))
	var wg sync.WaitGroup
	for i, c := range list {
		wg.Go(func() {
			if found[i] = c(ctx, s); found[i] != nil {
				t.Check(*found[i])
			}
		})
	}
	wg.Wait()
	var results []workflow.Check
	for _, c := range found {
		if c != nil {
			results = append(results, *c)
		}
	}
	slices.SortStableFunc(results, func(a, b workflow.Check) int { return rank(b.Severity) - rank(a.Severity) })
	return results
}

func (r *Restore) survey(ctx context.Context, t *workflow.Task) *survey {
	s := &survey{Restore: r, task: t, dataFree: -1}
	r.Facts.Before = Figures{Reason: "the database is outside the namespace; it is looked at from the utility pod"}
	if db, ok := r.serverDB(t); ok {
		s.db = db
		s.lookAtDatabase(ctx)
	}
	s.space = s.spaceOfVolumes(ctx)
	return s
}

func (s *survey) lookAtDatabase(ctx context.Context) {
	name := s.instance.Database.Name
	look, err := s.db.Look(ctx, name)
	if err != nil {
		s.db, s.lookErr = nil, err
		s.Facts.Before = Figures{Reason: err.Error()}
		return
	}
	s.look, s.Facts.Look = &look, &look
	if !look.Exists {
		s.Facts.Before = Figures{Reason: "database " + name + " is not there"}
	} else if counts, missing, err := s.db.Counts(ctx, name); err != nil {
		s.Facts.Before = Figures{Reason: err.Error()}
	} else {
		s.Facts.Before = Figures{Known: true, Counts: counts, Missing: unique(missing)}
	}
	if sized, ok := s.db.(interface {
		Space(context.Context) (int64, error)
	}); ok {
		if free, err := sized.Space(ctx); err == nil {
			s.dataFree = free
		}
	}
}

// decide shows the results and returns whether to look again. It is an error when something
// blocks and nobody accepts it.
func (r *Restore) decide(ctx context.Context, t *workflow.Task, results []workflow.Check) (again bool, err error) {
	q := workflow.Question{ID: "preflight", Kind: workflow.KindReview, Title: "Before anything changes", Checks: results, Flag: "--accept ID,…", Default: "go",
		Options: []workflow.Option{{ID: "go", Label: "go on"}, {ID: "again", Key: "r", Label: "check again"}, {ID: quit, Key: "q", Label: "leave"}}}
	for {
		q.Options[0].Unavailable, q.Default = "", "go"
		if open := unaccepted(q.Checks); len(open) > 0 {
			q.Options[0].Unavailable, q.Default = "blocked by "+strings.Join(open, ", "), "again"
		}
		a, err := ask(ctx, t, q)
		if err != nil {
			return false, err
		}
		if a.Option == "again" {
			return true, nil
		}
		var refused []string
		q.Checks, refused = accept(q.Checks, a.Accept)
		r.Facts.Checks = q.Checks
		if a.Option != "go" {
			q.Hint = ""
			if len(refused) > 0 {
				q.Hint = strings.Join(refused, ", ") + " can't be accepted: the restore could not go on"
			}
			continue
		}
		if open := unaccepted(q.Checks); len(open) > 0 {
			return false, blocked(q.Checks, strings.Join(open, ", "))
		}
		if slices.ContainsFunc(q.Checks, func(c workflow.Check) bool { return c.Accepted }) {
			t.Warn()
		}
		return false, nil
	}
}

func blocked(results []workflow.Check, what string) error {
	f := &workflow.Failure{Summary: "preflight blocks", First: what, World: "Nothing was changed.", Exit: workflow.ExitBlocked,
		Meaning: "Put right what blocks and run the command again. A check that you take upon yourself is accepted with --accept ID."}
	for _, c := range results {
		if c.Severity == workflow.SeverityBlocks && !c.Accepted {
			f.Evidence = append(f.Evidence, fmt.Sprintf("%s: %s. Fix: %s", c.ID, c.Evidence, c.Fix))
		}
	}
	return f
}

// accept marks the named checks. Refused are those that nobody may accept, and unknown names.
func accept(results []workflow.Check, ids []string) (out []workflow.Check, refused []string) {
	out = slices.Clone(results)
	for _, id := range ids {
		i := slices.IndexFunc(out, func(c workflow.Check) bool { return c.ID == id })
		switch {
		case i < 0: // a flag for a check that does not apply here
		case out[i].Firm && out[i].Severity == workflow.SeverityBlocks:
			refused = append(refused, id)
		default:
			out[i].Accepted = true
		}
	}
	return out, refused
}

func unaccepted(results []workflow.Check) (ids []string) {
	for _, c := range results {
		if c.Severity == workflow.SeverityBlocks && !c.Accepted {
			ids = append(ids, c.ID)
		}
	}
	return ids
}

func rank(s workflow.Severity) int {
	return slices.Index([]workflow.Severity{workflow.SeverityOK, workflow.SeverityInfo, workflow.SeverityWarns, workflow.SeverityBlocks}, s)
}

// The constructors of checks read like sentences.
func ok(id, evidence string) *workflow.Check {
	return &workflow.Check{ID: id, Severity: workflow.SeverityOK, Evidence: evidence}
}

func info(id, evidence string) *workflow.Check {
	return &workflow.Check{ID: id, Severity: workflow.SeverityInfo, Evidence: evidence}
}

func warns(id, evidence, meaning, fix string) *workflow.Check {
	return &workflow.Check{ID: id, Severity: workflow.SeverityWarns, Evidence: evidence, Meaning: meaning, Fix: fix}
}

func blocks(id, evidence, meaning, fix string) *workflow.Check {
	return &workflow.Check{ID: id, Severity: workflow.SeverityBlocks, Evidence: evidence, Meaning: meaning, Fix: fix}
}

// utilityPod is the pod this run works in.
func (r *Restore) utilityPod() mastodon.UtilityPod {
	image := r.Facts.Options.PostgresImage
	if image == "" {
		image = r.Facts.Instance.Database.Image
	}
	if image == "" {
		image = fmt.Sprintf("docker.io/library/postgres:%d", r.dumpMajor())
	}
	return mastodon.UtilityPod{Name: PodOf(r.Run), Run: r.Run, PostgresImage: image, Scratch: r.World.Scratch}
}

func unique(list []string) []string {
	list = slices.Clone(list)
	slices.Sort(list)
	return slices.Compact(list)
}
