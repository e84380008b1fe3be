//go:build e2e

package e2e

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"mastodon-restore/internal/sample"
)

const (
	database = "mastodon_production"
	postgres = "pod/mastodon-postgresql-0"
	web      = "deploy/mastodon-web"
	system   = "/opt/mastodon/public/system"

	tenSeconds = 10 * time.Second
)

// An instance is a Mastodon server on the cluster, with rows and files in it.
type instance struct {
	namespace
	size sample.Size
	at   time.Time // when its last post was written, about
}

// in is the same server, its failures counted against another test.
func (i *instance) in(t testing.TB) *instance {
	return &instance{namespace{t, i.name}, i.size, i.at}
}

// workloads are all that is scaled down for a restore.
var workloads = []string{"mastodon-web", "mastodon-sidekiq-all-queues", "mastodon-sidekiq-scheduler", "mastodon-streaming"}

// standUp makes a server in a namespace of its own, fills it, and waits until it is ready.
func standUp(t *testing.T, name string, size sample.Size, change ...func(*values)) *instance {
	t.Helper()
	require.NotEmpty(t, os.Getenv("KUBECONFIG"), "set KUBECONFIG to the cluster to test on")
	started := time.Now()
	i := &instance{namespace{t, fmt.Sprintf("e2e-%s-%x", name, started.Unix()&0xffff)}, size, started}
	t.Cleanup(i.takeDown)
	v := newValues(i.name, size)
	for _, c := range change {
		c(&v)
	}
	i.kubectl("create", "namespace", i.name)
	i.kubectl("label", "namespace", i.name, mine)
	i.apply(v.manifest(t, "data.yaml"))
	i.apply(v.manifest(t, "storage.yaml"))
	i.kubectl("wait", "--for=condition=complete", "job/volume-owner", "--timeout=180s")
	i.kubectl("delete", "job", "volume-owner", "--wait")
	i.kubectl("rollout", "status", "statefulset/mastodon-postgresql", "statefulset/mastodon-redis-master", "--timeout=180s")
	i.seedRows()
	i.apply(v.manifest(t, "app.yaml"))
	i.ready()
	i.seedFiles()
	t.Logf("%s stood up in %.0f s", i.name, time.Since(started).Seconds())
	return i
}

func (i *instance) apply(manifest string) {
	i.Helper()
	i.feed(strings.NewReader(manifest), "apply", "--filename", "-")
}

// ready waits until every workload has the pods it wants and they are ready.
func (i *instance) ready() {
	i.Helper()
	for _, w := range workloads {
		i.kubectl("rollout", "status", "deploy/"+w, "--timeout=240s")
	}
}

// takeDown lets the namespace go without waiting for it; TestMain gives its volumes back.
func (i *instance) takeDown() {
	if os.Getenv("E2E_KEEP") == "1" {
		i.Logf("left in place: namespace %s", i.name)
		return
	}
	if i.Failed() {
		i.Logf("as it was left:\n%s", i.kubectl("get", "deploy,sts,cronjob,pods,lease", "-o", "wide"))
	}
	i.kubectl("delete", "namespace", i.name, "--wait=false")
}

func (i *instance) seedRows() {
	i.Helper()
	in, out := io.Pipe()
	go func() { out.CloseWithError(i.size.WriteSQL(out, i.at)) }()
	i.sqlFrom(in)
}

func (i *instance) seedFiles() {
	i.Helper()
	dir := i.TempDir()
	require.NoError(i, i.size.WriteFiles(dir, i.at))
	i.put(dir)
}

// put moves what is in a folder of this machine to public/system.
func (i *instance) put(dir string) {
	i.Helper()
	tar := exec.Command("tar", "-C", dir, "-cf", "-", ".")
	out, err := tar.StdoutPipe()
	require.NoError(i, err)
	require.NoError(i, tar.Start())
	i.feed(out, "exec", "-i", web, "--", "tar", "-C", system, "--no-same-owner", "--no-overwrite-dir", "-xf", "-")
	require.NoError(i, tar.Wait())
	require.NoError(i, os.RemoveAll(dir))
}

// sql runs statements as the application's role and returns the rows, columns parted by |.
func (i *instance) sql(statements string) string {
	i.Helper()
	return i.sqlFrom(strings.NewReader(statements))
}

func (i *instance) sqlFrom(statements io.Reader) string {
	i.Helper()
	return i.psql("mastodon", "$POSTGRES_PASSWORD", statements)
}

// admin runs statements as the superuser.
func (i *instance) admin(statements string) string {
	i.Helper()
	return i.psql("postgres", "$POSTGRES_POSTGRES_PASSWORD", strings.NewReader(statements))
}

func (i *instance) psql(role, password string, statements io.Reader) string {
	i.Helper()
	script := fmt.Sprintf(`PGPASSWORD="%s" exec psql -X -q -A -t -v ON_ERROR_STOP=1 -U %s -d %s`, password, role, database)
	return i.feed(statements, "exec", "-i", postgres, "--", "sh", "-c", script)
}

// replicas are what each workload is to have.
func (i *instance) replicas() map[string]string {
	i.Helper()
	wanted := map[string]string{}
	for _, w := range workloads {
		wanted[w] = i.kubectl("get", "deploy", w, "-o", "jsonpath={.spec.replicas}")
	}
	return wanted
}

func (i *instance) suspended() string {
	i.Helper()
	return i.kubectl("get", "cronjob", "mastodon-media-remove", "-o", "jsonpath={.spec.suspend}")
}

// healthy says whether the web pod answers that it is healthy.
func (i *instance) healthy() bool {
	return i.try(nil, io.Discard, "exec", web, "--", "curl", "-fsS", "http://127.0.0.1:3000/health") == nil
}
