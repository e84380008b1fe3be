package plain

import (
	"context"
	"time"

	"mastodon-restore/workflow"
)

const (
	// pace is the shortest time between two looks at the feed, so that a busy log costs little.
	pace = 50 * time.Millisecond
	// heartbeat is the longest: a sampled bar shows its last value although nothing follows.
	heartbeat = 500 * time.Millisecond
)

// follow calls look whenever the feed changed, until look says that the run has ended or fails.
// When ctx is done it looks once more and returns ctx's error.
func follow(ctx context.Context, feed *workflow.Feed, look func() (ended bool, err error)) error {
	changed, stop := feed.Changed()
	defer stop()
	tick := time.NewTicker(heartbeat)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
		case <-changed:
		case <-tick.C:
		}
		if ended, err := look(); ended || err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
		case <-time.After(pace):
		}
	}
}

// cursor remembers how far a face has read a feed.
type cursor struct {
	event int
	line  int64
}

// item is one event or one log line, in the order they happened.
type item struct {
	event workflow.Event
	// old says that the event was in the journal before this process began.
	old bool
	// missed is how many lines before this one are in the log file only.
	missed int64
}

// news returns what happened since the last call; events before number from are old.
func (c *cursor) news(feed *workflow.Feed, from int) []item {
	// Events first: when they hold the exit, every line before it is in Lines.
	events, nextEvent := feed.Events(c.event)
	lines, nextLine := feed.Lines(c.line, 0)
	var items []item
	for i, e := range events {
		old := c.event+i < from
		for len(lines) > 0 && !old && (e.Type == workflow.EventExit || lines[0].Time.Before(e.Time)) {
			items = append(items, c.lineItem(lines[0]))
			lines = lines[1:]
		}
		items = append(items, item{event: e, old: old})
	}
	for _, l := range lines {
		items = append(items, c.lineItem(l))
	}
	c.event, c.line = nextEvent, nextLine
	return items
}

func (c *cursor) lineItem(l workflow.Line) item {
	missed := l.Seq - c.line
	c.line = l.Seq + 1
	return item{missed: missed, event: workflow.Event{
		Type: workflow.EventLog, Time: l.Time, Step: l.Step, Severity: l.Severity, Message: l.Text,
	}}
}
