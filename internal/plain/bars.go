package plain

import (
	"time"

	"mastodon-restore/workflow"
)

// quiet is how long a bar may move without a word: one with a total speaks at every tenth anyway.
const (
	quietCounter = 30 * time.Second
	quietBar     = 5 * time.Minute
)

type barKey struct{ step, bar string }

// barTold is what was last said of a bar.
type barTold struct {
	at   time.Time
	done int64
	mark int64 // tenths
}

// progress tells the bars that have something new to say.
func (t *Text) progress(s workflow.Snapshot) {
	for _, v := range s.Steps {
		if told, _ := t.told.Step(v.ID); !t.begun[v.ID] || !told.Ended.IsZero() {
			continue
		}
		for _, p := range v.Progress {
			if t.worthTelling(barKey{v.ID, p.ID}, p, s.Updated) {
				t.bar(v.ID, p, s.Updated)
			}
		}
	}
}

func (t *Text) worthTelling(k barKey, p workflow.Progress, now time.Time) bool {
	last, known := t.bars[k]
	if !known {
		// The first sight of a bar starts its clock; a bar that is at zero has nothing to say.
		t.remember(k, barTold{at: now})
		last = t.bars[k]
	}
	switch {
	case p.Done == last.done:
		return false
	case p.Total > 0:
		return tenths(p) > last.mark || now.Sub(last.at) >= quietBar
	}
	return now.Sub(last.at) >= quietCounter
}

func (t *Text) bar(step string, p workflow.Progress, now time.Time) {
	t.remember(barKey{step, p.ID}, barTold{at: now, done: p.Done, mark: tenths(p)})
	text := t.place(step) + ": "
	if p.Label != "" {
		text += oneLine(p.Label) + " "
	}
	if p.Total > 0 {
		text += count(percent(p)) + " %, "
	}
	text += amount(p)
	if p.Now != "" {
		text += ", now " + oneLine(p.Now)
	}
	t.say("%s", sentence(text))
}

func (t *Text) remember(k barKey, b barTold) {
	if t.bars == nil {
		t.bars = map[barKey]barTold{}
	}
	t.bars[k] = b
}

// percent never says 100 before the end, and never more.
func percent(p workflow.Progress) int64 {
	if p.Done >= p.Total {
		return 100
	}
	return int64(float64(p.Done) / float64(p.Total) * 100)
}

func tenths(p workflow.Progress) int64 {
	if p.Total <= 0 {
		return 0
	}
	return percent(p) / 10
}
