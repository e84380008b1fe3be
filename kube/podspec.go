package kube

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"mastodon-restore/internal/mastodon"
)

// scratch is the volume that both containers share.
const scratch = "mastodon-restore-scratch"

// asleep does nothing, buries the orphans of detached commands, and goes at once when told to.
var asleep = []string{"/bin/sh", "-c", "trap 'exit 0' TERM INT; while :; do sleep 3600 & wait $!; done"}

// utilityPod looks up what the pod depends on, and makes it.
func (c *Cluster) utilityPod(ctx context.Context, i mastodon.Instance, p mastodon.UtilityPod) (*corev1.Pod, error) {
	web, err := c.workload(ctx, i.Web.Kind, i.Web.Name)
	if err != nil {
		return nil, err
	}
	n := slices.IndexFunc(web.template.Spec.Containers, func(c corev1.Container) bool { return c.Name == i.Web.Container })
	if n < 0 {
		return nil, fmt.Errorf("copy the pod of %s: it has no container %s", i.Web.Name, i.Web.Container)
	}
	client, err := c.postgresClient(ctx, i)
	if err != nil {
		return nil, err
	}
	labels, err := c.passes(ctx, web.template.Labels, utilityLabels(i, p))
	if err != nil {
		return nil, err
	}
	pod := blueprint(web.template.Spec, web.template.Spec.Containers[n], i, p, client)
	pod.Namespace, pod.Labels = c.namespace, labels
	return pod, nil
}

// utilityLabels are our own. None is a chart's: a Service must not send visitors here.
func utilityLabels(i mastodon.Instance, p mastodon.UtilityPod) map[string]string {
	labels := map[string]string{labelName: "mastodon-restore", runLabel: p.Run}
	if i.Database.StatefulSet != "" {
		// Bitnami's NetworkPolicy lets in pods with this label only, where external ones may not.
		labels[strings.TrimSuffix(i.Database.StatefulSet, "-primary")+"-client"] = "true"
	}
	return labels
}

// blueprint is the web pod, asleep: what it takes to see the same files as the same user, and
// nothing that makes it a server. It never restarts: a container that was killed has lost the
// processes in it, and a new pod with a new UID says so more clearly than a counter.
func blueprint(spec corev1.PodSpec, web corev1.Container, i mastodon.Instance, p mastodon.UtilityPod, client postgresClient) *corev1.Pod {
	none, grace := false, int64(2)
	pod := &corev1.Pod{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Pod"},
		ObjectMeta: metav1.ObjectMeta{Name: p.Name, Annotations: map[string]string{
			"cluster-autoscaler.kubernetes.io/safe-to-evict": "false",
			"karpenter.sh/do-not-disrupt":                    "true",
		}},
		Spec: corev1.PodSpec{
			RestartPolicy:                 corev1.RestartPolicyNever,
			TerminationGracePeriodSeconds: &grace,
			AutomountServiceAccountToken:  &none,
			ServiceAccountName:            spec.ServiceAccountName, // it may hold pull secrets
			ImagePullSecrets:              spec.ImagePullSecrets,
			SecurityContext:               podSecurity(spec.SecurityContext),
			NodeSelector:                  spec.NodeSelector,
			Tolerations:                   spec.Tolerations,
			Affinity:                      nodesOnly(spec.Affinity),
			PriorityClassName:             spec.PriorityClassName,
			RuntimeClassName:              spec.RuntimeClassName,
			SchedulerName:                 spec.SchedulerName,
			HostAliases:                   spec.HostAliases,
			DNSConfig:                     spec.DNSConfig,
			EnableServiceLinks:            spec.EnableServiceLinks,
			Containers:                    []corev1.Container{appContainer(web, p), postgresContainer(spec, web, i, p, client)},
		},
	}
	pod.Spec.Volumes = volumes(spec, pod.Spec.Containers)
	pod = pod.DeepCopy()
	harden(&pod.Spec)
	return pod
}

// nodesOnly leaves out what ties the pod to other pods: those are scaled to zero.
func nodesOnly(a *corev1.Affinity) *corev1.Affinity {
	if a == nil || a.NodeAffinity == nil {
		return nil
	}
	return &corev1.Affinity{NodeAffinity: a.NodeAffinity}
}

func appContainer(web corev1.Container, p mastodon.UtilityPod) corev1.Container {
	c := corev1.Container{
		Name: mastodon.AppContainer, Image: web.Image, ImagePullPolicy: corev1.PullIfNotPresent,
		Command: asleep, WorkingDir: web.WorkingDir,
		Env: environmentOf(web), EnvFrom: web.EnvFrom,
		VolumeMounts:    append(slices.Clone(web.VolumeMounts), corev1.VolumeMount{Name: scratch, MountPath: p.Scratch}),
		SecurityContext: web.SecurityContext.DeepCopy(),
		Resources:       modest(web.Resources, false),
	}
	return withTmp(c)
}

// environmentOf is the web container's env, less what speaks of the container by its name.
func environmentOf(web corev1.Container) []corev1.EnvVar {
	return slices.DeleteFunc(slices.Clone(web.Env), func(v corev1.EnvVar) bool {
		return v.ValueFrom != nil && v.ValueFrom.ResourceFieldRef != nil
	})
}

// withTmp gives a container with a read-only root a place for temporary files.
func withTmp(c corev1.Container) corev1.Container {
	readOnly := c.SecurityContext != nil && yes(c.SecurityContext.ReadOnlyRootFilesystem)
	has := slices.ContainsFunc(c.VolumeMounts, func(m corev1.VolumeMount) bool { return m.MountPath == "/tmp" })
	if readOnly && !has {
		c.VolumeMounts = append(c.VolumeMounts, corev1.VolumeMount{Name: scratch, MountPath: "/tmp", SubPath: "tmp-" + c.Name})
	}
	return c
}

// modest asks for little, so that a full node takes the pod, and stays under the web container's
// limits, which a quota may insist on.
func modest(web corev1.ResourceRequirements, small bool) corev1.ResourceRequirements {
	r := corev1.ResourceRequirements{Requests: corev1.ResourceList{
		corev1.ResourceCPU: resource.MustParse("50m"), corev1.ResourceMemory: resource.MustParse("128Mi"),
	}}
	if len(web.Limits) == 0 {
		return r
	}
	r.Limits = maps.Clone(web.Limits)
	if most := resource.MustParse("512Mi"); small {
		if limit, ok := r.Limits[corev1.ResourceMemory]; ok && limit.Cmp(most) > 0 {
			r.Limits[corev1.ResourceMemory] = most
		}
	}
	for name, request := range r.Requests {
		if limit, ok := r.Limits[name]; ok && limit.Cmp(request) < 0 {
			r.Requests[name] = limit
		}
	}
	return r
}

// volumes are those of the web pod that our containers mount, and the scratch volume.
func volumes(spec corev1.PodSpec, containers []corev1.Container) []corev1.Volume {
	own := []corev1.Volume{{Name: scratch, VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}}}
	for _, v := range spec.Volumes {
		if slices.ContainsFunc(containers, func(c corev1.Container) bool {
			return slices.ContainsFunc(c.VolumeMounts, func(m corev1.VolumeMount) bool { return m.Name == v.Name })
		}) {
			own = append(own, v)
		}
	}
	return own
}
