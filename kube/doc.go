// Package kube finds a Mastodon server on Kubernetes and does to it what a restore needs: scale,
// suspend, lock, make a pod to work in, run commands there, and say in words why something does
// not start. It is the only importer of client-go.
//
// It knows nothing of steps, journals or screens. Every request waits for an API server that is
// away (see [Options].Patience): for that each verb here can be repeated, so that one whose answer
// was lost does no harm the second time. Exec is the exception, and is never repeated once it may
// have begun.
//
// Values of Secrets pass through memory only: no error, log line or exported struct shows one.
//
// A [Cluster] is safe for concurrent use.
package kube
