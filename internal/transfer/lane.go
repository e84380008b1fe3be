package transfer

import (
	"context"
	"crypto/rand"
	_ "embed" // the far side's script
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"mastodon-restore/internal/remote"
)

//go:embed lane.sh
var laneScript string

// inFlight is how many parcels a lane has under way: one that is being unpacked, one that fills
// the pipe behind it.
const inFlight = 2

var (
	errStalled = errors.New("no sign of life")
	errDamaged = errors.New("what arrived is not what was sent")
)

// brokenError says that a lane ended with parcels of unknown fate.
type brokenError struct {
	err  error
	said []string
}

func (e *brokenError) Error() string {
	if len(e.said) > 0 {
		return fmt.Sprintf("%v: %s", e.err, clean(e.said, 3))
	}
	return e.err.Error()
}

func (e *brokenError) Unwrap() error { return e.err }

// refusedError is the far side's word that a parcel could not be placed.
type refusedError struct {
	parcel *parcel
	answer answer
}

func (e *refusedError) Error() string {
	return fmt.Sprintf("parcel %s refused with exit code %d: %s", e.parcel.id, e.answer.code, clean(e.answer.said, 3))
}

// lane is one stream after another to the far side; its goroutine is its only user.
type lane struct {
	crew *crew
	n    int
	// tag marks the stream's processes over there.
	tag    string
	place  remote.Place
	flight []*parcel
	feed   *feed
	talk   *talk
	life   atomic.Int64
}

