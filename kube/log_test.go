package kube

import (
	"os"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"k8s.io/klog/v2"
)

// record is what client-go had to say during the tests.
type record struct {
	mu   sync.Mutex
	text []byte
}

func (r *record) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.text = append(r.text, p...)
	return len(p), nil
}

var logged record

func TestMain(m *testing.M) {
	LogTo(&logged)
	os.Exit(m.Run())
}

func TestClientGoWritesToTheLogAlone(t *testing.T) {
	read, write, err := os.Pipe()
	require.NoError(t, err)
	terminal := os.Stderr
	os.Stderr = write
	klog.ErrorS(nil, "a stream has broken", "stream", 7)
	klog.Warning("an old API")
	os.Stderr = terminal
	require.NoError(t, write.Close())
	shown := make([]byte, 100)
	n, _ := read.Read(shown)
	require.Empty(t, string(shown[:n]))
	logged.mu.Lock()
	defer logged.mu.Unlock()
	require.Contains(t, string(logged.text), "a stream has broken")
	require.Contains(t, string(logged.text), "an old API")
}
