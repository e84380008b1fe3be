package workflow

import (
	"slices"
	"sync"
	"time"
)

// Line is one line of the live log.
type Line struct {
	Seq      int64     `json:"seq"`
	Time     time.Time `json:"time"`
	Step     string    `json:"step"`
	Severity Severity  `json:"severity,omitempty"`
	Text     string    `json:"text"`
}

// Feed keeps what renderers read: the newest snapshot, the durable events in order, and the last
// lines of the log. Observe never waits for a reader.
type Feed struct {
	mu       sync.Mutex
	snapshot Snapshot
	events   []Event
	ring     []Line
	next     int64 // Seq of the next line
	changed  []chan struct{}
}

// ringSize is how many log lines a feed keeps; the log file has them all.
const ringSize = 4000

// Observe folds e in and wakes the readers.
func (f *Feed) Observe(e Event) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if e.Type == EventLog {
		f.push(Line{Time: e.Time, Step: e.Step, Severity: e.Severity, Text: e.Message})
	} else {
		f.snapshot = f.snapshot.Apply(e)
	}
	if e.Type.Durable() || e.Type == EventCheck || e.Type == EventQuestion {
		f.events = append(f.events, e)
	}
	for _, c := range f.changed {
		select {
		case c <- struct{}{}:
		default: // a wake-up is waiting already
		}
	}
}

func (f *Feed) push(l Line) {
	l.Seq = f.next
	f.next++
	if len(f.ring) < ringSize {
		f.ring = append(f.ring, l)
		return
	}
	f.ring[l.Seq%ringSize] = l
}

// Snapshot returns the newest snapshot.
func (f *Feed) Snapshot() Snapshot {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.snapshot
}

// Events returns what happened from number from on, log and progress left out, and the number
// to ask for next.
func (f *Feed) Events(from int) ([]Event, int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.events[min(from, len(f.events)):]), len(f.events)
}

// Lines returns the log lines with Seq >= from that the feed still has, at most the last limit
// ones (0: all), and the Seq to ask for next. A first line with a higher Seq than from means that
// lines between are in the log file only.
func (f *Feed) Lines(from int64, limit int) ([]Line, int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	oldest := f.next - int64(len(f.ring))
	if limit > 0 {
		oldest = max(oldest, f.next-int64(limit))
	}
	lines := make([]Line, 0, max(0, f.next-max(from, oldest)))
	for seq := max(from, oldest); seq < f.next; seq++ {
		lines = append(lines, f.ring[seq%ringSize])
	}
	return lines, f.next
}

// Changed returns a channel that has something in it whenever the feed changed since it was last
// read, and a function to stop that.
func (f *Feed) Changed() (<-chan struct{}, func()) {
	c := make(chan struct{}, 1)
	c <- struct{}{}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.changed = append(f.changed, c)
	return c, func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.changed = slices.DeleteFunc(f.changed, func(o chan struct{}) bool { return o == c })
	}
}
