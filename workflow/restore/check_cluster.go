package restore

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"mastodon-restore/workflow"
)

func checkPermissions(ctx context.Context, s *survey) *workflow.Check {
	denied, asked, err := s.World.Cluster.Denied(ctx)
	switch {
	case err != nil:
		return warns("permissions", "could not be asked: "+err.Error(), "a step may be refused half way", "ask your cluster's administrator")
	case len(denied) > 0:
		c := blocks("permissions", "may not "+strings.Join(denied, ", "), "the restore would stop half way",
			"grant the Role that docs/restore.md shows, or use a context that has these rights")
		c.Firm = true
		return c
	}
	return ok("permissions", fmt.Sprintf("%d of %d", asked, asked))
}

func checkInstance(_ context.Context, s *survey) *workflow.Check {
	if len(s.instance.Problems) == 0 {
		return nil
	}
	return warns("instance", strings.Join(s.instance.Problems, "; "), "the server may not start after the restore", "put it right in your chart's values or manifests")
}

// checkMediaStorage finds media that are not on a volume.
func checkMediaStorage(_ context.Context, s *survey) *workflow.Check {
	if s.instance.S3 {
		return info("media-storage", "S3_ENABLED is true: media live in an object store; files are left out of this restore")
	}
	if c, found := s.instance.SystemClaim(); found {
		return ok("media-storage", fmt.Sprintf("claim %s at %s", c.Name, c.MountPath))
	}
	return blocks("media-storage", s.instance.SystemPath+" is on no claim: it is in the container's own layer",
		"everything restored there is gone when the pod is", "mount a PersistentVolumeClaim there (mastodon.persistence in the chart)")
}

func checkClaims(_ context.Context, s *survey) *workflow.Check {
	var unbound, fine []string
	for _, c := range s.instance.Claims {
		if c.Phase != "Bound" {
			unbound = append(unbound, c.Name+" is "+orUnknown(c.Phase))
			continue
		}
		fine = append(fine, fmt.Sprintf("%s %s %s", c.Name, strings.Join(c.AccessModes, "+"), c.Class))
	}
	if len(unbound) > 0 {
		return blocks("claims", strings.Join(unbound, ", "), "no pod can mount it", "kubectl describe pvc tells why; a claim that waits for its first consumer may be accepted")
	}
	if len(fine) == 0 {
		return nil
	}
	return ok("claims", strings.Join(fine, ", "))
}

// checkSingleNode tells of volumes that only one node can mount.
func checkSingleNode(_ context.Context, s *survey) *workflow.Check {
	var tied []string
	for _, c := range s.instance.Claims {
		if len(c.Nodes) > 0 {
			tied = append(tied, fmt.Sprintf("%s only on %s", c.Name, strings.Join(c.Nodes, ", ")))
		} else if c.SingleNode() {
			tied = append(tied, c.Name+" on one node at a time")
		}
	}
	if len(tied) == 0 {
		return nil
	}
	return info("volume-nodes", strings.Join(tied, "; ")+": the utility pod goes where they can be mounted")
}

func checkUtilityPod(ctx context.Context, s *survey) *workflow.Check {
	if err := s.World.Cluster.DryRun(ctx, s.instance, s.utilityPod()); err != nil {
		return blocks("utility-pod", err.Error(), "the restore works in this pod", "a quota, a limit range or an admission policy forbids it: make room, or ask for an exception")
	}
	return ok("utility-pod", "would be admitted")
}

// checkImages looks for the two images on the nodes: a registry may not have them any more.
func checkImages(ctx context.Context, s *survey) *workflow.Check {
	var absent []string
	for _, image := range slices.Compact([]string{s.instance.Image, s.utilityPod().PostgresImage}) {
		having, _, err := s.World.Cluster.ImageNodes(ctx, image)
		if err != nil {
			return warns("images", "could not be looked for: "+err.Error(), "a pull may be needed", "make sure that the registry can be reached")
		}
		if len(having) == 0 {
			absent = append(absent, image)
		}
	}
	if len(absent) > 0 {
		return warns("images", "on no node yet: "+strings.Join(absent, ", "), "they are pulled, which fails when the registry no longer has them (docker.io/bitnami was emptied in 2025)",
			"try the pull now: kubectl run try --image="+absent[0]+" --restart=Never")
	}
	return ok("images", "on a node already")
}

func checkManagers(_ context.Context, s *survey) *workflow.Check {
	if len(s.instance.Managers) == 0 {
		return ok("gitops", "nothing found that would scale the server up meanwhile")
	}
	return warns("gitops", strings.Join(s.instance.Managers, "; "), "it may scale the server up in the middle of the restore",
		"pause it (Argo CD: self-heal off; Flux: flux suspend); we watch, and stop if pods come back")
}

func checkReplicas(ctx context.Context, s *survey) *workflow.Check {
	var zero []string
	for _, w := range s.instance.Workloads() {
		state, err := s.World.Cluster.Workload(ctx, w)
		if err == nil && state.Replicas == 0 && state.Annotations["replicas"] == "" {
			zero = append(zero, w.Name)
		}
	}
	switch {
	case len(zero) == 0:
		return nil
	case slices.Contains(zero, s.instance.Web.Name):
		return warns("replicas", strings.Join(zero, ", ")+" at 0 now", "they come back at 0, but web is opened with 1: a restored server should answer",
			"scale them to what you want afterwards")
	}
	return info("replicas", strings.Join(zero, ", ")+" at 0 now, and at 0 again afterwards")
}
