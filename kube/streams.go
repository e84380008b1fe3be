package kube

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"
)

// source is the standard input of one exec. It fills each block, as small ones cost the API server
// dearly; it keeps a read error, which client-go would pass off as the end of the input; and it is
// silent once closed, whoever still asks.
type source struct {
	r    io.Reader
	fill bool
	cut  context.CancelCauseFunc

	busy   sync.Mutex // held while r is read
	mu     sync.Mutex
	closed bool
	err    error
}

func newSource(r io.Reader, fill bool, cut context.CancelCauseFunc) *source {
	return &source{r: r, fill: fill, cut: cut}
}

func (s *source) Read(p []byte) (int, error) {
	s.busy.Lock()
	defer s.busy.Unlock()
	s.mu.Lock()
	closed, failed := s.closed, s.err
	s.mu.Unlock()
	switch {
	case closed:
		return 0, io.EOF
	case failed != nil:
		return 0, failed
	}
	n, err := s.read(p)
	if err != nil && err != io.EOF {
		err = fmt.Errorf("read the command's input: %w", err)
		s.mu.Lock()
		s.err = err
		s.mu.Unlock()
		// Before client-go closes the remote input: what was read so far must not look whole.
		s.cut(err)
	}
	return n, err
}

func (s *source) read(p []byte) (int, error) {
	if !s.fill {
		return s.r.Read(p)
	}
	// Not io.ReadFull: it gives the end of the input and a truncated archive the same name.
	n := 0
	for n < len(p) {
		m, err := s.r.Read(p[n:])
		n += m
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

// close waits until nobody reads any more, but not for a Read that hangs.
func (s *source) close() {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	for range 200 {
		if s.busy.TryLock() {
			s.busy.Unlock()
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func (s *source) failure() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// sink is an output stream of one exec. It keeps a write error, which client-go would only log, and
// takes nothing once closed.
type sink struct {
	w   io.Writer
	cut context.CancelCauseFunc

	mu     sync.Mutex
	closed bool
	err    error
}

func newSink(w io.Writer, cut context.CancelCauseFunc) *sink {
	if w == nil {
		w = io.Discard
	}
	return &sink{w: w, cut: cut}
}

func (s *sink) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return len(p), nil
	}
	n, err := s.w.Write(p)
	if err != nil && s.err == nil {
		s.err = fmt.Errorf("write the command's output: %w", err)
		s.cut(s.err)
	}
	return n, err
}

func (s *sink) close() {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
}

func (s *sink) failure() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}
