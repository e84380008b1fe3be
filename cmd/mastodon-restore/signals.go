package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"mastodon-restore/workflow"
)

// ears hear what the system tells a run.
//
// The first ctrl+c asks the run to stop after its step, the next one cuts the step off; the wizard
// has the key for itself. A termination, or a terminal that goes away, cuts it off at once.
// Whoever insists after that leaves without waiting for the run. Closed pipes are an error of
// whoever writes to them, not the end of the process in the middle of a step.
type ears struct {
	signals chan os.Signal
	// interrupt cuts the step at work off.
	interrupt func()
	asked     int // how often somebody pressed ctrl+c
	// show says how far the run is.
	show chan struct{}
	// terminated is done when the process was told to end, insisted when it was told again.
	terminated, insisted context.Context
	terminate, insist    context.CancelFunc
}

func (s *session) listen(interrupt func()) *ears {
	e := &ears{signals: make(chan os.Signal, 8), interrupt: interrupt, show: make(chan struct{}, 1)}
	e.terminated, e.terminate = context.WithCancel(context.Background())
	e.insisted, e.insist = context.WithCancel(context.Background())
	heard := []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGPIPE, syscall.SIGUSR1}
	if !signal.Ignored(syscall.SIGHUP) { // nohup means what it says
		heard = append(heard, syscall.SIGHUP)
	}
	signal.Notify(e.signals, heard...)
	go func() {
		for sig := range e.signals {
			s.hear(e, sig)
		}
	}()
	return e
}

// deafen makes signals do again what they do by themselves.
func (e *ears) deafen() {
	signal.Stop(e.signals)
	close(e.signals)
	e.terminate()
	e.insist()
}

// hear acts on one signal; one goroutine calls it.
func (s *session) hear(e *ears, sig os.Signal) {
	switch sig {
	case syscall.SIGPIPE:
	case syscall.SIGUSR1:
		select {
		case e.show <- struct{}{}:
		default: // it is about to be shown
		}
	case os.Interrupt:
		e.asked++
		switch {
		case e.asked > 2:
			e.insist()
		case e.asked == 2 || s.run.Feed.Snapshot().Question != nil:
			// Where a question waits no step is at work that could end first.
			e.asked = 2
			e.interrupt()
		default:
			s.run.StopAfterStep()
			s.run.Log(workflow.SeverityWarns, "stopping after this step; press ctrl+c again to stop now (what is done is kept)")
		}
	default:
		if e.terminated.Err() != nil {
			e.insist()
		}
		e.interrupt()
		e.terminate()
	}
}
