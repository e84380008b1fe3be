package main

import (
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"mastodon-restore/workflow/restore"
)

// settings are all flags of all commands; each command shows those it has a use for.
type settings struct {
	kubeconfig, context, namespace string
	restore.Options
	restore.Flags
	cache, database string
	rate            string
	plain, verbose  bool
	output          string
	fast            bool
	fault           string
	simulate        bool
	detached        bool
}

func newRoot() *cobra.Command {
	s := &settings{}
	root := &cobra.Command{
		Use:   "mastodon-restore",
		Short: "Restore a Mastodon server on Kubernetes from a folder of backups",
		Long: `Restore a Mastodon server on Kubernetes from a folder of backups.

Without a command it opens the wizard. Nothing changes before the server's name is typed, and
everything can be interrupted and resumed. To try it without a cluster: mastodon-restore drill`,
		Example: `  mastodon-restore --sets /mnt/nas/backups -n mastodon
  mastodon-restore restore --plain --set ./2026-11-19 -n mastodon --confirm example.social
  mastodon-restore resume`,
		Args:          cobra.NoArgs,
		SilenceUsage:  true,
		SilenceErrors: true,
		RunE:          func(c *cobra.Command, _ []string) error { return s.restore(c.Context()) },
	}
	s.clusterFlags(root)
	s.restoreFlags(root)
	s.faceFlags(root)
	root.AddCommand(s.restoreCommand(), s.planCommand(), s.inspectCommand(), s.resumeCommand(), s.statusCommand(), s.runsCommand(),
		s.undoCommand(), s.dismissCommand(), s.drillCommand(), s.rightsCommand(), versionCommand())
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return usagef("%w; %s --help lists the flags", err, c.CommandPath())
	})
	return root
}

func (s *settings) clusterFlags(c *cobra.Command) {
	f := c.Flags()
	f.StringVar(&s.kubeconfig, "kubeconfig", "", "kubeconfig file (default: as kubectl, then MicroK8s's and k3s's own)")
	f.StringVar(&s.context, "context", "", "context of the kubeconfig (default: its current one)")
	f.StringVarP(&s.namespace, "namespace", "n", "", "namespace of the server (default: the context's)")
}

func (s *settings) restoreFlags(c *cobra.Command) {
	f := c.Flags()
	f.StringVar(&s.Set, "set", "", "folder of the backup set to restore")
	f.StringVar(&s.Sets, "sets", "", "folder with backup sets to choose from (default: the current one)")
	f.StringVar(&s.Instance, "instance", "", "Mastodon instance, where a namespace has several")
	f.StringVar(&s.Confirm, "confirm", "", "the server's domain: consent to the plan without being asked")
	f.StringSliceVar(&s.Accept, "accept", nil, "preflight checks that are accepted although they block, by ID")
	f.StringVar(&s.cache, "cache", string(restore.CacheAfter), "when system_cache goes in: after reopening, before, skip")
	f.StringVar(&s.database, "database", string(restore.DatabaseSwap), "swap: into a new database, the old one is kept; in-place: over the old one")
	f.StringVar(&s.PostgresImage, "postgres-image", "", "image with pg_restore (default: the PostgreSQL pod's own, else the official one)")
	f.IntVar(&s.Lanes, "lanes", 0, "streams side by side for files (default: as many as help)")
	f.StringVar(&s.rate, "bwlimit", "", "limit for sending, such as 20M (bytes per second)")
	f.StringVar(&s.Verify, "verify", restore.VerifySample, "digests of files that are read back at the end: of a sample, or full for all of them")
}

func (s *settings) faceFlags(c *cobra.Command) {
	f := c.Flags()
	f.BoolVar(&s.plain, "plain", false, "sentences instead of the wizard")
	f.StringVar(&s.output, "output", "text", "text, or json for JSON lines (docs/json.md)")
	f.BoolVarP(&s.verbose, "verbose", "v", false, "every log line, in plain text")
}

// notChosen fills in what a command has no flags for: the choices of the run it goes on with count.
func (s *settings) notChosen() {
	s.cache, s.database, s.Verify = string(restore.CacheAfter), string(restore.DatabaseSwap), restore.VerifySample
}

// check turns words into choices and refuses what does not exist.
func (s *settings) check() error {
	s.Options.Cache, s.Options.Database = restore.CacheMode(s.cache), restore.DatabaseMode(s.database)
	for _, choice := range []struct {
		flag, value string
		allowed     []string
	}{
		{"--cache", s.cache, []string{"after", "before", "skip"}},
		{"--database", s.database, []string{"swap", "in-place"}},
		{"--verify", s.Verify, []string{restore.VerifySample, restore.VerifyFull}},
		{"--output", s.output, []string{"text", "json"}},
	} {
		if !slices.Contains(choice.allowed, choice.value) {
			return usagef("%s %s: choose one of %s", choice.flag, choice.value, strings.Join(choice.allowed, ", "))
		}
	}
	if s.Lanes < 0 {
		return usagef("--lanes %d: a number from 1 on", s.Lanes)
	}
	var err error
	s.BytesPerSecond, err = parseRate(s.rate)
	return err
}

// parseRate reads "20M" as 20,000,000 bytes per second.
func parseRate(text string) (int64, error) {
	if text == "" {
		return 0, nil
	}
	factor := 1.0
	number := strings.TrimRight(text, "kKMG")
	switch text[len(number):] {
	case "k", "K":
		factor = 1e3
	case "M":
		factor = 1e6
	case "G":
		factor = 1e9
	case "":
	default:
		number = ""
	}
	rate, err := strconv.ParseFloat(number, 64)
	if rate *= factor; err != nil || !(rate >= 1 && rate < 1<<62) {
		return 0, usagef("--bwlimit %s: a number with k, M or G, such as 20M for 20 million bytes per second", text)
	}
	return int64(rate), nil
}

// oneRun wants the name of a run.
func oneRun(c *cobra.Command, args []string) error {
	if len(args) != 1 {
		return usagef("name one run: %s; mastodon-restore runs lists them", c.Root().Name()+" "+c.Use)
	}
	return nil
}

// oneRunOrNone bears that no run is named: there is one to be taken.
func oneRunOrNone(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return oneRun(c, args)
}

// unknownCommand recognises what cobra says about a word that is no command; it has no type for it.
func unknownCommand(err error) bool { return strings.HasPrefix(err.Error(), "unknown command") }

func asksForJSON(args []string) bool {
	for i, a := range args {
		if a == "--output=json" || a == "--output" && i+1 < len(args) && args[i+1] == "json" {
			return true
		}
	}
	return false
}
