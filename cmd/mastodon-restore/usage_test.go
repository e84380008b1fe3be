package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"mastodon-restore/workflow"
	"mastodon-restore/workflow/restore"
)

func TestACommandLineThatCannotBeCarriedOut(t *testing.T) {
	state, config := t.TempDir(), filepath.Join(t.TempDir(), "config")
	t.Setenv("XDG_STATE_HOME", state)
	require.NoError(t, os.WriteFile(config, []byte(`{apiVersion: v1, kind: Config, current-context: lab, contexts: [{name: lab, context: {cluster: lab, user: ada}}],
clusters: [{name: lab, cluster: {server: "https://127.0.0.1:1"}}], users: [{name: ada}]}`), 0o600))
	for name, c := range map[string]struct {
		args []string
		says string
	}{
		"an unknown command":            {[]string{"restroe"}, `unknown command "restroe"`},
		"an unknown flag":               {[]string{"drill", "--quick"}, "unknown flag: --quick; mastodon-restore drill --help"},
		"an unknown time for the cache": {[]string{"--cache", "never"}, "--cache never: choose one of after, before, skip"},
		"an unknown way for databases":  {[]string{"restore", "--database", "mysql"}, "--database mysql: choose one of swap, in-place"},
		"a detached run in JSON":        {[]string{"resume", "--detach", "--output", "json"}, "--detach writes sentences into a file"},
		"an unknown verification":       {[]string{"--verify", "none"}, "--verify none: choose one of sample, full"},
		"an unknown output":             {[]string{"plan", "--output", "yaml"}, "--output yaml: choose one of text, json"},
		"a limit without a number":      {[]string{"--bwlimit", "much"}, "--bwlimit much: a number"},
		"a negative number of lanes":    {[]string{"--lanes", "-1"}, "--lanes -1"},
		"an unknown fault":              {[]string{"drill", "--fault", "locusts"}, "--fault locusts: choose one of stream-cut, "},
		"a context that is not there":   {[]string{"--kubeconfig", config, "--context", "moon"}, `no context "moon"; there are: lab`},
		"a kubeconfig that is not there": {
			[]string{"plan", "--kubeconfig", "nowhere"}, "open the kubeconfig of --kubeconfig: open nowhere"},
		"a folder that is no backup set":     {[]string{"drill", "--set", state}, "pg_dump_mastodon_backup.sqlc"},
		"a folder that is not there":         {[]string{"restore", "--set", state + "/none"}, "no such file"},
		"a run to resume that is not there":  {[]string{"resume", "zzzzz"}, "run zzzzz is not in"},
		"nothing to resume":                  {[]string{"resume"}, "waits to be resumed"},
		"a run to look at that is not there": {[]string{"status", "../.."}, "is not the name of a run"},
		"no run to look at":                  {[]string{"status"}, "no runs in"},
		"no run named to undo":               {[]string{"undo"}, "name one run: mastodon-restore undo RUN"},
		"a run to undo that is not there":    {[]string{"undo", "zzzzz"}, "run zzzzz is not in"},
		"two runs to dismiss":                {[]string{"dismiss", "a", "b"}, "name one run"},
	} {
		t.Run(name, func(t *testing.T) {
			exit, err := carryOut(t.Context(), c.args)
			require.ErrorContains(t, err, c.says)
			require.Equal(t, workflow.ExitUsage, exit)
		})
	}
	left, err := filepath.Glob(filepath.Join(state, "*", "*", "*"))
	require.NoError(t, err)
	require.Empty(t, left, "what never began leaves nothing behind")
}

func TestAnErrorIsToldOnceAndInJSONAsTheLastLine(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	p := m.run(workflow.ExitUsage, "--cache", "never", "--output", "json")
	require.Equal(t, "usage", p.lines()[0]["name"])
	require.Equal(t, "mastodon-restore: --cache never: choose one of after, before, skip\n", p.err.String())
	require.Empty(t, m.run(workflow.ExitUsage, "restroe").out.String())
}

func TestAMachineWithoutRuns(t *testing.T) {
	t.Setenv("XDG_STATE_HOME", t.TempDir())
	var out bytes.Buffer
	for _, args := range [][]string{{"runs"}, {"runs", "--output", "json"}} {
		root := newRoot()
		root.SetArgs(args)
		root.SetOut(&out)
		require.NoError(t, root.Execute())
	}
	require.Regexp(t, `^No runs in .*\.\n$`, out.String())
}

func TestWithoutAKubeconfigItSaysWhereItLooked(t *testing.T) {
	t.Parallel()
	for _, there := range []string{"/var/snap/microk8s/current/credentials/client.config", "/etc/rancher/k3s/k3s.yaml"} {
		if _, err := os.Stat(there); err == nil {
			t.Skipf("this machine has %s, which would be taken", there)
		}
	}
	m := newMachine(t)
	p := m.run(workflow.ExitUsage, "restore")
	for _, place := range []string{"KUBECONFIG", filepath.Join(m.dir, "home", ".kube", "config"), "/var/snap/microk8s/", "/etc/rancher/k3s/", "--kubeconfig"} {
		require.Contains(t, p.err.String(), place)
	}
}

