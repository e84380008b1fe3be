package kube

import (
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/fake"

	"mastodon-restore/internal/mastodon"
)

func TestTheUtilityPodGoesWhereASingleNodeVolumeIsInUse(t *testing.T) {
	uses := corev1.Volume{VolumeSource: corev1.VolumeSource{PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: "system"}}}
	web := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "web", Namespace: "m"}, Spec: corev1.PodSpec{NodeName: "node2", Volumes: []corev1.Volume{uses}}}
	gone := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "job", Namespace: "m"}, Spec: corev1.PodSpec{NodeName: "node1", Volumes: []corev1.Volume{uses}},
		Status: corev1.PodStatus{Phase: corev1.PodSucceeded}}
	c := &Cluster{client: fake.NewClientset(gone, web), namespace: "m"}
	for _, test := range []struct {
		name string
		mode string
		want string
	}{
		{"one node at a time", "ReadWriteOnce", "node2"},
		{"any node", "ReadWriteMany", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			i := mastodon.Instance{Claims: []mastodon.Claim{{Name: "system", AccessModes: []string{test.mode}}}}
			pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "mastodon-restore-k7q2"}}
			require.NoError(t, c.beside(t.Context(), i, pod))
			if test.want == "" {
				require.Nil(t, pod.Spec.Affinity)
				return
			}
			terms := pod.Spec.Affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution.NodeSelectorTerms
			require.Len(t, terms, 1)
			require.Equal(t, []string{test.want}, terms[0].MatchFields[0].Values)
		})
	}
}
