package restore

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"mastodon-restore/internal/mastodon"
	"mastodon-restore/workflow"
)

func (r *Restore) target() workflow.Step {
	return workflow.Step{
		ID: "target", Title: "target",
		Explain: workflow.Explain{
			Why:    "A restore replaces a server's data, so the first question is which server, on which cluster.",
			ByHand: "kubectl config current-context; kubectl -n NAMESPACE get deployments,statefulsets,cronjobs,pvc",
			Risk:   "None: this step only looks. A wrong context is found out here, not later.",
			Undo:   "Nothing to undo.",
		},
		Run: r.chooseTarget,
	}
}

func (r *Restore) chooseTarget(ctx context.Context, t *workflow.Task) error {
	id, err := r.World.Cluster.Identity(ctx)
	if errors.Is(err, mastodon.ErrNoNamespace) {
		return usage(err.Error(), "pass another one with -n, or another --context; kubectl get namespaces lists what there is")
	}
	if err != nil {
		return err
	}
	t.Log("context %s, namespace %s (%s)", id.Context, id.Namespace, id.Kubeconfig)
	instances, err := r.World.Cluster.Instances(ctx)
	if err != nil {
		return err
	}
	i, err := r.chooseInstance(ctx, t, id, instances)
	if err != nil {
		return err
	}
	r.instance, r.Facts.Instance, r.Facts.Identity = i, i, id
	t.Log("%s, installed by %s: web, %d Sidekiq, %d streaming; database %s on %s", i.Domain, i.Flavour, len(i.Sidekiq), len(i.Streaming), i.Database.Name, i.Database.Host)
	for _, p := range i.Problems {
		t.LogAt(workflow.SeverityWarns, "%s", p)
	}
	if err := r.freeOfOthers(ctx); err != nil {
		return err
	}
	return t.Aim(workflow.Target{Context: id.Context, Namespace: id.Namespace, Domain: i.Domain, Cluster: id.ClusterUID, NamespaceUID: id.NamespaceUID})
}

func (r *Restore) chooseInstance(ctx context.Context, t *workflow.Task, id mastodon.Identity, instances []mastodon.Instance) (mastodon.Instance, error) {
	wanted := r.Facts.Options.Instance
	var names []string
	for _, i := range instances {
		if i.Name == wanted {
			return i, nil
		}
		names = append(names, i.Name)
	}
	switch {
	case wanted != "":
		return mastodon.Instance{}, usage(fmt.Sprintf("no Mastodon instance %q in namespace %s", wanted, id.Namespace),
			"found there: "+orNone(names)+"; pass another --instance")
	case len(instances) == 0:
		return mastodon.Instance{}, usage("no Mastodon server in namespace "+id.Namespace+" of context "+id.Context,
			"pass the namespace with -n, or another --context; kubectl get deployments -A lists what there is")
	case len(instances) == 1:
		return instances[0], nil
	}
	q := workflow.Question{ID: "target", Kind: workflow.KindChoose, Title: "Which server?", Flag: "--instance NAME",
		Hint: "namespace " + id.Namespace, Columns: []string{"instance", "domain", "installed by", "Mastodon"}}
	for _, i := range instances {
		q.Options = append(q.Options, workflow.Option{ID: i.Name, Label: i.Name, Cells: []string{i.Name, i.Domain, string(i.Flavour), i.Version}})
	}
	a, err := ask(ctx, t, q)
	if err != nil {
		return mastodon.Instance{}, err
	}
	for _, i := range instances {
		if i.Name == a.Option {
			return i, nil
		}
	}
	return mastodon.Instance{}, usage(fmt.Sprintf("no instance %q", a.Option), "found: "+strings.Join(names, ", "))
}

// freeOfOthers stops here, before anybody has spent time on questions, when another run holds
// the namespace's lock. The lock itself is taken when something is about to change.
func (r *Restore) freeOfOthers(ctx context.Context) error {
	holder, held, err := r.World.Cluster.Holder(ctx)
	if err != nil {
		return err
	}
	if held && holder.Run != r.Run {
		return r.locked(&HeldError{Namespace: r.Facts.Identity.Namespace, Holder: holder})
	}
	return nil
}

func (r *Restore) locked(held *HeldError) error {
	f := workflow.Fail(held, "another restore holds this namespace")
	f.Exit = workflow.ExitLocked
	f.Meaning = fmt.Sprintf("Run %s of %s, last seen %s at step %q, works on this server or was cut off while it did.", held.Holder.Run, held.Holder.Who, held.Holder.Renewed, held.Holder.Step)
	f.World = "This run has changed nothing."
	f.Actions = []workflow.Action{
		{ID: "retry", Label: "look again: the other run may have ended", Then: workflow.ThenRetry},
		{ID: "other", Label: "go on with the other run, on the machine it was begun", Command: fmt.Sprintf(r.World.Resume, held.Holder.Run), Then: workflow.ThenEnd},
		{ID: "break", Label: "if you are sure that nobody works on it: delete the lock, then start again", Command: "kubectl -n " + held.Namespace + " delete lease mastodon-restore", Then: workflow.ThenEnd},
	}
	return f
}

// usage is an error in what was asked for; nothing was changed.
func usage(what, next string) error {
	return &workflow.Failure{Summary: what, Meaning: next, World: "Nothing was changed.", Exit: workflow.ExitUsage}
}

// quit is the option by which every question can be left.
const quit = "quit"

// ask puts a question and takes "quit" for a no.
func ask(ctx context.Context, t *workflow.Task, q workflow.Question) (workflow.Answer, error) {
	a, err := t.Ask(ctx, q)
	if err == nil && a.Option == quit {
		err = workflow.ErrDeclined
	}
	return a, err
}

func orNone(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}
