package kube

import (
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"

	"mastodon-restore/internal/mastodon"
)

func TestPodTemplatesAreToldApart(t *testing.T) {
	const official = "ghcr.io/mastodon/mastodon:v4.6.3"
	for name, test := range map[string]struct {
		workload   string
		containers []corev1.Container
		labels     map[string]string
		want       mastodon.Component
	}{
		"an image without command, by the workload's name": {"mastodon-web", []corev1.Container{{Image: official}}, nil, mastodon.Web},
		"an image without command, by a label":             {"m1", []corev1.Container{{Image: official}}, map[string]string{labelComponent: "sidekiq-ingress"}, mastodon.Sidekiq},
		"the image for streaming":                          {"m1", []corev1.Container{{Image: "ghcr.io/mastodon/mastodon-streaming:v4.6.3"}}, nil, mastodon.Streaming},
		"a fork of Mastodon":                               {"social", []corev1.Container{{Image: "ghcr.io/glitch-soc/glitch-soc", Command: []string{"bin/rails", "server"}}}, nil, mastodon.Web},
		"web and sidekiq in one pod are the web part": {
			"all", []corev1.Container{{Image: official, Args: []string{"bundle", "exec", "sidekiq"}}, {Image: official, Args: []string{"bundle", "exec", "puma"}}}, nil, mastodon.Web,
		},
		"a path to the program": {"w", []corev1.Container{{Image: official, Command: []string{"/opt/mastodon/bin/sidekiq"}}}, nil, mastodon.Sidekiq},
		"a proxy before the server": {
			"mastodon-web", []corev1.Container{{Image: "nginx:1", VolumeMounts: []corev1.VolumeMount{{MountPath: "/srv/public/system"}}}}, map[string]string{labelName: "mastodon"}, "",
		},
		"an exporter":       {"mastodon-metrics", []corev1.Container{{Image: official, Command: []string{"./bin/prometheus_exporter"}}}, nil, ""},
		"tootctl":           {"mastodon-web-shell", []corev1.Container{{Image: official, Command: []string{"tootctl", "media", "remove"}}}, nil, ""},
		"another program":   {"redis", []corev1.Container{{Image: "redis:7"}}, nil, ""},
		"a registry's name": {"web", []corev1.Container{{Image: "mastodon.example.org:5000/nginx:1"}}, nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			template := corev1.PodTemplateSpec{Spec: corev1.PodSpec{Containers: test.containers}}
			template.Labels = test.labels
			r, ok := classify(test.workload, template)
			require.Equal(t, test.want != "", ok)
			require.Equal(t, test.want, r.component)
		})
	}
}

func TestVariablesAreExpandedAsTheKubeletDoes(t *testing.T) {
	known := mastodon.Env{"A": "1", "B": "$(A)"}
	for text, want := range map[string]string{
		"plain":         "plain",
		"$(A)-$(A)":     "1-1",
		"$(B)":          "$(A)",
		"$$(A)":         "$(A)",
		"$(C) stays":    "$(C) stays",
		"$A ${A} 5$":    "$A ${A} 5$",
		"$(A":           "$(A",
		"a$(A)b$$c$(A)": "a1b$c1",
	} {
		require.Equal(t, want, expand(text, known), text)
	}
}
