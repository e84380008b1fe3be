// Package mastodon says what a Mastodon server on Kubernetes is: its instance, workloads, claims,
// database, environment and versions, as plain values without secrets in sight.
//
// It does no input or output and knows no client library; kube and the practice cluster fill its
// types, the restore reads them.
package mastodon
