//go:build e2e

package e2e

import (
	"bytes"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// What goes wrong while the files are under way, on one server after the other: each time it ends
// with equal trees and an honest report, and what had arrived is not sent again.
func TestFilesUnderWay(t *testing.T) {
	l := needLab(t)
	i := standUp(t, "underway", pictures())
	i.put(i.oddities())
	b := i.backUp(archives...).weighed(t)

	for _, scenario := range []struct {
		name string
		play func(*instance, cargo)
	}{
		{"the node freezes for 90 s", func(i *instance, b cargo) { i.frozenNode(l, b) }},
		{"the utility pod is deleted", (*instance).lostPod},
		{"the program is suspended for 90 s", (*instance).suspendedProgram},
		{"the program is killed ten times", (*instance).killedAgainAndAgain},
		{"an archive changes while nobody works", (*instance).changedArchive},
	} {
		// The server of one that failed is closed, and no use to the next.
		if !t.Run(scenario.name, func(t *testing.T) { scenario.play(i.in(t), b) }) {
			return
		}
	}
}

// broken breaks the server anew and says how it stands then.
func (i *instance) broken() posture {
	i.Helper()
	i.forget()
	i.breakIt()
	return i.posture()
}

func (i *instance) frozenNode(l lab, b cargo) {
	before := i.broken()
	o, w := newWiredOperator(i)
	c := o.start(slowly(i, b.backup)...)
	o.underWay(c, 0.3)
	node, _ := i.utilityPod()
	since := time.Now()
	l.freeze(i.namespace, node)
	i.eventually(node+" being given up", 3*time.Minute, func() bool { return i.nodeReady(node) == "Unknown" })
	time.Sleep(time.Until(since.Add(90 * time.Second)))
	o.stillSending(c)
	l.thaw(i.namespace, node)

	code, output := o.await(c)
	require.Equal(i, exitDone, code, tail(output))
	o.finished(i, b, before, output)
	w.once(i, b, 1)
	require.Contains(i, output, "lane opened again", "the log says nothing of what happened")
}

// freeze stops a node's kubelet; it is brought back in any case.
func (l lab) freeze(n namespace, node string) {
	n.Helper()
	n.Cleanup(func() { l.thaw(n, node) })
	l.run(n, "pause-node", node)
}

func (l lab) thaw(n namespace, node string) {
	n.Helper()
	l.run(n, "resume-node", node)
	n.eventually(node+" being ready again", 2*time.Minute, func() bool { return n.nodeReady(node) == "True" })
}

// nodeReady is a node's condition Ready: "Unknown" is what the cluster makes of silence.
func (n namespace) nodeReady(node string) string {
	var status bytes.Buffer
	_ = n.try(nil, &status, "get", "node", node, "-o", `jsonpath={.status.conditions[?(@.type=="Ready")].status}`)
	return status.String()
}

// utilityPod is where our pod runs, and which one it is.
func (i *instance) utilityPod() (node, uid string) {
	i.Helper()
	for line := range strings.Lines(i.kubectl("get", "pods", "-o", `jsonpath={range .items[*]}{.metadata.name} {.spec.nodeName} {.metadata.uid}{"\n"}{end}`)) {
		if words := strings.Fields(line); len(words) == 3 && strings.HasPrefix(words[0], ours) {
			return words[1], words[2]
		}
	}
	require.FailNow(i, "there is no utility pod")
	return "", ""
}

func (i *instance) lostPod(b cargo) {
	before := i.broken()
	o, w := newWiredOperator(i)
	c := o.start(slowly(i, b.backup)...)
	o.underWay(c, 0.5)
	_, first := i.utilityPod()
	i.kubectl("delete", "pod", ours+"-"+o.runName(), "--wait=false")
	o.said(c, "(?s)the utility pod was lost.*making pod "+ours)
	o.underWay(c, 0.6)
	_, second := i.utilityPod()
	require.NotEqual(i, first, second)

	code, output := o.await(c)
	require.Equal(i, exitDone, code, tail(output))
	require.NotZero(i, o.finished(i, b, before, output), "the new pod was sent everything")
	w.once(i, b, 1)
}

func (i *instance) suspendedProgram(b cargo) {
	before := i.broken()
	o, w := newWiredOperator(i)
	c := o.start(slowly(i, b.backup)...)
	o.underWay(c, 0.3)
	require.NoError(i, c.Process.Signal(syscall.SIGSTOP))
	since := time.Now()
	i.eventually("the program standing still", tenSeconds, func() bool {
		state, err := exec.Command("ps", "-o", "stat=", "-p", strconv.Itoa(c.Process.Pid)).Output()
		return err == nil && strings.HasPrefix(string(state), "T")
	})
	code, output := newOperator(i).run(restoring(i, b.backup)...)
	require.Equal(i, exitLocked, code, tail(output))
	require.Contains(i, output, o.runName(), "the lock stays with the run that stands still")
	time.Sleep(time.Until(since.Add(90 * time.Second)))
	require.NoError(i, c.Process.Signal(syscall.SIGCONT))

	code, output = o.await(c)
	require.Equal(i, exitDone, code, tail(output))
	o.finished(i, b, before, output)
	w.once(i, b, 1)
}
