package main

import (
	"io"

	"github.com/spf13/cobra"

	"mastodon-restore/kube"
)

func (s *settings) rightsCommand() *cobra.Command {
	c := &cobra.Command{
		Use:     "rights",
		Short:   "Print the Role and ClusterRole that a restore needs, as YAML",
		Example: `  mastodon-restore rights -n mastodon | kubectl apply -f -`,
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			_, err := io.WriteString(c.OutOrStdout(), kube.Role(s.namespace))
			return err
		},
	}
	c.Flags().StringVarP(&s.namespace, "namespace", "n", "", "namespace of the Role (default: the one it is applied to)")
	return c
}
