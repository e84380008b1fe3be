package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"mastodon-restore/workflow"
	"mastodon-restore/workflow/restore"
)

func (s *settings) statusCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "status [RUN]",
		Short: "Show where a run is (default: the newest)",
		Args:  oneRunOrNone,
		RunE: func(c *cobra.Command, args []string) error {
			st, err := store()
			if err != nil {
				return err
			}
			run, err := newest(st, args)
			if err != nil {
				return err
			}
			if s.output == "json" {
				run.State = nil // internal
				return json.NewEncoder(c.OutOrStdout()).Encode(struct {
					workflow.Snapshot
					AtWork bool `json:"at_work"` // a process works on it now
				}{run, st.AtWork(run.Run)})
			}
			return showStatus(c.OutOrStdout(), st, run)
		},
	}
	c.Flags().StringVar(&s.output, "output", "text", "text or json")
	return c
}

// newest is the named run, or the newest of all.
func newest(st workflow.Store, args []string) (workflow.Snapshot, error) {
	if len(args) == 1 {
		run, err := st.Read(args[0])
		if errors.Is(err, workflow.ErrNoRun) {
			return run, unknownRun(err)
		}
		if err == nil && run.Run == "" {
			return run, usagef("run %s never began", args[0])
		}
		return run, err
	}
	runs, _, err := st.List()
	if err != nil {
		return workflow.Snapshot{}, err
	}
	if len(runs) == 0 {
		return workflow.Snapshot{}, usagef("no runs in %s", st.Dir)
	}
	return runs[0], nil
}

func showStatus(w io.Writer, st workflow.Store, run workflow.Snapshot) error {
	atWork := st.AtWork(run.Run)
	fmt.Fprintf(w, "Run %s, %s of %s%s\n", run.Run, run.Header.Kind, orUnknown(run.Target.Domain), practiceWords(run))
	fmt.Fprintf(w, "Context %s, namespace %s\n", orUnknown(run.Target.Context), orUnknown(run.Target.Namespace))
	fmt.Fprintf(w, "Begun %s, last sign of life %s\n", run.Started.Local().Format(time.DateTime), run.Updated.Local().Format(time.DateTime))
	fmt.Fprintf(w, "Now: %s\n", stateWords(run, atWork))
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for i, v := range run.Steps {
		fmt.Fprintf(tw, "%2d\t%s\t%s\t%s\t%s\n", i+1, v.Title, v.Status, took(v, run.Updated), v.Message)
	}
	if err := tw.Flush(); err != nil {
		return err
	}
	if run.Closed.Open() {
		fmt.Fprintf(w, "The server is closed since %s.\n", run.Closed.From.Local().Format(time.DateTime))
	}
	if run.Failure != nil {
		fmt.Fprintf(w, "Stopped: %s\n%s\n", run.Failure.Error(), run.Failure.World)
	}
	switch {
	case run.Ended():
	case atWork:
		fmt.Fprintln(w, "A process of this machine works on it now.")
		if said := filepath.Join(st.Path(run.Run), backgroundFile); isFile(said) {
			fmt.Fprintf(w, "What it says in the background: %s\n", said)
		}
	default:
		fmt.Fprintf(w, "Go on with: "+resumeCommand+"\n", run.Run)
	}
	if run.Report != nil {
		fmt.Fprintln(w, run.Report.Headline)
		for _, f := range run.Report.Kept {
			fmt.Fprintf(w, "Kept: %s: %s\n", f.Name, f.Value)
		}
		if run.Report.Path != "" {
			fmt.Fprintf(w, "Report: %s\n", run.Report.Path)
		}
	}
	_, err := fmt.Fprintf(w, "Journal: %s\n", filepath.Join(st.Path(run.Run), workflow.JournalFile))
	return err
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

func took(v workflow.StepView, now time.Time) string {
	if v.Started.IsZero() {
		return ""
	}
	return restore.Span(v.Took(now))
}

// stateWords is how a run stands, in one word or two.
func stateWords(run workflow.Snapshot, atWork bool) string {
	undo, undone := takenUp(run, kindUndo)
	dismissal, dismissed := takenUp(run, kindDismiss)
	switch {
	case undone:
		return "undone by " + undo
	case run.Exit != nil && dismissed:
		return run.Exit.Name + ", dismissed by " + dismissal
	case run.Exit != nil:
		return run.Exit.Name
	case run.Current >= 0 && run.Current < len(run.Steps):
		words := "cut off at step %q"
		if atWork {
			words = "at work on step %q"
		}
		return fmt.Sprintf(words, run.Steps[run.Current].Title)
	}
	return "not begun"
}

func practiceWords(run workflow.Snapshot) string {
	if run.Header.Practice == "" {
		return ", REAL"
	}
	return ", PRACTICE"
}

func orUnknown(s string) string {
	if s == "" {
		return "unknown"
	}
	return s
}

func (s *settings) runsCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "runs",
		Short: "List the runs of this machine, newest first",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			st, err := store()
			if err != nil {
				return err
			}
			runs, broken, err := st.List()
			if err != nil {
				return err
			}
			if s.output == "json" {
				return listJSON(c.OutOrStdout(), st, runs)
			}
			return list(c.OutOrStdout(), st, runs, broken)
		},
	}
	c.Flags().StringVar(&s.output, "output", "text", "text or json")
	return c
}

func list(w io.Writer, st workflow.Store, runs []workflow.Snapshot, broken map[string]error) error {
	if len(runs) == 0 && len(broken) == 0 {
		_, err := fmt.Fprintf(w, "No runs in %s.\n", st.Dir)
		return err
	}
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tw, "RUN\tKIND\tBEGUN\tSERVER\tCLUSTER\tSTATE")
	for _, r := range runs {
		kind := "real"
		if r.Header.Practice != "" {
			kind = "practice"
		}
		fmt.Fprintf(tw, "%s\t%s\t%s\t%s\t%s\t%s\n", r.Run, r.Header.Kind, r.Started.Local().Format("2006-01-02 15:04"), orUnknown(r.Target.Domain), kind, stateWords(r, st.AtWork(r.Run)))
	}
	for name, err := range broken {
		fmt.Fprintf(tw, "%s\t\t\t\t\tcan't be read: %v\n", name, err)
	}
	return tw.Flush()
}

func listJSON(w io.Writer, st workflow.Store, runs []workflow.Snapshot) error {
	type row struct {
		Run     string          `json:"run"`
		Kind    string          `json:"kind"`
		Started time.Time       `json:"started"`
		Target  workflow.Target `json:"target"`
		State   string          `json:"state"`
		Ended   bool            `json:"ended"`
		AtWork  bool            `json:"at_work"` // a process works on it now
	}
	for _, r := range runs {
		atWork := st.AtWork(r.Run)
		if err := json.NewEncoder(w).Encode(row{r.Run, r.Header.Kind, r.Started, r.Target, stateWords(r, atWork), r.Ended(), atWork}); err != nil {
			return err
		}
	}
	return nil
}