func TestRates(t *testing.T) {
	for text, want := range map[string]int64{"": 0, "1500": 1500, "20M": 20_000_000, "1.5k": 1500, "2K": 2000, "1G": 1_000_000_000} {
		got, err := parseRate(text)
		require.NoError(t, err, text)
		require.Equal(t, want, got, text)
	}
	for _, text := range []string{"0", "-3", "M", "20MB", "20MM", "NaN", "Inf", "1e30", "0.5", "20 M", "twenty"} {
		_, err := parseRate(text)
		require.ErrorContains(t, err, "--bwlimit "+text, text)
	}
}

func TestARunIsForgottenOnlyIfItChangedNothing(t *testing.T) {
	at := func(step string, status workflow.Status) []workflow.StepView {
		steps := []workflow.StepView{{Status: workflow.StatusPending}, {Status: status}}
		steps[0].ID, steps[1].ID = "report", step
		return steps
	}
	exit := func(code workflow.Exit, resume string) *workflow.ExitStatus {
		return &workflow.ExitStatus{Code: code, Resume: resume}
	}
	closed := workflow.Interval{From: time.Unix(1, 0)}
	for name, c := range map[string]struct {
		run  workflow.Snapshot
		want bool
	}{
		"it was declined":                              {workflow.Snapshot{Exit: exit(workflow.ExitCancelled, ""), Steps: at("plan", workflow.StatusDeclined)}, true},
		"what was asked for does not fit":              {workflow.Snapshot{Exit: exit(workflow.ExitUsage, ""), Steps: at("set", workflow.StatusFailed)}, true},
		"a dismissal was not consented to":             {workflow.Snapshot{Exit: exit(workflow.ExitUsage, ""), Steps: at("dismiss", workflow.StatusFailed)}, true},
		"it can be gone on with":                       {workflow.Snapshot{Exit: exit(workflow.ExitBlocked, "resume"), Steps: at("preflight", workflow.StatusFailed)}, false},
		"it is done":                                   {workflow.Snapshot{Exit: exit(workflow.ExitDone, ""), Steps: at("plan", workflow.StatusCompleted)}, false},
		"it closed the server":                         {workflow.Snapshot{Exit: exit(workflow.ExitFailed, ""), Steps: at("plan", workflow.StatusCompleted), Closed: closed}, false},
		"it was given up while it closed the server":   {workflow.Snapshot{Exit: exit(workflow.ExitFailed, ""), Steps: at("quiesce", workflow.StatusFailed)}, false},
		"another run had the lock when it would begin": {workflow.Snapshot{Exit: exit(workflow.ExitLocked, ""), Steps: at("quiesce", workflow.StatusFailed)}, false},
		"nobody saw its end":                           {workflow.Snapshot{Steps: at("plan", workflow.StatusAsking)}, false},
	} {
		require.Equal(t, c.want, forgettable(c.run), name)
	}
}

func TestTheRunThatLeftARealServerClosedIsResumedFirst(t *testing.T) {
	st := workflow.Store{Dir: t.TempDir()}
	at := time.Unix(0, 0)
	begin := func(name, kind, practice string, closed bool) {
		journal, err := st.Create(name)
		require.NoError(t, err)
		at = at.Add(time.Hour)
		events := []workflow.Event{{Type: workflow.EventRun, Header: &workflow.Header{Kind: kind, Practice: practice}}}
		if closed {
			events = append(events, workflow.Event{Type: workflow.EventClosed})
		}
		for _, e := range events {
			e.Run, e.Time = name, at
			require.NoError(t, journal.Append(e))
		}
		require.NoError(t, journal.Close())
	}
	for _, c := range []struct {
		name, kind, practice string
		closed               bool
		want                 string
	}{
		{"one", kindRestore, "", false, "one"},
		{"two", kindRestore, "", true, "two"},
		{"three", kindRestore, "a practice cluster", true, "two"},
		{"four", kindPlan, "", false, "two"},
		{"five", kindUndo, "", true, "five"},
	} {
		begin(c.name, c.kind, c.practice, c.closed)
		got, err := unfinished(st, nil)
		require.NoError(t, err)
		require.Equal(t, c.want, got, "after %s", c.name)
	}
}

func TestARunRemembersTheWayToItsCluster(t *testing.T) {
	st := workflow.Store{Dir: t.TempDir()}
	require.NoError(t, os.MkdirAll(st.Path("k7q2"), 0o700))
	t.Setenv("KUBECONFIG", "some/config")
	began := &settings{context: "home", namespace: "social"}
	require.NoError(t, began.keepWay(&session{store: st, run: &workflow.Run{ID: "k7q2", Folder: st.Path("k7q2")}}))

	facts := restore.Facts{}
	facts.Identity.Context, facts.Identity.Namespace = "renamed", "moved"
	again := &settings{}
	require.NoError(t, again.findWay(st, "k7q2", facts))
	require.True(t, filepath.IsAbs(again.kubeconfig))
	require.Equal(t, []string{"config", "home", "social"}, []string{filepath.Base(again.kubeconfig), again.context, again.namespace})

	other := &settings{context: "other", kubeconfig: "mine", namespace: "yours"}
	require.NoError(t, other.findWay(st, "k7q2", facts))
	require.Equal(t, []string{"mine", "other", "yours"}, []string{other.kubeconfig, other.context, other.namespace}, "flags win")

	older := &settings{}
	require.NoError(t, older.findWay(st, "none", facts))
	require.Equal(t, []string{"", "renamed", "moved"}, []string{older.kubeconfig, older.context, older.namespace}, "what the run found")
}
