package transfer

import "time"

const (
	paceTick   = 250 * time.Millisecond
	firstLanes = 4
	// growth is what more lanes must bring, in percent, to be kept.
	growth = 15
	// settled is how long a number of lanes is kept before another is tried.
	settled = 20 * time.Second
)

// pace finds the number of lanes: twice as many as long as that carries more, one step back when
// it does not, and another look every now and then. It has no clock of its own.
type pace struct {
	lanes int
	fixed bool
	// since and mark are when the present number began, and what had been done then.
	since time.Duration
	mark  int64
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
	if p.fixed {
		return p.lanes
	}
	if broken > p.lanes {
		p.change(now, done, max(1, p.lanes/2))
		p.rising, p.best = false, 0
		return p.lanes
	}
	took := now - p.since
	if took < p.window() || done == p.mark {
		return p.lanes
	}
	rate := float64(done-p.mark) / took.Seconds()
	switch {
	case p.rising && (p.best == 0 || rate > p.best*(100+growth)/100):
		p.best, p.before = rate, p.lanes
		if p.lanes == defaultMaxLanes {
			p.rising = false
		}
		p.change(now, done, min(2*p.lanes, defaultMaxLanes))
	case p.rising:
		p.rising = false
		p.change(now, done, p.before)
	default:
		p.best, p.before, p.rising = rate, p.lanes, p.lanes < defaultMaxLanes
		p.change(now, done, min(p.lanes+max(1, p.lanes/2), defaultMaxLanes))
	}
	return p.lanes
}

// window is how long one number of lanes is watched.
func (p *pace) window() time.Duration {
	if p.rising {
		return time.Second
	}
	return settled
}

func (p *pace) change(now time.Duration, done int64, lanes int) {
	p.lanes, p.since, p.mark = lanes, now, done
}
