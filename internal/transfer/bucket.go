package transfer

import (
	"context"
	"sync"
	"time"
)

// bucket limits the bytes of all lanes together. A nil bucket limits nothing.
type bucket struct {
	perSecond int64
	mu        sync.Mutex
	// free is when the next byte may go.
	free time.Time
}

func newBucket(perSecond int64) *bucket {
	if perSecond <= 0 {
		return nil
	}
	return &bucket{perSecond: perSecond}
}

// take waits until n more bytes may go. A pause saves up a tenth of a second, not more.
func (b *bucket) take(ctx context.Context, n int) error {
	if b == nil {
		return nil
	}
	wait := b.reserve(time.Now(), n)
	if wait <= 0 {
		return nil
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (b *bucket) reserve(now time.Time, n int) time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	if saved := now.Add(-100 * time.Millisecond); b.free.Before(saved) {
		b.free = saved
	}
	b.free = b.free.Add(time.Duration(int64(n) * int64(time.Second) / b.perSecond))
	return b.free.Sub(now)
}
