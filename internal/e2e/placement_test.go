//go:build e2e

package e2e

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"mastodon-restore/internal/sample"
)

// Volumes that only one node can mount: the utility pod has to go there, and must not wait for pods
// that are scaled away.
func TestUtilityPodGoesWhereTheVolumesAre(t *testing.T) {
	needLab(t)
	i := standUp(t, "rwo", sample.Small, func(v *values) { v.Media = media{"lab-node2", "ReadWriteOnce"} })
	b := i.backUp(archives...)
	i.breakIt()
	before := i.posture()

	o := newOperator(t)
	c := o.start(restoring(i, b)...)
	nodes := map[string]bool{}
	for running := true; running; {
		select {
		case <-c.done:
			running = false
		case <-time.After(500 * time.Millisecond):
			for _, node := range i.utilityNodes() {
				nodes[node] = true
			}
		}
	}
	code, output := o.await(c)
	require.Equal(t, exitDone, code, tail(output))
	require.Equal(t, map[string]bool{"node2": true}, nodes)
	i.equal(b)
	i.reopened(before)
}

// utilityNodes are the nodes of our pods, those not scheduled yet left out.
func (i *instance) utilityNodes() (nodes []string) {
	var pods bytes.Buffer
	if i.try(nil, &pods, "get", "pods", "-o", `jsonpath={range .items[*]}{.metadata.name} {.spec.nodeName}{"\n"}{end}`) != nil {
		return nil
	}
	for line := range strings.Lines(pods.String()) {
		if name, node, _ := strings.Cut(strings.TrimSpace(line), " "); strings.HasPrefix(name, ours) && node != "" {
			nodes = append(nodes, node)
		}
	}
	return nodes
}
