package kube

import (
	"slices"

	corev1 "k8s.io/api/core/v1"

	"mastodon-restore/internal/mastodon"
)

// podSecurity is the web pod's. The kubelet would walk through all media to set their group again.
func podSecurity(s *corev1.PodSecurityContext) *corev1.PodSecurityContext {
	if s == nil {
		return nil
	}
	own := s.DeepCopy()
	if own.FSGroup != nil && own.FSGroupChangePolicy == nil {
		policy := corev1.FSGroupChangeOnRootMismatch
		own.FSGroupChangePolicy = &policy
	}
	return own
}

// postgresSecurity makes both containers the same user, who shares the scratch directory. Where the
// web pod leaves the user to its image, the other image would have one of its own, often root.
func postgresSecurity(spec corev1.PodSpec, web corev1.Container, f mastodon.Flavour) *corev1.SecurityContext {
	stated := spec.SecurityContext != nil && spec.SecurityContext.RunAsUser != nil ||
		web.SecurityContext != nil && web.SecurityContext.RunAsUser != nil
	if stated {
		return web.SecurityContext
	}
	s := web.SecurityContext.DeepCopy()
	if s == nil {
		s = &corev1.SecurityContext{}
	}
	user := int64(991) // what Mastodon's own image says
	if f == mastodon.FlavourBitnami {
		user = 1001
	}
	s.RunAsUser = &user
	return s
}

// harden gives up what nobody but root could use, so that a namespace whose PodSecurity level was
// raised after the web pod started takes this one. Where the user is left to the image, it may be
// root, and nothing is given up.
func harden(spec *corev1.PodSpec) {
	no, nonRoot := false, true
	for n := range spec.Containers {
		user := userOf(spec, spec.Containers[n])
		if user == nil || *user == 0 {
			continue
		}
		s := spec.Containers[n].SecurityContext
		if s == nil {
			s = &corev1.SecurityContext{}
			spec.Containers[n].SecurityContext = s
		}
		if s.Privileged != nil && *s.Privileged {
			continue
		}
		if s.AllowPrivilegeEscalation == nil && (s.Capabilities == nil || !slices.Contains(s.Capabilities.Add, "SYS_ADMIN")) {
			s.AllowPrivilegeEscalation = &no // the API refuses it beside SYS_ADMIN
		}
		if s.Capabilities == nil {
			s.Capabilities = &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}}
		}
		if s.RunAsNonRoot == nil {
			s.RunAsNonRoot = &nonRoot
		}
		if s.SeccompProfile == nil && (spec.SecurityContext == nil || spec.SecurityContext.SeccompProfile == nil) {
			s.SeccompProfile = &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault}
		}
	}
}

// userOf is the user a container is told to run as.
func userOf(spec *corev1.PodSpec, c corev1.Container) *int64 {
	if c.SecurityContext != nil && c.SecurityContext.RunAsUser != nil {
		return c.SecurityContext.RunAsUser
	}
	if spec.SecurityContext != nil {
		return spec.SecurityContext.RunAsUser
	}
	return nil
}
