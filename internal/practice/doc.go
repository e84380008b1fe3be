// Package practice is a small cluster inside the program: a Mastodon server that is really broken,
// backup sets that really restore it, and faults to be unlucky with. A restore is rehearsed on it
// with the very steps and scripts that run on Kubernetes.
//
// # What is real
//
// Files, tar and every script: a pod's container is a shell on this machine whose working directory
// and environment are those of the container. There is no chroot, so the paths inside a pod are
// paths of this machine, all below the cluster's folder. The database is a private PostgreSQL where
// one is installed; otherwise it is a simulation that keeps tables as text files. What Kubernetes
// does (pods that come and go, annotations, a lease) is played: a JSON file holds the objects, and
// whether a pod is ready or gone follows from the time of day alone.
//
// # What survives
//
// The objects are in the file before a call returns, so a cluster outlives the process: [Reopen]
// goes on where a killed one was, and what it had started in a pod, PostgreSQL included, runs on for
// a quarter of an hour. [Cluster.Close] ends everything and leaves the files.
//
// The package must never know kube, the steps of a restore, or a screen: it has the methods that
// package restore asks of a cluster and nothing tells it that it is not one. A [Cluster] is safe for
// concurrent use, by several processes too.
package practice
