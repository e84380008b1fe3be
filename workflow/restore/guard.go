package restore

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"mastodon-restore/workflow"
)

// Tending is how many polls lie between two looks at lock and writers while a step is at work.
const tending = 10

// errReopened is the cause with which work stops when something writes again.
var errReopened = errors.New("something writes to the server again")

// closedStep makes a step one that must only run while the server is closed and ours: it checks
// before, and goes on checking and renewing the lock while the step works.
func (r *Restore) closedStep(s workflow.Step) workflow.Step {
	run := s.Run
	s.Holds = func(ctx context.Context, _ *workflow.Task) error {
		if err := r.acquire(ctx, s.ID); err != nil {
			return err
		}
		busy, err := r.writers(ctx)
		if err != nil {
			return err
		}
		if len(busy) > 0 {
			return r.card(fmt.Errorf("%w: %s", errReopened, strings.Join(busy, "; ")), s.Title+" must not run now")
		}
		return nil
	}
	s.Run = func(ctx context.Context, t *workflow.Task) error {
		return r.tended(ctx, t, true, run)
	}
	return s
}

// openStep is a step of a server that is open again: the lock is renewed, writers are welcome.
func (r *Restore) openStep(s workflow.Step) workflow.Step {
	run := s.Run
	s.Holds = func(ctx context.Context, _ *workflow.Task) error { return r.acquire(ctx, s.ID) }
	s.Run = func(ctx context.Context, t *workflow.Task) error {
		return r.tended(ctx, t, false, run)
	}
	return s
}

// lastStep gives the lock back at its end, so nothing may renew it beside the step.
func (r *Restore) lastStep(s workflow.Step) workflow.Step {
	s.Holds = func(ctx context.Context, _ *workflow.Task) error { return r.acquire(ctx, s.ID) }
	return s
}

// tended runs work while the lock is renewed and, if closed, nothing may write.
func (r *Restore) tended(ctx context.Context, t *workflow.Task, closed bool, work func(context.Context, *workflow.Task) error) error {
	ctx, stop := context.WithCancelCause(ctx)
	var wg sync.WaitGroup
	wg.Go(func() { r.tend(ctx, t, closed, stop) })
	err := work(ctx, t)
	cause := context.Cause(ctx)
	stop(nil)
	wg.Wait()
	if errors.Is(cause, errReopened) {
		f := r.card(cause, "stopped: the server was opened by somebody else")
		f.Meaning = "A GitOps controller, an autoscaler or a person has scaled it up in the middle of the restore. Pause that first (Argo CD: self-heal off; Flux: flux suspend)."
		return f
	}
	return err
}

func (r *Restore) tend(ctx context.Context, t *workflow.Task, closed bool, stop context.CancelCauseFunc) {
	for {
		for range tending {
			if pause(ctx, r.World.Poll) != nil {
				return
			}
		}
		// A lock that can't be renewed for now is no reason to stop: it stays ours.
		_ = r.World.Cluster.Acquire(ctx, r.holder(t))
		if !closed {
			continue
		}
		if busy, err := r.writers(ctx); err == nil && len(busy) > 0 {
			stop(fmt.Errorf("%w: %s", errReopened, strings.Join(busy, "; ")))
			return
		}
	}
}
