package tui

import (
	"context"
	"fmt"
	"runtime/debug"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"mastodon-restore/workflow"
)

const (
	// framesPerSecond bounds how often the terminal is written to.
	framesPerSecond = 30
	// frameEvery bounds how often the feed is read: often enough to look alive, seldom enough
	// that a flood of log lines costs one batch a frame.
	frameEvery = 65 * time.Millisecond
)

// frame is everything new since the last one.
type frame struct {
	shot   workflow.Snapshot
	lines  []workflow.Line
	events []workflow.Event
}

// fault is a panic in one of our own commands.
type fault struct{ err error }

// watcher reads the feed. Only one of its waits runs at a time, so its fields need no lock.
type watcher struct {
	feed    *workflow.Feed
	done    <-chan struct{}
	changed <-chan struct{}
	stop    func()
	line    int64
	event   int
	last    time.Time
}

func watchFeed(ctx context.Context, feed *workflow.Feed) *watcher {
	w := &watcher{feed: feed, done: ctx.Done()}
	w.changed, w.stop = feed.Changed()
	return w
}

// wait returns the next frame: at once when the last one is long ago, else after the rest of the
// pause. It is nil when the program ends.
func (w *watcher) wait() (msg tea.Msg) {
	defer func() {
		if p := recover(); p != nil {
			msg = fault{fmt.Errorf("internal error: %v\n%s", p, debug.Stack())}
		}
	}()
	select {
	case <-w.done:
		return nil
	case <-w.changed:
	}
	if rest := frameEvery - time.Since(w.last); rest > 0 {
		select {
		case <-w.done:
			return nil
		case <-time.After(rest):
		}
	}
	w.last = time.Now()
	return w.read()
}

// read takes the events before the snapshot: whoever sees that a question was answered then also
// sees what came after it.
func (w *watcher) read() frame {
	var f frame
	f.events, w.event = w.feed.Events(w.event)
	f.shot = w.feed.Snapshot()
	f.lines, w.line = w.feed.Lines(w.line, logLines)
	return f
}
