package kube

import (
	"fmt"
	"strings"
)

// advice is what to do about a message of Kubernetes, told by words in it.
type advice struct{ words, do string }

// refusals are why an API server does not take a pod.
var refusals = []advice{
	{"exceeded quota", "the namespace's quota is used up: free some of it (kubectl describe quota), or raise it"},
	{"violates PodSecurity", "the namespace's PodSecurity level forbids a pod like the web pod: see whether the web pod itself still starts, and lower the level or correct its securityContext"},
	{"maximum ", "a LimitRange of the namespace forbids the web pod's own limits: kubectl describe limitrange"},
	{"minimum ", "a LimitRange of the namespace asks for more than we do: kubectl describe limitrange"},
	{"error looking up service account", "the web pod's service account is not there: restore it first"},
	{"failed calling webhook", "an admission webhook does not answer: repair or remove it (kubectl get validatingwebhookconfigurations,mutatingwebhookconfigurations)"},
	{"admission webhook", "an admission policy of the cluster forbids the pod: its message says why"},
	{"no PriorityClass", "the web pod's priority class is not there: restore it first"},
	{"cannot create resource", "ask the cluster's administrator for leave to create pods here"},
}

// refused adds what to do to the refusal of a pod.
func refused(err error) error {
	if do := advise(refusals, err.Error()); do != "" {
		return fmt.Errorf("%w; %s", err, do)
	}
	return err
}

func advise(table []advice, message string) string {
	for _, a := range table {
		if strings.Contains(message, a.words) {
			return a.do
		}
	}
	return ""
}
