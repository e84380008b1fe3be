package practice

import (
	"context"
	"io"
	"sync"
	"time"

	"mastodon-restore/internal/mastodon"
)

// pace is how fast things go: so that a person can read along, or as fast as they can.
type pace struct {
	web, other, utility time.Duration // until a pod is ready
	apart               time.Duration // between the pods of one workload
	stop                time.Duration // until a pod is gone
	look                time.Duration // between two looks of a wait
	line                time.Duration // between the objects of a long command
	boot                time.Duration // of a Rails process
	bytesPerSecond      float64       // into a pod, all streams together; 0: no limit
}

var (
	readable = pace{
		web: 5 * time.Second, other: 3 * time.Second, utility: 4 * time.Second, apart: 1500 * time.Millisecond,
		stop: 3 * time.Second, look: 250 * time.Millisecond, line: 60 * time.Millisecond, boot: time.Second,
		bytesPerSecond: 200 << 10,
	}
	fast = pace{
		web: 4 * time.Millisecond, other: 2 * time.Millisecond, utility: 4 * time.Millisecond, apart: time.Millisecond,
		stop: 3 * time.Millisecond, look: time.Millisecond,
	}
)

func paceOf(st *state) pace {
	p := readable
	if st.Fast {
		p = fast
	}
	if f := st.Fault; f != nil && f.Name == slowVolume && !f.Struck {
		p.bytesPerSecond = slowBytes
	}
	return p
}

func (p pace) start(c mastodon.Component) time.Duration {
	if c == mastodon.Web {
		return p.web
	}
	return p.other
}

// sleep waits, or returns early with ctx's error.
func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// valve lets so many bytes a second pass, over all the readers it throttles. What little a script
// says passes at once: only a stream's bytes behind its first ones are held up and counted.
type valve struct {
	mu   sync.Mutex
	free time.Time // when the bytes that have passed would have come through
}

const free = 4 << 10 // bytes of each stream

// pass waits until n more bytes may pass.
func (v *valve) pass(ctx context.Context, n int, perSecond float64) error {
	if perSecond <= 0 {
		return ctx.Err()
	}
	v.mu.Lock()
	now := time.Now()
	if v.free.Before(now) {
		v.free = now
	}
	v.free = v.free.Add(time.Duration(float64(n) / perSecond * float64(time.Second)))
	wait := v.free.Sub(now)
	v.mu.Unlock()
	return sleep(ctx, wait)
}

// throttled reads from in through the valve.
type throttled struct {
	ctx       context.Context
	in        io.Reader
	valve     *valve
	perSecond float64
	passed    int
	// count is told of the bytes behind the first ones; its error ends the stream.
	count func(n int) error
}

func (t *throttled) Read(p []byte) (int, error) {
	if t.perSecond > 0 {
		p = p[:min(len(p), 8<<10)]
	}
	n, err := t.in.Read(p)
	if n == 0 {
		return n, err
	}
	if t.passed += n; t.passed <= free {
		return n, err
	}
	if e := t.valve.pass(t.ctx, n, t.perSecond); e != nil {
		return 0, e
	}
	if e := t.count(n); e != nil {
		return 0, e
	}
	return n, err
}
