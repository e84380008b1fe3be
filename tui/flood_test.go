package tui

import (
	"io"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"mastodon-restore/workflow"
)

// BenchmarkKeyWhileLogging is a key pressed while 100,000 lines arrive at once: what the run says
// costs the face one batch a frame, so a key waits for one frame at most.
func BenchmarkKeyWhileLogging(b *testing.B) {
	for _, bench := range []struct{ name, key string }{{"panel", " "}, {"full-screen", "l"}} {
		b.Run(bench.name, func(b *testing.B) {
			feed := &workflow.Feed{}
			s := atDatabase()
			m := newModel(Options{Feed: feed, Desk: workflow.NewDesk(), Out: io.Discard})
			m.watch = watchFeed(b.Context(), feed)
			m.Update(tea.WindowSizeMsg{Width: 120, Height: 40})
			key := tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune(bench.key)}
			var all, worst time.Duration
			keys := 0
			for b.Loop() {
				flood := make(chan struct{})
				go func() {
					defer close(flood)
					for range 100_000 {
						feed.Observe(workflow.Event{Type: workflow.EventLog, Time: s.now, Message: "pg_restore: processing data for table \"public.statuses\""})
					}
				}()
				for flowing := true; flowing; {
					began := time.Now()
					f := m.watch.read()
					f.shot = s.shot
					m.Update(f)
					m.View()
					m.Update(key)
					m.View()
					took := time.Since(began)
					all, worst = all+took, max(worst, took)
					keys++
					select {
					case <-flood:
						flowing = false
					default:
					}
				}
			}
			b.ReportMetric(all.Seconds()*1000/float64(keys), "ms/key")
			b.ReportMetric(worst.Seconds()*1000, "worst-ms/key")
		})
	}
}