// carry opens a stream and carries parcels until there are none, the lane is not wanted any more,
// or the stream breaks. What was under way then is back on the shelf.
func (l *lane) carry(ctx context.Context) error {
	first := l.crew.shelf.take(ctx)
	if first == nil {
		return ctx.Err()
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	broken := l.tag
	nonce := newNonce()
	l.tag = l.crew.key + "." + nonce
	l.place = l.crew.where()
	l.feed = newFeed(ctx, l.crew.bucket, l.took)
	l.talk = newTalk(nonce, l.sign)
	l.sign()
	l.load(first)

	alive, dead := context.WithCancel(ctx)
	defer dead()
	ended, over := make(chan error, 1), make(chan struct{})
	go func() {
		defer close(over)
		defer dead()
		ended <- l.place.Exec(ctx, l.argv(nonce, broken), remote.Streams{In: l.feed, Out: l.talk, Err: l.talk})
	}()
	l.crew.opened(1)
	defer l.crew.opened(-1)
	err := l.converse(ctx, alive, ended)
	l.feed.abort()
	cancel()
	<-over
	l.giveBack(err)
	if err == nil {
		l.tag = ""
	}
	return err
}

func (l *lane) giveBack(err error) {
	var broken *brokenError
	if len(l.flight) > 0 && errors.As(err, &broken) {
		l.crew.cut(l.flight[0], l.place)
	}
	l.crew.shelf.back(l.flight)
	l.flight = nil
}

func (l *lane) argv(nonce, broken string) []string {
	if broken == "" {
		broken = "-"
	}
	var argv []string
	if n := l.crew.opt.Nice; n > 0 {
		argv = append(argv, "nice", "-n", strconv.Itoa(n))
	}
	argv = append(argv, "env", laneVariable+"="+l.tag, "sh", "-c", laneScript, "mastodon-restore", nonce, l.crew.dir, sentName(l.crew.key), broken, l.crew.digest.command)
	return append(argv, l.crew.tarFlags...)
}

// laneVariable marks the far side's processes in their environment.
const laneVariable = "MASTODON_RESTORE_LANE"

func (l *lane) converse(ctx, alive context.Context, ended <-chan error) error {
	tick := time.NewTicker(max(time.Millisecond, min(l.crew.opt.StallAfter/8, 100*time.Millisecond)))
	defer tick.Stop()
	for {
		if len(l.flight) == 0 {
			p := l.nextParcel(alive)
			if p == nil {
				return l.leave(ctx, ended)
			}
			l.load(p)
		}
		for len(l.flight) < inFlight && !l.crew.surplus(l.n) {
			p := l.crew.shelf.spare()
			if p == nil {
				break
			}
			l.load(p)
		}
		select {
		case a := <-l.talk.answers:
			if err := l.settle(a); err != nil {
				return err
			}
		case err := <-ended:
			return l.broken(ctx, err)
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
			if l.crew.clock()-time.Duration(l.life.Load()) > l.crew.opt.StallAfter {
				return &brokenError{err: errStalled, said: l.talk.last()}
			}
		}
	}
}

// nextParcel waits for work, unless this lane is one too many by now.
func (l *lane) nextParcel(alive context.Context) *parcel {
	if l.crew.surplus(l.n) {
		return nil
	}
	p := l.crew.shelf.take(alive)
	l.sign()
	return p
}

// leave ends a stream that has nothing under way; its end matters no more.
func (l *lane) leave(ctx context.Context, ended <-chan error) error {
	l.feed.push("bye", nil)
	l.feed.close()
	grace := time.NewTimer(5 * time.Second)
	defer grace.Stop()
	select {
	case <-ended: //nolint:errcheck // the lane is being let go of
	case <-grace.C:
	case <-ctx.Done():
	}
	return ctx.Err()
}

// broken settles what the far side still said, then tells why the rest is unknown.
func (l *lane) broken(ctx context.Context, err error) error {
	for {
		select {
		case a := <-l.talk.answers:
			if err := l.settle(a); err != nil {
				return err
			}
			continue
		default:
		}
		break
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err == nil {
		err = remote.ErrUnknown
	}
	return &brokenError{err: err, said: l.talk.last()}
}

func (l *lane) load(p *parcel) {
	header := fmt.Sprintf("%s %s %d %s %s", p.kind, p.id, p.blocks(), p.digest, strings.Join(p.words, " "))
	if p.sent > 0 {
		l.crew.again.Add(p.n)
	}
	p.sent++
	l.flight = append(l.flight, p)
	l.feed.push(header, &p.payload)
}

// settle compares the far side's answer with what was sent.
func (l *lane) settle(a answer) error {
	switch {
	case a.word == "ready":
		l.feed.start()
		return nil
	case a.word == "stuck":
		return &brokenError{err: errors.New("processes of the broken lane cannot be ended"), said: a.said}
	case a.word != "end" || len(l.flight) == 0 || a.id != l.flight[0].id:
		return &brokenError{err: errors.New("the far side lost its place"), said: a.said}
	}
	p := l.flight[0]
	if !p.arrived(a) {
		if p.damaged(a) {
			return &brokenError{err: errDamaged, said: a.said}
		}
		p.tries++
		return &refusedError{parcel: p, answer: a}
	}
	if err := l.crew.arrived(p, a); err != nil {
		return err
	}
	l.flight = l.flight[1:]
	l.crew.shelf.done(p)
	p.release()
	return nil
}

// arrived says whether the far side has what we sent, all of it, in its place.
func (p *parcel) arrived(a answer) bool {
	switch p.kind {
	case join:
		return a.code == 0 && a.digest == p.digest
	case check:
		return a.bytes == p.n && a.digest == p.digest && a.code >= 0
	case unpack:
		return a.code == 0 && a.bytes == p.n && a.digest == p.digest && a.entries == p.entries
	}
	return a.code == 0 && a.bytes == p.n && a.digest == p.digest
}

// damaged says that what arrived is not what was sent, so that tar's opinion of it is worth
// nothing. A full volume may look the same: tar ends before it has read everything.
func (p *parcel) damaged(a answer) bool {
	return p.kind != join && a.digest != p.digest && !saysFull(strings.Join(a.said, "\n"))
}

func (l *lane) sign() { l.life.Store(int64(l.crew.clock())) }

func (l *lane) took(n int) {
	l.sign()
	l.crew.sent.Add(int64(n))
}

func newNonce() string {
	var b [8]byte
	rand.Read(b[:])
	return hex.EncodeToString(b[:])
}
