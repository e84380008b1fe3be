//go:build e2e

package e2e

import (
	"archive/tar"
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A box is a pod with a volume and no server, to transfer archives into.
type box struct {
	namespace
	sender string // the program that measures transfers; it makes single ones, too
	dir    string // of this machine
}

const boxManifest = `
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: box}
spec: {accessModes: [ReadWriteMany], storageClassName: %s, resources: {requests: {storage: 1Gi}}}
---
apiVersion: v1
kind: Pod
metadata: {name: box}
spec:
  terminationGracePeriodSeconds: 0
  containers:
    - name: box
      image: %smastodon/mastodon:v4.5.0
      command: [sleep, infinity]
      securityContext: {runAsUser: 0}
      volumeMounts: [{name: box, mountPath: /box}]
  volumes: [{name: box, persistentVolumeClaim: {claimName: box}}]
`

func newBox(t *testing.T) *box {
	t.Helper()
	require.NotEmpty(t, os.Getenv("KUBECONFIG"), "set KUBECONFIG to the cluster to test on")
	x := &box{namespace{t, fmt.Sprintf("e2e-box-%x", time.Now().Unix()&0xffff)}, filepath.Join(t.TempDir(), "sender"), t.TempDir()}
	build := exec.Command("go", "build", "-o", x.sender, "./internal/transfer/bench")
	build.Dir = root
	out, err := build.CombinedOutput()
	require.NoError(t, err, "%s", out)

	v := newValues(x.name, pictures())
	t.Cleanup(func() { x.kubectl("delete", "namespace", x.name, "--wait=false") })
	x.kubectl("create", "namespace", x.name)
	x.kubectl("label", "namespace", x.name, mine)
	x.feed(strings.NewReader(fmt.Sprintf(boxManifest, v.Media.Class, v.Images)), "apply", "--filename", "-")
	x.kubectl("wait", "--for=condition=Ready", "pod/box", "--timeout=180s")
	return x
}

// in is the same box, its failures counted against another test.
func (x *box) in(t testing.TB) *box { return &box{namespace{t, x.name}, x.sender, x.dir} }

// A bundle is an archive on this machine and what is in it.
type bundle struct {
	file    string
	sums    map[string][sha256.Size]byte
	entries int
}

const members = "opt/mastodon/public/system/"

// pack writes an archive; its name says whether it is compressed. Folders have entries of their
// own, as tar makes them.
func (x *box) pack(name string, fill func(add func(name string, size int64, content io.Reader))) bundle {
	x.Helper()
	b := bundle{file: filepath.Join(x.dir, name), sums: map[string][sha256.Size]byte{}}
	f, err := os.Create(b.file)
	require.NoError(x, err)
	defer f.Close()
	buffered := bufio.NewWriterSize(f, mib)
	var packed io.Writer = buffered
	closers := []func() error{buffered.Flush}
	if strings.HasSuffix(name, ".gz") {
		z, err := gzip.NewWriterLevel(buffered, gzip.BestSpeed)
		require.NoError(x, err)
		packed, closers = z, append(closers, z.Close)
	}
	w := tar.NewWriter(packed)
	closers = append(closers, w.Close)
	made := map[string]bool{}
	var folder func(string)
	folder = func(dir string) {
		if dir == "." || made[dir] {
			return
		}
		folder(path.Dir(dir))
		made[dir] = true
		b.entries++
		require.NoError(x, w.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: members + dir + "/", Mode: 0o755}))
	}
	fill(func(name string, size int64, content io.Reader) {
		folder(path.Dir(name))
		b.entries++
		require.NoError(x, w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: members + name, Mode: 0o644, Size: size, ModTime: time.Unix(1_700_000_000, 0)}))
		sum := sha256.New()
		_, err := io.Copy(io.MultiWriter(w, sum), content)
		require.NoError(x, err)
		b.sums[name] = [sha256.Size]byte(sum.Sum(nil))
	})
	for _, end := range slices.Backward(closers) {
		require.NoError(x, end())
	}
	return b
}

// A sending is the sender at work on one archive.
type sending struct {
	*exec.Cmd
	out, errs bytes.Buffer
	over      chan struct{}
	ended     time.Time
	err       error
}

// sent is what the sender tells at its end.
type sent struct {
	Report struct {
		Files, Bytes, SentBytes, AgainBytes int64
		Parcels, Resumed, Restarts          int
		Notes                               []string
	}
	Error      string
	PeakMemory int64
	Seconds    float64
}

// send begins to send an archive into a folder of the volume.
func (x *box) send(b bundle, into string, more ...string) *sending {
	x.Helper()
	x.shell("pod/box", "mkdir -p /box/"+into)
	args := []string{"send", "-namespace", x.name, "-archive", b.file, "-dir", "/box/" + into, "-ledger", b.file + ".ledger", "-verify"}
	s := &sending{Cmd: exec.Command(x.sender, append(args, more...)...), over: make(chan struct{})}
	s.Stdout, s.Stderr = &s.out, &s.errs
	require.NoError(x, s.Start())
	go func() {
		s.err, s.ended = s.Wait(), time.Now()
		close(s.over)
	}()
	x.Cleanup(func() {
		_ = s.Process.Kill()
		<-s.over
	})
	return s
}

// done waits for a sending that must end well.
func (x *box) done(s *sending) (r sent) {
	x.Helper()
	<-s.over
	require.NoError(x, s.err, s.errs.String())
	require.NoError(x, json.Unmarshal(s.out.Bytes(), &r), s.out.String())
	require.Empty(x, r.Error)
	x.Logf("%d files, %d MiB in %.1f s; %d MiB sent, %d of %d parcels were there, %d restarts, %d MiB of memory",
		r.Report.Files, r.Report.Bytes/mib, r.Seconds, r.Report.SentBytes/mib, r.Report.Resumed, r.Report.Parcels, r.Report.Restarts, r.PeakMemory/mib)
	return r
}

// began is when the sender, connected, turned to the archive.
func (s *sending) began(r sent) time.Time {
	return s.ended.Add(-time.Duration(r.Seconds * float64(time.Second)))
}

// killed waits for a sending that was to be killed.
func (x *box) killed(s *sending) {
	x.Helper()
	<-s.over
	require.Equal(x, -1, s.ProcessState.ExitCode(), "it ended by itself: %s%s", s.out.String(), s.errs.String())
}

// equal compares a folder of the volume with what the bundles hold, by the digest of all digests:
// nothing may be missing, nothing else there.
func (x *box) equal(into string, bundles ...bundle) {
	x.Helper()
	want := map[string][sha256.Size]byte{}
	for _, b := range bundles {
		maps.Copy(want, b.sums)
	}
	list := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(want)) {
		fmt.Fprintf(list, "%x  ./%s\x00", want[name], name)
	}
	got := x.shell("pod/box", "cd /box/"+into+` && find . -type f -printf x | wc -c && find . -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum --zero -- | sha256sum`)
	require.Equal(x, fmt.Sprintf("%d\n%x  -", len(want), list.Sum(nil)), got, "files, and the digest of their digests")
}
