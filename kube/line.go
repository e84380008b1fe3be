package kube

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"
)

// line is the way to the API server. It bounds every attempt in time, and repeats a request whose
// failure passes by itself until the request's context ends or its patience is over. Whoever sends
// a request through it must be able to bear its being done twice.
type line struct {
	next     http.RoundTripper
	patience time.Duration // zero: as long as the request's context
	attempt  time.Duration // bound of one attempt, body included
	slow     time.Duration // an attempt that takes longer is told about
	first    time.Duration // the first pause; later ones double
	longest  time.Duration // no pause is longer, except where the server asks for it
	grace    time.Duration // how long failures that may be permanent are repeated
	tell     func(reason string, since time.Duration)

	mu   sync.Mutex
	away time.Time // when the server stopped to answer; zero: it answers
	back time.Time // when it last came back
	said string    // what was told last, and when
	told time.Time
}

func newLine(next http.RoundTripper, patience time.Duration, tell func(string, time.Duration)) *line {
	if tell == nil {
		tell = func(string, time.Duration) {}
	}
	return &line{
		next: next, patience: patience, tell: tell,
		attempt: 30 * time.Second, slow: 3 * time.Second,
		first: 250 * time.Millisecond, longest: 3 * time.Second,
		grace: 30 * time.Second,
	}
}

// RoundTrip sends the request, as often as it takes.
func (l *line) RoundTrip(req *http.Request) (*http.Response, error) {
	began, pause := time.Now(), l.first
	var before trouble
	for {
		resp, err := l.once(req)
		if err != nil && req.Context().Err() != nil {
			return nil, before.given(err, began)
		}
		t, bad := l.judge(resp, err)
		if !bad {
			if err == nil {
				l.answers()
			}
			return resp, err
		}
		if t.answered {
			l.answers()
		} else {
			l.silent(t.reason)
		}
		waited := time.Since(began)
		if t.doubtful && waited > l.grace || l.patience > 0 && waited > l.patience {
			return resp, err
		}
		wait := max(t.after, pause/2+rand.N(pause/2+1))
		if l.sleep(req.Context(), wait) != nil {
			return nil, before.or(t).given(last(err, context.Cause(req.Context())), began)
		}
		before, pause = t, min(pause*2, l.longest)
	}
}

// once makes one attempt and reads the whole answer, so that one which breaks off half way counts
// as failed, too.
func (l *line) once(req *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithTimeout(req.Context(), l.attempt)
	defer cancel()
	slow := time.AfterFunc(l.slow, func() { l.silent("the API server takes its time") })
	defer slow.Stop()

	again := req.Clone(ctx)
	if req.GetBody != nil {
		body, err := req.GetBody()
		if err != nil {
			return nil, err
		}
		again.Body = body
	}
	resp, err := l.next.RoundTrip(again)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(resp.Body)
	if err := errors.Join(err, resp.Body.Close()); err != nil {
		return nil, fmt.Errorf("read the answer: %w", err)
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return resp, nil
}

// last joins a failure with why nobody waits any longer.
func last(err, cause error) error {
	if err == nil || errors.Is(err, cause) {
		return cause
	}
	return fmt.Errorf("%w; %w", err, cause)
}

// silent notes that the server does not answer as it should. It is told at once, and again every
// second, however many requests wait.
func (l *line) silent(reason string) {
	l.mu.Lock()
	now := time.Now()
	if l.away.IsZero() {
		l.away = now
	}
	since := now.Sub(l.away)
	news := reason != l.said || now.Sub(l.told) > time.Second
	if news {
		l.said, l.told = reason, now
	}
	l.mu.Unlock()
	if news {
		l.tell(reason, since)
	}
}

func (l *line) answers() {
	l.mu.Lock()
	was := !l.away.IsZero()
	if was {
		l.away, l.back, l.said = time.Time{}, time.Now(), ""
	}
	l.mu.Unlock()
	if was {
		l.tell("", 0)
	}
}

// unsettled says that the server was away until just now. One that has just started refuses
// everybody until it has read its own rules.
func (l *line) unsettled() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return !l.away.IsZero() || !l.back.IsZero() && time.Since(l.back) < 10*time.Second
}

func (l *line) sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
