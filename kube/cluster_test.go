package kube_test

import (
	"mastodon-restore/kube"
	"mastodon-restore/workflow/restore"
)

var _ restore.Cluster = (*kube.Cluster)(nil)
