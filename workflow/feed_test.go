package workflow_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	. "mastodon-restore/workflow"
)

const ring = 4000 // lines a feed keeps, as its comment says

func logLine(n int) Event {
	return Event{Type: EventLog, Time: at(n), Step: "files", Message: fmt.Sprint("line ", n)}
}

func TestAFeedKeepsTheLastLines(t *testing.T) {
	tests := map[string]struct {
		observed    int
		from        int64
		limit       int
		first, last int // line numbers; first > last means none
	}{
		"none from an empty log":                        {first: 1, last: 0},
		"all of a short one":                            {observed: 3, first: 0, last: 2},
		"those from a number on":                        {observed: 10, from: 7, first: 7, last: 9},
		"none when everything was read":                 {observed: 10, from: 10, first: 1, last: 0},
		"none from a number that is not there yet":      {observed: 10, from: 99, first: 1, last: 0},
		"the last few":                                  {observed: 10, limit: 4, first: 6, last: 9},
		"fewer than the limit from a number on":         {observed: 10, from: 8, limit: 4, first: 8, last: 9},
		"all that fit exactly":                          {observed: ring, first: 0, last: ring - 1},
		"without the one that was overwritten":          {observed: ring + 1, first: 1, last: ring},
		"without those overwritten after many laps":     {observed: 3*ring + 17, first: 2*ring + 17, last: 3*ring + 16},
		"the last few after many laps":                  {observed: 3*ring + 17, limit: 2, first: 3*ring + 15, last: 3*ring + 16},
		"no more than there are, whatever the limit":    {observed: ring + 100, limit: ring + 50, first: 100, last: ring + 99},
		"those a slow reader missed are skipped":        {observed: ring + 100, from: 50, first: 100, last: ring + 99},
		"those from a number on, across the ring's end": {observed: ring + 10, from: ring - 5, first: ring - 5, last: ring + 9},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var f Feed
			for n := range test.observed {
				f.Observe(logLine(n))
			}
			lines, next := f.Lines(test.from, test.limit)
			require.EqualValues(t, test.observed, next)
			require.Len(t, lines, test.last-test.first+1)
			for i, l := range lines {
				require.EqualValues(t, test.first+i, l.Seq)
				require.Equal(t, fmt.Sprint("line ", l.Seq), l.Text)
				require.Equal(t, at(int(l.Seq)), l.Time)
			}
		})
	}
}

func TestAFeedGivesEveryFactOnceAndInOrder(t *testing.T) {
	var f Feed
	f.Observe(begun())
	f.Observe(logLine(0))
	f.Observe(stepAt(1, "files", StatusChecking))
	f.Observe(Event{Type: EventProgress, Step: "files", Progress: &Progress{}})

	first, next := f.Events(0)
	require.Len(t, first, 2, "log and progress are sampled, not listed")
	require.Equal(t, 2, next)

	f.Observe(Event{Type: EventCheck, Step: "files", Check: &Check{}})
	f.Observe(Event{Type: EventQuestion, Question: &Question{}})
	second, next := f.Events(next)
	require.Equal(t, []EventType{EventCheck, EventQuestion}, []EventType{second[0].Type, second[1].Type})
	rest, same := f.Events(next)
	require.Empty(t, rest)
	require.Equal(t, next, same)
	beyond, _ := f.Events(99)
	require.Empty(t, beyond)
}

func TestASlowReaderIsWokenOnceAndMissesNoFact(t *testing.T) {
	var f Feed
	changed, stop := f.Changed()
	<-changed // a new reader looks once
	for n := range 100 {
		f.Observe(stepAt(n, "files", StatusRunning))
	}
	<-changed
	require.Empty(t, changed, "a hundred changes, one waking")
	events, _ := f.Events(0)
	require.Len(t, events, 100)

	stop()
	f.Observe(begun())
	require.Empty(t, changed, "who has stopped is not woken")
}

func TestReadersNeverLoseTheLastChange(t *testing.T) {
	const events = 2000
	var f Feed
	f.Observe(begun())
	var wg sync.WaitGroup
	for range 3 {
		changed, stop := f.Changed()
		wg.Go(func() {
			defer stop()
			seen, next := 0, 0
			for range changed {
				var news []Event
				news, next = f.Events(next)
				seen += len(news)
				_ = f.Snapshot().Steps[0].Progress
				if f.Snapshot().Exit != nil && next == events+2 {
					break
				}
			}
			if seen != events+2 {
				t.Errorf("saw %d of %d events", seen, events+2)
			}
		})
	}
	for n := range events {
		f.Observe(Event{Type: EventCheck, Step: "files", Check: &Check{ID: "space", Evidence: fmt.Sprint(n)}})
		f.Observe(Event{Type: EventProgress, Step: "files", Progress: &Progress{ID: "bytes", Done: int64(n)}})
		f.Observe(logLine(n))
	}
	f.Observe(Event{Type: EventExit, Exit: &ExitStatus{}})
	wg.Wait()
}
