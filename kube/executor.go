package kube

import (
	"errors"
	"fmt"
	"net"
	"net/http"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/tools/remotecommand"
	spdytransport "k8s.io/client-go/transport/spdy"
	"k8s.io/streaming/pkg/httpstream"

	"mastodon-restore/internal/remote"
)

// executor is good for one stream.
func (p *Container) executor(argv []string, s remote.Streams) (remotecommand.Executor, *witness, error) {
	target := p.cluster.client.CoreV1().RESTClient().Post().
		Resource("pods").Namespace(p.cluster.namespace).Name(p.pod).SubResource("exec").
		VersionedParams(&corev1.PodExecOptions{
			Container: p.container, Command: argv, TTY: s.TTY,
			Stdin: s.In != nil, Stdout: true, Stderr: !s.TTY,
		}, scheme.ParameterCodec).URL()
	transport, upgrader, err := spdytransport.RoundTripperFor(p.cluster.config)
	if err != nil {
		return nil, nil, err
	}
	w := &witness{next: transport}
	spdy, err := remotecommand.NewSPDYExecutorForTransports(w, upgrader, "POST", target)
	if err != nil {
		return nil, nil, err
	}
	socket, err := remotecommand.NewWebSocketExecutor(p.cluster.config, "GET", target.String())
	if err != nil {
		return nil, nil, err
	}
	both, err := remotecommand.NewFallbackExecutor(socket, spdy, plainRefusal)
	if p.spdy {
		both, err = remotecommand.NewFallbackExecutor(spdy, socket, w.refused)
	}
	return both, w, err
}

// plainRefusal says that the far side, or a proxy, did not take the WebSocket at all. Nothing has
// run then, and SPDY may be tried.
func plainRefusal(err error) bool {
	return unbegun(err) == "" && (httpstream.IsUpgradeFailure(err) || httpstream.IsHTTPSProxyError(err))
}

// witness remembers how the upgrade to SPDY went: client-go makes plain text of it.
type witness struct {
	next http.RoundTripper
	err  error
	code int
}

func (w *witness) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := w.next.RoundTrip(r)
	w.err = err
	if resp != nil {
		w.code = resp.StatusCode
	}
	return resp, err
}

// refused says that the upgrade to SPDY was answered, and not granted. Nothing has run then, and
// WebSocket may be tried.
func (w *witness) refused(error) bool {
	if w.code == 0 || w.code == http.StatusSwitchingProtocols || w.busy() {
		return false
	}
	w.code = 0 // from here on it is WebSocket's word that counts
	return true
}

func (w *witness) busy() bool {
	return w.code == http.StatusTooManyRequests || w.code == http.StatusServiceUnavailable
}

// saw adds to a stream's error what the witness knows.
func (w *witness) saw(err error) error {
	switch {
	case err == nil:
		return nil
	case w.err != nil:
		return w.err
	case w.busy():
		return &busyError{w.code, err}
	}
	return err
}

// busyError is a server's refusal to take a stream now.
type busyError struct {
	code int
	err  error
}

func (e *busyError) Error() string { return e.err.Error() }
func (e *busyError) Unwrap() error { return e.err }

// unbegun says why a command has certainly not begun; empty when it may have.
func unbegun(err error) string {
	var op *net.OpError
	if errors.As(err, &op) && op.Op == "dial" {
		t, _ := passing(err)
		return t.reason
	}
	code := 0
	var busy *busyError
	var upgrade *httpstream.UpgradeFailureError
	if errors.As(err, &busy) {
		code = busy.code
	} else if errors.As(err, &upgrade) {
		var status apierrors.APIStatus
		if errors.As(upgrade.Cause, &status) {
			code = int(status.Status().Code)
		}
	}
	if code == http.StatusTooManyRequests || code == http.StatusServiceUnavailable {
		return fmt.Sprintf("the API server says %d %s", code, http.StatusText(code))
	}
	return ""
}

// fixedSize is a terminal that is never resized.
type fixedSize struct{ remotecommand.TerminalSize }

// Next gives the size once.
func (f *fixedSize) Next() *remotecommand.TerminalSize {
	if f.Width == 0 {
		return nil
	}
	size := f.TerminalSize
	f.Width = 0
	return &size
}
