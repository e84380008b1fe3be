package transfer

import (
	"fmt"

	"mastodon-restore/internal/remote"
)

// cutsToChange broken streams on one parcel ask the place for its other transport.
const cutsToChange = 2

// twoWays is a place that can be reached over two transports.
type twoWays interface {
	// Bulk is the place over the one that suits much data, Other over the one not in use now.
	Bulk() remote.Place
	Other() remote.Place
	Transport() string
}

// forBulk is the place as the lanes use it at first.
func forBulk(p remote.Place) remote.Place {
	if both, ok := p.(twoWays); ok {
		return both.Bulk()
	}
	return p
}

// cut takes note that a stream over place broke with p under way, and changes the transport if it
// did twice, unless another lane has done so.
func (c *crew) cut(p *parcel, place remote.Place) {
	p.cuts++
	both, ok := place.(twoWays)
	if p.cuts < cutsToChange || !ok {
		return
	}
	p.cuts = 0
	next := both.Other()
	c.mu.Lock()
	first := c.place == place
	if first {
		c.place = next
	}
	c.mu.Unlock()
	if over, ok := next.(twoWays); ok && first {
		c.say(fmt.Sprintf("%s broke twice at the same parcel; going on over %s", both.Transport(), over.Transport()))
	}
}
