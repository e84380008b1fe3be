package kube

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"mastodon-restore/internal/mastodon"
)

// systemPath is where a web container has public/system.
func systemPath(c corev1.Container, env mastodon.Env, f mastodon.Flavour) string {
	if p := env["PAPERCLIP_ROOT_PATH"]; path.IsAbs(p) {
		return path.Clean(p)
	}
	for _, m := range c.VolumeMounts {
		switch p := path.Clean(m.MountPath); {
		case strings.HasSuffix(p, "/public/system"):
			return p
		case strings.HasSuffix(p, "mastodon/public"):
			return p + "/system"
		}
	}
	if f == mastodon.FlavourBitnami {
		return "/opt/bitnami/mastodon/public/system"
	}
	return "/opt/mastodon/public/system"
}

// claims are the web container's lasting volumes: claims, and what a manifest mounts without one.
func (c *Cluster) claims(ctx context.Context, spec corev1.PodSpec, container corev1.Container, system string, f mastodon.Flavour) ([]mastodon.Claim, error) {
	var found []mastodon.Claim
	var users map[string][]string
	for _, m := range container.VolumeMounts {
		volume, ok := volumeOf(spec, m.Name)
		if !ok {
			continue
		}
		if claim, ok := inline(volume); ok {
			claim.MountPath = m.MountPath
			found = append(found, claim)
			continue
		}
		if volume.PersistentVolumeClaim == nil {
			continue
		}
		if users == nil {
			var err error
			if users, err = c.users(ctx); err != nil {
				return nil, err
			}
		}
		claim, err := c.claim(ctx, volume.PersistentVolumeClaim.ClaimName)
		if err != nil {
			return nil, err
		}
		claim.MountPath, claim.Users = m.MountPath, users[claim.Name]
		found = append(found, claim)
	}
	markSystem(found, system, f)
	return found, nil
}

// markSystem marks the claim that public/system is on: the deepest mount above it.
func markSystem(claims []mastodon.Claim, system string, f mastodon.Flavour) {
	best := -1
	for n, c := range claims {
		mount := strings.TrimSuffix(path.Clean(c.MountPath), "/")
		above := system == mount || strings.HasPrefix(system, mount+"/")
		// Bitnami keeps its data in one volume, and links to it from the application.
		above = above || f == mastodon.FlavourBitnami && strings.HasPrefix(mount, "/bitnami/")
		if above && (best < 0 || len(c.MountPath) > len(claims[best].MountPath)) {
			best = n
		}
	}
	if best >= 0 {
		claims[best].System = true
	}
}

func volumeOf(spec corev1.PodSpec, name string) (corev1.Volume, bool) {
	i := slices.IndexFunc(spec.Volumes, func(v corev1.Volume) bool { return v.Name == name })
	if i < 0 {
		return corev1.Volume{}, false
	}
	return spec.Volumes[i], true
}

// inline describes storage that a pod mounts without a claim.
func inline(v corev1.Volume) (mastodon.Claim, bool) {
	c := mastodon.Claim{Name: "volume " + v.Name, Phase: string(corev1.ClaimBound)}
	switch {
	case v.NFS != nil:
		c.Source, c.AccessModes = "nfs", []string{string(corev1.ReadWriteMany)}
	case v.HostPath != nil:
		c.Source, c.AccessModes = "hostPath", []string{string(corev1.ReadWriteOnce)}
	default:
		return c, false
	}
	return c, true
}

// users lists, for each claim of the namespace, the pods that mount it now.
func (c *Cluster) users(ctx context.Context) (map[string][]string, error) {
	pods, err := c.client.CoreV1().Pods(c.namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, fmt.Errorf("list pods in namespace %s: %w", c.namespace, err)
	}
	users := make(map[string][]string)
	for _, pod := range pods.Items {
		if ended(&pod) {
			continue
		}
		for _, v := range pod.Spec.Volumes {
			if v.PersistentVolumeClaim != nil {
				name := v.PersistentVolumeClaim.ClaimName
				users[name] = append(users[name], pod.Name)
			}
		}
	}
	return users, nil
}

func (c *Cluster) claim(ctx context.Context, name string) (mastodon.Claim, error) {
	claim := mastodon.Claim{Name: name}
	pvc, err := c.client.CoreV1().PersistentVolumeClaims(c.namespace).Get(ctx, name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		claim.Phase = "Missing"
		return claim, nil
	}
	if err != nil {
		return claim, fmt.Errorf("get persistentvolumeclaim %s: %w", name, err)
	}
	claim.Phase = string(pvc.Status.Phase)
	for _, mode := range pvc.Spec.AccessModes {
		claim.AccessModes = append(claim.AccessModes, string(mode))
	}
	if pvc.Spec.StorageClassName != nil {
		claim.Class = *pvc.Spec.StorageClassName
	}
	if size, ok := pvc.Status.Capacity[corev1.ResourceStorage]; ok {
		claim.Capacity = size.String()
	}
	if pvc.Spec.VolumeName == "" {
		return claim, nil
	}
	return claim, c.volume(ctx, pvc.Spec.VolumeName, &claim)
}
