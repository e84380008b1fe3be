package kube

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/streaming/pkg/httpstream"
	"k8s.io/streaming/pkg/httpstream/spdy"
	"k8s.io/streaming/pkg/httpstream/wsstream"
)

// far is the far side of an exec: a command as the container runtime shows it to the client.
type far struct {
	in       io.Reader
	out, err io.Writer
	tty      bool
	argv     []string
	size     io.Reader
	spdy     bool
	status   io.Writer
	close    func() // closes the connection in good order
	reset    func() // tears it
	ended    bool
}

// exit ends the command as a container runtime does.
func (f *far) exit(code int) {
	f.ended = true
	if code == 0 {
		fmt.Fprint(f.status, `{"metadata":{},"status":"Success"}`)
		return
	}
	fmt.Fprintf(f.status, `{"metadata":{},"status":"Failure","reason":"NonZeroExitCode","message":"command terminated with non-zero exit code","details":{"causes":[{"reason":"ExitCode","message":"%d"}]}}`, code)
}

// execHandler runs a command over WebSocket and SPDY. A command that does not call exit, close or
// reset ends with code 0.
func execHandler(t *testing.T, command func(*far)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		f := &far{argv: r.URL.Query()["command"], tty: r.URL.Query().Get("tty") == "true"}
		var done func()
		if wsstream.IsWebSocketRequest(r) {
			done = f.overWebSocket(w, r)
		} else {
			done = f.overSPDY(t, w, r)
		}
		if done == nil {
			return
		}
		command(f)
		if !f.ended {
			f.exit(0)
		}
		done()
	}
}

func (f *far) overWebSocket(w http.ResponseWriter, r *http.Request) func() {
	keep := &kept{ResponseWriter: w}
	conn := wsstream.NewConn(map[string]wsstream.ChannelProtocolConfig{
		"v5.channel.k8s.io": {Binary: true, Channels: []wsstream.ChannelType{
			wsstream.ReadChannel, wsstream.WriteChannel, wsstream.WriteChannel, wsstream.WriteChannel, wsstream.ReadChannel,
		}},
	})
	_, channels, err := conn.Open(keep, r)
	if err != nil {
		return nil
	}
	f.in, f.out, f.err, f.status, f.size = channels[0], channels[1], channels[2], channels[3], channels[4]
	f.close = func() { f.ended = true; _ = conn.Close() }
	f.reset = func() { f.ended = true; keep.reset() }
	return func() { _ = conn.Close() }
}

func (f *far) overSPDY(t *testing.T, w http.ResponseWriter, r *http.Request) func() {
	f.spdy = true
	if _, err := httpstream.Handshake(r, w, []string{"v4.channel.k8s.io"}); err != nil {
		t.Errorf("SPDY handshake: %v", err)
		return nil
	}
	streams := make(chan httpstream.Stream, 5)
	keep := &kept{ResponseWriter: w}
	conn := spdy.NewResponseUpgrader().UpgradeResponse(keep, r, func(s httpstream.Stream, _ <-chan struct{}) error {
		streams <- s
		return nil
	})
	if conn == nil {
		return nil
	}
	want := 1 // the status
	for _, name := range []string{"stdin", "stdout", "stderr"} {
		if r.URL.Query().Get(name) == "true" {
			want++
		}
	}
	if f.tty {
		want++ // the sizes
	}
	var all []httpstream.Stream
	for range want {
		select {
		case s := <-streams:
			f.take(s)
			all = append(all, s)
		case <-time.After(10 * time.Second):
			t.Error("SPDY streams do not come")
			return nil
		}
	}
	// Closing the connection would reset the streams, data on the way and all: the client does it.
	done := func() {
		for _, s := range all {
			_ = s.Close()
		}
		select {
		case <-conn.CloseChan():
		case <-time.After(10 * time.Second):
			t.Error("the client does not close the connection")
		}
	}
	f.close = func() { f.ended = true }
	f.reset = func() { f.ended = true; keep.reset() }
	return done
}

func (f *far) take(s httpstream.Stream) {
	switch s.Headers().Get(corev1.StreamType) {
	case corev1.StreamTypeStdin:
		f.in = s
	case corev1.StreamTypeStdout:
		f.out = s
	case corev1.StreamTypeStderr:
		f.err = s
	case corev1.StreamTypeError:
		f.status = s
	case corev1.StreamTypeResize:
		f.size = s
	}
}

// kept remembers the connection that a handler takes over, to tear it.
type kept struct {
	http.ResponseWriter
	mu   sync.Mutex
	conn net.Conn
}

func (k *kept) Hijack() (conn net.Conn, buffers *bufio.ReadWriter, err error) {
	conn, buffers, err = k.ResponseWriter.(http.Hijacker).Hijack()
	k.mu.Lock()
	defer k.mu.Unlock()
	k.conn = conn
	return conn, buffers, err
}

func (k *kept) reset() {
	k.mu.Lock()
	defer k.mu.Unlock()
	_ = k.conn.(*net.TCPConn).SetLinger(0)
	_ = k.conn.Close()
}

// window is a size of the terminal as it was sent.
func (f *far) window() (size struct{ Width, Height int }) {
	_ = json.NewDecoder(f.size).Decode(&size)
	return size
}
