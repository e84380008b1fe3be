package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"mastodon-restore/kube"
)

func (s *settings) rightsCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "rights",
		Short: "Print the Role and ClusterRole that a restore needs, as YAML",
		Args:  cobra.NoArgs,
		RunE:  func(c *cobra.Command, _ []string) error { return printRights(c.OutOrStdout()) },
	}
}

// printRights writes the rights within the namespace first, then those that only make the words
// better and that nothing fails without.
func printRights(w io.Writer) error {
	var b strings.Builder
	for _, part := range []struct {
		kind string
		wide bool
	}{{"Role", false}, {"ClusterRole", true}} {
		fmt.Fprintf(&b, "apiVersion: rbac.authorization.k8s.io/v1\nkind: %s\nmetadata: {name: mastodon-restore}\nrules:\n", part.kind)
		for _, p := range kube.Permissions() {
			if p.ClusterWide != part.wide {
				continue
			}
			why := p.Why
			if p.Optional {
				why += " (optional)"
			}
			fmt.Fprintf(&b, "  - {apiGroups: [%q], resources: [%q], verbs: [%s]} # %s\n", p.Group, p.Resource, strings.Join(p.Verbs, ", "), why)
		}
		if !part.wide {
			b.WriteString("---\n")
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}
