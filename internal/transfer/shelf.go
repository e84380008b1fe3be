package transfer

import (
	"context"
	"sync"
)

// shelf is the queue between the one who cuts parcels and the lanes that carry them. Parcels that
// come back from a broken lane go first. It holds back a join until its pieces have arrived.
type shelf struct {
	mu    sync.Mutex
	moved *sync.Cond
	ready []*parcel
	held  []*parcel
	// out counts parcels that lanes carry, hungry the lanes that wait for one.
	out, hungry int
	closed      bool
}

func newShelf() *shelf {
	s := &shelf{}
	s.moved = sync.NewCond(&s.mu)
	return s
}

func (s *shelf) put(p *parcel) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p.kind == join && p.whole.Load() > 0 {
		s.held = append(s.held, p)
	} else {
		s.ready = append(s.ready, p)
	}
	s.moved.Broadcast()
}

// take waits for a parcel. It returns nil when there will be none any more, or ctx has ended.
func (s *shelf) take(ctx context.Context) *parcel {
	defer context.AfterFunc(ctx, s.wake)()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hungry++
	defer func() { s.hungry-- }()
	for len(s.ready) == 0 {
		if ctx.Err() != nil || s.closed && s.empty() {
			return nil
		}
		s.moved.Wait()
	}
	if ctx.Err() != nil {
		return nil
	}
	return s.first()
}

// spare returns a parcel that no waiting lane needs, or nil.
func (s *shelf) spare() *parcel {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.ready) <= s.hungry {
		return nil
	}
	return s.first()
}

func (s *shelf) first() *parcel {
	p := s.ready[0]
	s.ready = s.ready[1:]
	s.out++
	return p
}

// done takes note that a parcel has arrived.
func (s *shelf) done(p *parcel) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.out--
	s.pieceDone(p)
	s.moved.Broadcast()
}

// skip takes note of a piece that had arrived in an earlier run.
func (s *shelf) skip(p *parcel) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pieceDone(p)
}

func (s *shelf) pieceDone(p *parcel) {
	if p.kind != place || p.whole.Add(-1) > 0 {
		return
	}
	for i, j := range s.held {
		if j.whole == p.whole {
			s.held = append(s.held[:i], s.held[i+1:]...)
			s.ready = append(s.ready, j)
			return
		}
	}
}

// back returns parcels that a lane could not deliver.
func (s *shelf) back(parcels []*parcel) {
	if len(parcels) == 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.out -= len(parcels)
	s.ready = append(append([]*parcel(nil), parcels...), s.ready...)
	s.moved.Broadcast()
}

// idle waits until everything put so far has arrived.
func (s *shelf) idle(ctx context.Context) error {
	defer context.AfterFunc(ctx, s.wake)()
	s.mu.Lock()
	defer s.mu.Unlock()
	for !s.empty() && ctx.Err() == nil {
		s.moved.Wait()
	}
	return ctx.Err()
}

// close says that nothing more will be put.
func (s *shelf) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	s.moved.Broadcast()
}

// over says whether nothing is left to carry, now and later.
func (s *shelf) over() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closed && s.empty()
}

// clear throws away everything that no lane carries.
func (s *shelf) clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range append(s.ready, s.held...) {
		p.release()
	}
	s.ready, s.held = nil, nil
	s.moved.Broadcast()
}

func (s *shelf) empty() bool { return len(s.ready)+len(s.held)+s.out == 0 }

func (s *shelf) wake() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.moved.Broadcast()
}
