package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"mastodon-restore/internal/backupset"
	"mastodon-restore/workflow"
	"mastodon-restore/workflow/restore"
)

func (s *settings) inspectCommand() *cobra.Command {
	var o inspection
	c := &cobra.Command{
		Use:   "inspect DIR",
		Short: "Read every byte of a backup set and judge it; no cluster is needed",
		Long: `Read every byte of a backup set and judge it. No cluster and no PostgreSQL are needed, and nothing
is changed. Exit codes: 0 sound, 1 damaged, 4 suspicious, 2 usage. docs/inspect.md says what is read.`,
		Args: oneFolder,
		RunE: func(c *cobra.Command, args []string) error {
			if s.output != "text" && s.output != "json" {
				return usagef("--output %s: choose one of text, json", s.output)
			}
			o.json = s.output == "json"
			return o.run(c.Context(), c.OutOrStdout(), args[0])
		},
	}
	f := c.Flags()
	f.BoolVar(&o.deep, "deep", false, "look for every file that the database names, however many there are")
	f.BoolVar(&o.manifest, "write-manifest", false, "write manifest.json into the set: sizes, digests, counts")
	f.StringVar(&s.output, "output", "text", "text or json")
	return c
}

func oneFolder(_ *cobra.Command, args []string) error {
	if len(args) != 1 {
		return usagef("name one folder: mastodon-restore inspect DIR")
	}
	return nil
}

// inspection is one reading of one set.
type inspection struct {
	deep, manifest, json bool
}

func (o inspection) run(ctx context.Context, w io.Writer, dir string) error {
	set, err := backupset.Open(dir)
	if err != nil {
		return &usageError{err}
	}
	if !o.json {
		if _, err := fmt.Fprintln(w, firstWords(set)); err != nil {
			return err
		}
	}
	report, err := set.Read(ctx, backupset.Options{Deep: o.deep, Progress: o.progress()})
	if err != nil {
		return fmt.Errorf("read %s: %w", dir, err)
	}
	if o.json {
		err = json.NewEncoder(w).Encode(report)
	} else {
		err = o.tell(w, report)
	}
	if err != nil {
		return err
	}
	if o.manifest {
		if err := writeManifest(set, report); err != nil {
			return err
		}
	}
	return ended(verdictExit(report.Verdict))
}

func writeManifest(set *backupset.Set, r *backupset.Report) error {
	if r.Verdict == backupset.Damaged {
		fmt.Fprintf(os.Stderr, "mastodon-restore: wrote no %s: the set is damaged\n", backupset.ManifestName)
		return nil
	}
	if err := set.WriteManifest(r); err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "mastodon-restore: wrote %s into %s\n", backupset.ManifestName, set.Dir)
	return nil
}

// firstWords is what is known before a byte of the rows and files is read.
func firstWords(set *backupset.Set) string {
	words := fmt.Sprintf("%s, server %s, taken %s, %s", set.Dir, orUnknown(set.Domain), taken(set.Created), restore.Bytes(set.Size()))
	if set.Release != "" {
		words += ", Mastodon " + set.Release
	}
	if n := len(set.Contents.Tables); n > 0 {
		words += fmt.Sprintf(", PostgreSQL %s, %d tables", set.ServerVersion, n)
	}
	return words
}

func verdictExit(v backupset.Verdict) workflow.Exit {
	switch v {
	case backupset.Sound:
		return workflow.ExitDone
	case backupset.Suspicious:
		return workflow.ExitWarnings
	}
	return workflow.ExitFailed
}

// progress redraws one line on standard error, where that is a terminal.
func (o inspection) progress() func(backupset.Progress) {
	if !term.IsTerminal(int(os.Stderr.Fd())) {
		return nil
	}
	return func(p backupset.Progress) {
		if p.Total > 0 {
			fmt.Fprintf(os.Stderr, "\rreading %3d %%, %s of %s\033[K", p.Done*100/p.Total, restore.Bytes(p.Done), restore.Bytes(p.Total))
		}
		if p.Done == p.Total {
			fmt.Fprint(os.Stderr, "\r\033[K")
		}
	}
}

// tell writes a report for a person: parts, figures, findings, verdict.
func (o inspection) tell(w io.Writer, r *backupset.Report) error {
	fmt.Fprintln(w)
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, p := range r.Parts {
		fmt.Fprintf(tw, "  %s\t%s\t%s\t%s\n", p.Class, p.Verdict, partWords(p), p.Reason)
	}
	if err := tw.Flush(); err != nil {
		return err
	}
	if db := r.Database; db != nil {
		fmt.Fprintf(w, "\nMastodon %s (schema %s%s), from PostgreSQL %s, %d tables; %s users, %s local posts, newest post %s\n", orUnknown(db.Release), orUnknown(db.Schema),
			needs(db.PostgresMinimum), db.ServerVersion, len(db.Contents.Tables), restore.Count(db.Counts.Users), restore.Count(db.Counts.LocalPosts), taken(db.Counts.NewestPost))
	}
	for _, f := range r.Findings {
		fmt.Fprintf(w, "\n%s: %s\n  %s\n  %s\n", f.ID, f.Text, f.Meaning, f.Advice)
	}
	_, err := fmt.Fprintf(w, "\nThe set is %s. Read in %s.\n", r.Verdict, restore.Span(time.Duration(r.Seconds*float64(time.Second))))
	return err
}

func needs(postgres int) string {
	if postgres == 0 {
		return ""
	}
	return fmt.Sprintf(", runs on PostgreSQL %d or newer", postgres)
}

func partWords(p backupset.PartReport) string {
	switch {
	case p.Verdict == backupset.Missing:
		return "-"
	case p.Archive != nil:
		return fmt.Sprintf("%s, %s files", restore.Bytes(p.Size), restore.Count(p.Archive.Files))
	}
	return restore.Bytes(p.Size)
}

func taken(at time.Time) string {
	if at.IsZero() {
		return "unknown"
	}
	return at.Format("2006-01-02 15:04")
}
