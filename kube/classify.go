package kube

import (
	"path"
	"regexp"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"mastodon-restore/internal/mastodon"
)

// The labels by which charts tell their objects.
const (
	labelName      = "app.kubernetes.io/name"
	labelInstance  = "app.kubernetes.io/instance"
	labelComponent = "app.kubernetes.io/component"
	labelPartOf    = "app.kubernetes.io/part-of"
	labelChart     = "helm.sh/chart"
	helmRelease    = "meta.helm.sh/release-name"
)

var (
	mastodonImage = regexp.MustCompile(`(?i)mastodon|glitch-?soc|hometown`)
	// A word of its own, so that sidekiq-exporter is none.
	sidekiqCommand   = regexp.MustCompile(`(^|[\s/'"])sidekiq($|[\s;'"])`)
	webCommand       = regexp.MustCompile(`(^|[\s/'"])(puma($|[\s;'"])|rails (s|server)\b)`)
	streamingCommand = regexp.MustCompile(`(^|[\s/'"])(streaming|yarn (run )?start)($|[\s;'"/])`)
)

// role is what a pod template does in a Mastodon server.
type role struct {
	component mastodon.Component
	container corev1.Container
	// proven is false when only the command speaks for Mastodon: other programs have a puma and
	// a sidekiq, too. Its environment must then name a LOCAL_DOMAIN.
	proven bool
}

// classify finds out what a pod template does. ok is false for anything but Mastodon. A pod that is
// more than one part of the server counts as its web part.
func classify(name string, template corev1.PodTemplateSpec) (r role, ok bool) {
	for _, c := range template.Spec.Containers {
		component := byCommand(c)
		if component == "" || ok && component != mastodon.Web {
			continue
		}
		proven := template.Labels[labelName] == "mastodon" || isMastodon(c) || mountsSystem(c)
		r, ok = role{component, c, proven}, true
		if component == mastodon.Web {
			return r, true
		}
	}
	if ok {
		return r, true
	}
	for _, c := range template.Spec.Containers {
		// Labels and names do not prove it here: a proxy before the server may share them.
		component := byName(name, c, template.Labels)
		if component != "" && len(c.Command)+len(c.Args) == 0 && isMastodon(c) {
			return role{component, c, true}, true
		}
	}
	return role{}, false
}

func isMastodon(c corev1.Container) bool { return mastodonImage.MatchString(repository(c.Image)) }

// repository is an image's name without registry, tag and digest.
func repository(image string) string {
	image, _, _ = strings.Cut(image, "@")
	if slash, colon := strings.LastIndexByte(image, '/'), strings.LastIndexByte(image, ':'); colon > slash {
		image = image[:colon]
	}
	if host, rest, ok := strings.Cut(image, "/"); ok && strings.ContainsAny(host, ".:") {
		return rest
	}
	return image
}

func mountsSystem(c corev1.Container) bool {
	for _, m := range c.VolumeMounts {
		if strings.HasSuffix(path.Clean(m.MountPath), "public/system") {
			return true
		}
	}
	return false
}

// byCommand reads what the container is told to run. Bitnami's image is told by a variable.
func byCommand(c corev1.Container) mastodon.Component {
	for _, v := range c.Env {
		if v.Name == "MASTODON_MODE" {
			switch mode := mastodon.Component(v.Value); mode {
			case mastodon.Web, mastodon.Sidekiq, mastodon.Streaming:
				return mode
			}
		}
	}
	line := strings.Join(append(append([]string{}, c.Command...), c.Args...), " ")
	switch {
	case sidekiqCommand.MatchString(line):
		return mastodon.Sidekiq
	case webCommand.MatchString(line):
		return mastodon.Web
	case streamingCommand.MatchString(line):
		return mastodon.Streaming
	}
	return ""
}

// byName is for containers that run their image's own command.
func byName(workload string, c corev1.Container, labels map[string]string) mastodon.Component {
	if strings.Contains(path.Base(repository(c.Image)), "streaming") {
		return mastodon.Streaming
	}
	for _, name := range []string{labels[labelComponent], labels["component"], c.Name, workload} {
		for _, part := range strings.FieldsFunc(name, func(r rune) bool { return r == '-' || r == '_' || r == '.' }) {
			switch known := mastodon.Component(part); known {
			case mastodon.Web, mastodon.Sidekiq, mastodon.Streaming:
				return known
			}
		}
	}
	return ""
}

// flavour says what installed a web workload.
func flavour(w workload, c corev1.Container) mastodon.Flavour {
	labels := w.template.Labels
	switch {
	case strings.HasPrefix(repository(c.Image), "bitnami"), labels[labelPartOf] == "mastodon":
		return mastodon.FlavourBitnami
	case labels[labelName] != "mastodon" || labels[labelPartOf] != "rails":
		return mastodon.FlavourManifests
	}
	for _, v := range c.Env {
		if v.ValueFrom != nil && v.ValueFrom.SecretKeyRef != nil && v.ValueFrom.SecretKeyRef.Key == "secret-key-base" {
			return mastodon.FlavourHelmCharts
		}
	}
	// Both charts are called mastodon; the new one began again at version 0.
	version := strings.TrimPrefix(w.meta.Labels[labelChart], "mastodon-")
	if strings.HasPrefix(version, "0.") || strings.HasPrefix(version, "1.") {
		return mastodon.FlavourHelmCharts
	}
	return mastodon.FlavourChart
}

// release is the Helm release of an object, or what a manifest calls the instance.
func release(annotations, labels map[string]string) string {
	if r := labels[labelInstance]; r != "" {
		return r
	}
	return annotations[helmRelease]
}
