package practice

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"slices"
	"time"
)

// pod is a pod. Nothing happens to it in the background: it is ready from one moment on and gone
// from another, whoever looks.
type pod struct {
	Name  string    `json:"name"`
	UID   string    `json:"uid"`
	Owner string    `json:"owner,omitempty"` // its workload
	Run   string    `json:"run,omitempty"`   // a utility pod's run
	Node  string    `json:"node"`
	Ready time.Time `json:"ready"`
	Gone  time.Time `json:"gone,omitzero"`
	// Scratch is the folder that a utility pod's containers share.
	Scratch string `json:"scratch,omitempty"`
	// Stuck says why the pod does not become ready, in the words a cluster has for it.
	Stuck string `json:"stuck,omitempty"`
}

func (p *pod) ready(now time.Time) bool {
	return p.Stuck == "" && p.Gone.IsZero() && !now.Before(p.Ready)
}

// bury takes out the pods whose time is over.
func (st *state) bury(now time.Time) {
	st.Pods = slices.DeleteFunc(st.Pods, func(p *pod) bool { return !p.Gone.IsZero() && !now.Before(p.Gone) })
}

func (st *state) pod(name string) *pod {
	for _, p := range st.Pods {
		if p.Name == name {
			return p
		}
	}
	return nil
}

// of lists a workload's pods, those that are going too.
func (st *state) of(owner string) (pods []*pod) {
	for _, p := range st.Pods {
		if p.Owner == owner {
			pods = append(pods, p)
		}
	}
	return pods
}

// scale makes or ends a workload's pods, as its controller would.
func (st *state) scale(name string, replicas int, now time.Time, pace pace) {
	w := st.Workloads[name]
	w.Replicas = replicas
	staying := slices.DeleteFunc(st.of(name), func(p *pod) bool { return !p.Gone.IsZero() })
	for i, p := range staying[min(replicas, len(staying)):] {
		p.Gone = now.Add(pace.stop + time.Duration(i)*pace.stop/2)
	}
	for i := len(staying); i < replicas; i++ {
		st.Made++
		st.Pods = append(st.Pods, &pod{
			Name: podName(name, st.Made), UID: newUID(), Owner: name, Node: nodes[i%len(nodes)],
			Ready: now.Add(pace.start(w.Component) + time.Duration(i)*pace.apart),
		})
	}
}

// nodes are the machines of the cluster.
var nodes = []string{"practice-1", "practice-2"}

// podName is unlike any before it, and looks like a pod's of a Deployment.
func podName(workload string, serial int) string {
	const letters = "bcdfghjklmnpqrstvwxz2456789"
	tail := make([]byte, 5)
	n := uint64(serial) * 2654435761
	for i := range tail {
		tail[i] = letters[n%uint64(len(letters))]
		n = n/uint64(len(letters)) + uint64(serial)*40503
	}
	return fmt.Sprintf("%s-7d9c5b8f6-%s", workload, tail)
}

func newUID() string {
	b := make([]byte, 16)
	_, _ = rand.Read(b) // never fails
	h := hex.EncodeToString(b)
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}
