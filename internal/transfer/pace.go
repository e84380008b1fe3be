package transfer

import "time"

const (
	paceTick   = 250 * time.Millisecond
	firstLanes = 4
	// growth is what more lanes must bring, in percent, to be kept.
	growth = 15
	// warmUp passes before a number of lanes is judged: the new ones have to open and fill first.
	warmUp = 500 * time.Millisecond
	// trial and settled are how long a number of lanes is watched while it rises, and after.
	trial   = 1250 * time.Millisecond
	settled = 20 * time.Second
)

// pace finds the number of lanes: twice as many as long as that carries more, one step back when
// it does not, and another look every now and then. It has no clock of its own.
type pace struct {
	lanes int
	fixed bool
	// since is when the present number began; mark is what had been done when it was warm, at.
	since, at time.Duration
	mark      int64
	warm      bool
	// best is the rate of the number before; rising says that the present one is a trial.
	best   float64
	before int
	rising bool
}

func newPace(fixed int) *pace {
	if fixed > 0 {
		return &pace{lanes: fixed, fixed: true}
	}
	return &pace{lanes: firstLanes, rising: true}
}

// next returns how many lanes there should be, given what was done by now and how many streams
// broke since the last parcel arrived.
func (p *pace) next(now time.Duration, done int64, broken int) int {
	switch {
	case p.fixed:
		return p.lanes
	case broken > p.lanes:
		p.rising, p.best = false, 0
		return p.change(now, max(1, p.lanes/2))
	case !p.warm:
		// The start of the whole transfer is no measure: it begins with the first arrival.
		if now-p.since >= warmUp && done > 0 {
			p.warm, p.at, p.mark = true, now, done
		}
		return p.lanes
	case now-p.at < p.window() || done == p.mark:
		return p.lanes
	}
	return p.judge(now, float64(done-p.mark)/(now-p.at).Seconds())
}

// judge compares the rate of the present number of lanes with the one before.
func (p *pace) judge(now time.Duration, rate float64) int {
	switch {
	case p.rising && p.best > 0 && rate < p.best*(100+growth)/100:
		p.rising = false
		return p.change(now, p.before)
	case p.lanes == defaultMaxLanes:
		p.rising = false
		return p.change(now, p.lanes)
	}
	step := p.lanes
	if !p.rising {
		step = max(1, p.lanes/2)
	}
	p.best, p.before, p.rising = rate, p.lanes, true
	return p.change(now, min(p.lanes+step, defaultMaxLanes))
}

// window is how long one number of lanes is watched.
func (p *pace) window() time.Duration {
	if p.rising {
		return trial
	}
	return settled
}

func (p *pace) change(now time.Duration, lanes int) int {
	p.lanes, p.since, p.warm = lanes, now, false
	return lanes
}
