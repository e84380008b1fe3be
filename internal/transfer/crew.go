package transfer

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"mastodon-restore/internal/remote"
)

const (
	// refusals is how often the far side may refuse one parcel.
	refusals       = 3
	longestBackoff = 15 * time.Second
)

// crew runs the lanes of one pass. Its fields up to the first blank line do not change.
type crew struct {
	opt      Options
	dir      string
	key      string
	tarFlags []string
	digest   digesting
	shelf    *shelf
	bucket   *bucket
	ledger   Ledger
	started  time.Time

	sent, again atomic.Int64
	// wanted is how many lanes there should be.
	wanted atomic.Int64

	mu       sync.Mutex
	place    remote.Place
	placed   tally
	parcels  int
	open     int
	mostOpen int
	restarts int
	notes    []string
	note     string
	// arrival is when a parcel arrived last; failures counts broken streams since.
	arrival  time.Duration
	failures int
	// differing collects the names that a check found wrong.
	differing []string
	checked   int64
}

func (c *crew) clock() time.Duration { return time.Since(c.started) }

func (c *crew) where() remote.Place {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.place
}

func (c *crew) surplus(n int) bool { return int64(n) >= c.wanted.Load() }

func (c *crew) opened(by int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.open += by
	c.mostOpen = max(c.mostOpen, c.open)
}

// run carries everything on the shelf; it returns when the shelf is over, or at the first error
// that another try would not mend.
func (c *crew) run(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var lanes sync.WaitGroup
	running := map[int]bool{}
	finished := make(chan int)
	pace := newPace(c.opt.Lanes)
	c.wanted.Store(int64(pace.lanes))
	tick := time.NewTicker(paceTick)
	defer tick.Stop()
	for {
		for n := range int(c.wanted.Load()) {
			if running[n] || ctx.Err() != nil || c.shelf.over() {
				continue
			}
			running[n] = true
			lanes.Go(func() {
				if err := c.work(ctx, n); err != nil {
					cancel(err)
				}
				finished <- n
			})
		}
		if len(running) == 0 {
			return context.Cause(ctx)
		}
		select {
		case n := <-finished:
			delete(running, n)
		case <-tick.C:
			c.wanted.Store(int64(pace.next(c.clock(), c.work64(), c.brokenLately())))
		}
	}
}

// work64 is what has been done so far, in one number: a file costs as much as so many bytes.
func (c *crew) work64() int64 {
	const fileCost = 16 << 10
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.placed.bytes + fileCost*c.placed.entries
}

func (c *crew) brokenLately() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.failures
}

// work keeps one lane open until it is not needed. Its error is final for all lanes.
func (c *crew) work(ctx context.Context, n int) error {
	l := &lane{crew: c, n: n}
	wait := c.opt.backoff
	for !c.surplus(n) && !c.shelf.over() {
		before := c.arrivals()
		err := l.carry(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if err == nil {
			continue
		}
		if err := c.judge(err); err != nil {
			return err
		}
		if c.arrivals() != before {
			wait = c.opt.backoff
		}
		if !pause(ctx, wait) {
			return nil
		}
		wait = min(2*wait, longestBackoff)
	}
	return nil
}

func (c *crew) arrivals() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.parcels
}

func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// judge returns nil if the parcels of a broken lane are worth another try.
func (c *crew) judge(err error) error {
	var refused *refusedError
	var broken *brokenError
	switch {
	case errors.As(err, &refused):
		return c.judgeRefusal(refused)
	case !errors.As(err, &broken):
		return err
	case c.opt.Gone != nil && c.opt.Gone(broken.err):
		return fmt.Errorf("send to %s: %w", c.where(), broken.err)
	}
	c.mu.Lock()
	c.restarts++
	c.failures++
	quiet, failures := c.clock()-c.arrival, c.failures
	c.mu.Unlock()
	c.say("lane opened again: " + broken.Error())
	// A suspended machine finds its patience gone on waking, so that takes several failures too.
	if quiet > c.opt.Patience && failures > 2 {
		return &StalledError{Place: c.where().String(), For: quiet, Err: broken}
	}
	return nil
}

func (c *crew) judgeRefusal(r *refusedError) error {
	said := strings.Join(r.answer.said, "\n")
	switch {
	case saysFull(said):
		return &VolumeFullError{Place: c.where().String(), Dir: c.dir, Said: clean(r.answer.said, 5)}
	case r.parcel.kind == join && r.answer.code == 0:
		return &joinError{part: r.parcel.words[1]}
	case r.parcel.tries >= refusals:
		return &UnpackError{Place: c.where().String(), Dir: c.dir, Code: r.answer.code, Said: clean(r.answer.said, 5)}
	}
	c.mu.Lock()
	c.restarts++
	c.mu.Unlock()
	c.say(r.Error())
	return nil
}

// joinError says that a part file is not what its pieces were: somebody else wrote to it, or the
// ledger tells of pieces that are gone.
type joinError struct{ part string }

func (e *joinError) Error() string {
	return fmt.Sprintf("part file %s differs from what was sent", e.part)
}

// saysFull recognises the far side's words for a full volume; its locale is C. GNU tar says of a
// write that had room for its beginning only how much of it was written.
func saysFull(said string) bool {
	for _, words := range []string{"No space left on device", "Disk quota exceeded", "Wrote only "} {
		if strings.Contains(said, words) {
			return true
		}
	}
	return false
}

// arrived records a parcel. It is on the disk before it counts.
func (c *crew) arrived(p *parcel, a answer) error {
	if p.kind != check {
		if err := c.ledger.Record(p.id, p.receipt()); err != nil {
			return err
		}
	}
	c.count(p)
	if p.kind == check {
		c.compare(p, a)
	}
	return nil
}

func (c *crew) count(p *parcel) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.placed.add(p.tally)
	c.parcels++
	c.arrival = c.clock()
	c.failures = 0
}

// compare reads what the digest's command had to say; equal files are not in it.
func (c *crew) compare(p *parcel, a answer) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.checked += p.entries
	for _, line := range a.said {
		if name, bad := failedName(line); bad {
			c.differing = append(c.differing, name)
		}
	}
}

// say keeps a sentence for the report and the screen.
func (c *crew) say(note string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.note = note
	if len(c.notes) < listed {
		c.notes = append(c.notes, note)
	}
}
