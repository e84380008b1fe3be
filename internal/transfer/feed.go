package transfer

import (
	"context"
	"errors"
	"io"
	"strings"
	"sync"
)

var errAborted = errors.New("the lane was closed")

// feed is a lane's standard input. Whenever there is enough it fills the whole of what it is asked
// for, since client-go makes a frame of every read.
type feed struct {
	ctx    context.Context
	bucket *bucket
	// took is told of all bytes the transport has taken.
	took func(n int)

	mu     sync.Mutex
	pushed *sync.Cond
	queue  []segment
	held   bool
	closed bool
	failed error
}

// segment is a header line, then a payload.
type segment struct {
	header []byte
	body   *payload
	off    int64
}

func newFeed(ctx context.Context, b *bucket, took func(int)) *feed {
	f := &feed{ctx: ctx, bucket: b, took: took, held: true}
	f.pushed = sync.NewCond(&f.mu)
	return f
}

// push appends a parcel. Its header takes a whole block, so that a transport which waits for full
// blocks never holds back a parcel's end while we wait for the answer.
func (f *feed) push(header string, body *payload) {
	header += strings.Repeat("\n", max(1, blockBytes-len(header)))
	f.mu.Lock()
	defer f.mu.Unlock()
	f.queue = append(f.queue, segment{header: []byte(header), body: body})
	f.pushed.Signal()
}

// start lets go of what was pushed. Before the far side is there, buffers on the way would take
// megabytes that nobody may ever read.
func (f *feed) start() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.held = false
	f.pushed.Signal()
}

// close ends the input behind what was pushed.
func (f *feed) close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed = true
	f.pushed.Signal()
}

// abort ends the input now; when it returns, no payload is touched any more.
func (f *feed) abort() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.failed, f.queue = errAborted, nil
	f.pushed.Signal()
}

func (f *feed) Read(p []byte) (int, error) {
	n, err := f.fill(p[:min(len(p), blockBytes)])
	if err != nil {
		return n, err
	}
	if err := f.bucket.take(f.ctx, n); err != nil {
		return 0, err
	}
	f.took(n)
	return n, nil
}

func (f *feed) fill(p []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for f.held || len(f.queue) == 0 {
		switch {
		case f.failed != nil:
			return 0, f.failed
		case f.closed && len(f.queue) == 0:
			return 0, io.EOF
		}
		f.pushed.Wait()
	}
	n := 0
	for n < len(p) && len(f.queue) > 0 {
		s := &f.queue[0]
		n += s.copy(p[n:])
		if s.spent() {
			f.queue = f.queue[1:]
		}
	}
	return n, nil
}

func (s *segment) copy(p []byte) int {
	if len(s.header) > 0 {
		n := copy(p, s.header)
		s.header = s.header[n:]
		return n
	}
	n := copy(p, s.body.from(s.off))
	s.off += int64(n)
	return n
}

func (s *segment) spent() bool {
	return len(s.header) == 0 && (s.body == nil || s.off == s.body.n)
}
