package transfer

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"sync/atomic"

	"mastodon-restore/internal/remote"
)

var errReset = errors.New("connection reset by peer")

// faulty is a place whose streams break as a test says. A fault strikes the lanes only.
type faulty struct {
	remote.Local
	// fault decides, for the nth stream of a lane, what goes wrong; nil is nothing.
	fault func(n int) *fault
	lanes atomic.Int64
	// received counts the bytes that went through.
	received atomic.Int64
}

// fault is what goes wrong in one stream after so many bytes of its input.
type fault struct {
	after int64
	// end ends the stream with err; stall makes it say and take nothing more; flip changes a bit.
	end, stall, flip bool
	err              error
	// silent lets the far side live on, and its answers get lost.
	silent bool
}

func (f *faulty) Exec(ctx context.Context, argv []string, s remote.Streams) error {
	if !isLane(argv) {
		return f.Local.Exec(ctx, argv, s)
	}
	n := int(f.lanes.Add(1))
	var plan *fault
	if f.fault != nil {
		plan = f.fault(n)
	}
	if plan == nil {
		s.In = &tap{r: s.In, count: &f.received}
		return f.Local.Exec(ctx, argv, s)
	}
	return f.broken(ctx, argv, s, plan)
}

func (f *faulty) broken(ctx context.Context, argv []string, s remote.Streams, plan *fault) error {
	inner, cancel := context.WithCancel(ctx)
	defer cancel()
	t := &tap{r: s.In, count: &f.received, plan: plan, struck: make(chan struct{}), ctx: inner}
	out := &muzzle{w: s.Out}
	if plan.silent {
		out.shut()
	}
	done := make(chan error, 1)
	go func() { done <- f.Local.Exec(inner, argv, remote.Streams{In: t, Out: out, Err: s.Err}) }()
	select {
	case err := <-done:
		return err
	case <-t.struck:
	}
	switch {
	case plan.stall:
		out.shut()
		<-ctx.Done()
	case plan.end:
		out.shut()
		cancel()
		<-done
		return plan.err
	}
	return <-done
}

func isLane(argv []string) bool {
	for _, a := range argv {
		if strings.HasPrefix(a, laneVariable+"=") {
			return true
		}
	}
	return false
}

// tap counts what passes and strikes where its plan says.
type tap struct {
	r      io.Reader
	count  *atomic.Int64
	plan   *fault
	ctx    context.Context
	passed int64
	once   sync.Once
	struck chan struct{}
}

func (t *tap) Read(p []byte) (int, error) {
	if t.plan != nil && t.passed >= t.plan.after && !t.plan.flip {
		t.once.Do(func() { close(t.struck) })
		if t.plan.stall || t.plan.end {
			<-t.ctx.Done()
			return 0, t.ctx.Err()
		}
	}
	n, err := t.r.Read(p)
	if t.plan != nil && t.plan.flip && t.passed <= t.plan.after && t.plan.after < t.passed+int64(n) {
		p[t.plan.after-t.passed] ^= 1
	}
	t.passed += int64(n)
	t.count.Add(int64(n))
	return n, err
}

// muzzle passes output on until it is shut.
type muzzle struct {
	mu     sync.Mutex
	w      io.Writer
	closed bool
}

func (m *muzzle) Write(p []byte) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return len(p), nil
	}
	return m.w.Write(p)
}

func (m *muzzle) shut() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.closed = true
}

// failingSource fails to read from some byte on, as a disk does.
type failingSource struct {
	*bytes.Reader
	source
	from int64
}

var errDisk = errors.New("input/output error")

func (f *failingSource) Read(p []byte) (int, error) {
	at := f.Reader.Size() - int64(f.Reader.Len())
	if at >= f.from {
		return 0, errDisk
	}
	return f.Reader.Read(p[:min(int64(len(p)), f.from-at)])
}

func (f *failingSource) ReadAt(p []byte, off int64) (int, error) { return f.Reader.ReadAt(p, off) }
func (f *failingSource) Size() int64                             { return f.Reader.Size() }
