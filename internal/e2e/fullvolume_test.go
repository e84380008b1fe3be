//go:build e2e

package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"mastodon-restore/internal/sample"
)

// A volume without room for the files: refused at first; insisted on, it stops with a card that
// says how to go on, and with more room it goes on.
func TestFullVolume(t *testing.T) {
	needLab(t)
	disk := &smallDisk{bytes: 32 * mib}
	i := standUp(t, "full", roomy(), disk.mount(t))
	b := i.backUp(archives...)
	i.breakIt()
	before := i.posture()
	disk.leave(t, mib)

	code, output := newOperator(t).run(restoring(i, b)...)
	require.Equal(t, exitBlocked, code, tail(output))
	require.Contains(t, output, "space-system")
	require.Equal(t, before, i.posture())

	o := newOperator(t)
	code, output = o.run(restoring(i, b, "--accept", "space-system")...)
	require.Equal(t, exitFailed, code, tail(output))
	require.Contains(t, output, "volume full")
	require.Contains(t, output, "resume "+o.runName(), "the card says how to go on")
	require.FileExists(t, filepath.Join(disk.dir, newer))
	require.NotEqual(t, b.rows, i.rows(), "the database waits for the files")

	require.NoError(t, os.Remove(disk.ballast()))
	code, output = o.run("resume", "--plain", "--confirm", i.size.Settings()["LOCAL_DOMAIN"])
	require.Contains(t, []int{exitDone, exitWarnings}, code, tail(output))
	i.equal(b)
	i.reopened(before)
}

// roomy is a server with some megabytes of files.
func roomy() sample.Size {
	s := sample.Small
	s.LocalAttachments = 400
	return s
}

// A smallDisk is a file system of this machine, in memory, that a node serves as the claim of
// public/system. The lab's nodes are this machine; elsewhere that would not do.
type smallDisk struct {
	bytes int64
	dir   string
}

// mount makes the disk and its volume while the server stands up.
func (d *smallDisk) mount(t *testing.T) func(*values) {
	return func(v *values) {
		n := namespace{t, v.Namespace}
		v.Media = media{Class: "", Access: "ReadWriteMany"}
		for _, claim := range []string{"system", "assets"} {
			dir := filepath.Join("/var/lib/mastodon-restore-e2e", v.Namespace+"-"+claim)
			require.NoError(t, os.MkdirAll(dir, 0o755))
			require.NoError(t, unix.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%d", d.bytes)))
			t.Cleanup(func() {
				// Pods may still hold it for a moment; it goes when they do.
				require.NoError(t, unix.Unmount(dir, unix.MNT_DETACH))
				require.NoError(t, os.Remove(dir))
			})
			name := v.Namespace + "-" + claim
			n.feed(strings.NewReader(fmt.Sprintf(`
apiVersion: v1
kind: PersistentVolume
metadata: {name: %s}
spec:
  capacity: {storage: 1Gi}
  accessModes: [ReadWriteMany]
  persistentVolumeReclaimPolicy: Retain
  storageClassName: ""
  claimRef: {namespace: %s, name: mastodon-%s}
  hostPath: {path: %s, type: Directory}
`, name, v.Namespace, claim, dir)), "apply", "--filename", "-")
			t.Cleanup(func() { n.kubectl("delete", "pv", name, "--wait=false") })
			if claim == "system" {
				d.dir = dir
			}
		}
	}
}

func (d *smallDisk) ballast() string { return filepath.Join(d.dir, "ballast") }

// leave fills the disk until only so much is free.
func (d *smallDisk) leave(t *testing.T, bytes int64) {
	t.Helper()
	var disk unix.Statfs_t
	require.NoError(t, unix.Statfs(d.dir, &disk))
	free := int64(disk.Bavail) * disk.Bsize
	out, err := exec.Command("fallocate", "--length", fmt.Sprint(free-bytes), d.ballast()).CombinedOutput()
	require.NoError(t, err, "%s", out)
}
