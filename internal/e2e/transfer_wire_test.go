//go:build e2e

package e2e

import (
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

// A wire is one operator's way to the cluster. It counts what goes up, whichever process sends it:
// those that are killed cannot tell.
type wire struct{ up atomic.Int64 }

// newWiredOperator is an operator whose bytes are counted.
func newWiredOperator(i *instance) (*operator, *wire) {
	i.Helper()
	config := i.kubectl("config", "view", "--raw", "--flatten", "--minify")
	found := regexp.MustCompile(`( +)server: (.+)`).FindStringSubmatch(config)
	require.NotNil(i, found, "the kubeconfig has no server")
	server, err := url.Parse(found[2])
	require.NoError(i, err)

	w := &wire{}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(i, err)
	i.Cleanup(func() { _ = listener.Close() })
	go w.serve(listener, server.Host)
	instead := fmt.Sprintf("%[1]sserver: https://%[2]s\n%[1]stls-server-name: %[3]s", found[1], listener.Addr(), server.Hostname())
	file := filepath.Join(i.TempDir(), "wire.conf")
	require.NoError(i, os.WriteFile(file, []byte(strings.Replace(config, found[0], instead, 1)), 0o600))
	o := newOperator(i)
	o.env = append(o.env, "KUBECONFIG="+file)
	return o, w
}

// serve lasts until the listener is closed.
func (w *wire) serve(listener net.Listener, to string) {
	for {
		near, err := listener.Accept()
		if err != nil {
			return
		}
		go w.join(near, to)
	}
}

// join carries what two ends of a connection say; when one ends, so does the other.
func (w *wire) join(near net.Conn, to string) {
	defer near.Close()
	far, err := net.Dial("tcp", to)
	if err != nil {
		return
	}
	defer far.Close()
	go func() {
		defer near.Close()
		defer far.Close()
		_, _ = io.Copy(near, far)
	}()
	_, _ = io.Copy(far, io.TeeReader(near, w))
}

func (w *wire) Write(p []byte) (int, error) {
	w.up.Add(int64(len(p)))
	return len(p), nil
}

// sent is how much has gone up so far.
func (w *wire) sent() int64 { return w.up.Load() }

// once wants that all that went up is a backup's weight, and what faults may add to it.
func (w *wire) once(t testing.TB, b cargo, faults int64) {
	t.Helper()
	most := b.weight + faults*mostTwice
	t.Logf("%d MiB were sent; once is %d MiB, and %d with what the faults may cost", w.sent()/mib, b.weight/mib, most/mib)
	require.Less(t, w.sent(), most, "what had arrived was sent again")
}
