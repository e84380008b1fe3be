package kube

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"k8s.io/client-go/tools/remotecommand"
	"k8s.io/client-go/util/exec"

	"mastodon-restore/internal/remote"
)

// Place is a container of a running pod, to run commands in.
func (c *Cluster) Place(pod, container string) remote.Place {
	return &Container{cluster: c, pod: pod, container: container}
}

// Container runs commands in a container of a pod: over WebSocket first, or over SPDY first; and
// over the other one where the server or a proxy on the way does not take the first. It is safe for
// concurrent use.
type Container struct {
	cluster        *Cluster
	pod, container string
	spdy           bool
}

var _ remote.Place = (*Container)(nil)

// Bulk is the same place for much data, over SPDY first: it costs the API server a third, or less, of
// the processor's time that WebSocket's masked frames do, and bears a far side that does not read for a
// minute, on which WebSocket gives up.
func (p *Container) Bulk() remote.Place {
	bulk := *p
	bulk.spdy = true
	return &bulk
}

// Other is the same place with its transports in the other order.
func (p *Container) Other() remote.Place {
	other := *p
	other.spdy = !p.spdy
	return &other
}

// Transport names the one that is tried first.
func (p *Container) Transport() string {
	if p.spdy {
		return "SPDY"
	}
	return "WebSocket"
}

func (p *Container) String() string {
	return fmt.Sprintf("pod %s, container %s", p.pod, p.container)
}

// Exec runs argv. While the API server is away it waits: a command whose connection was never made
// has not begun. Once it may have begun it is not tried again. What s.In cannot read and s.Out
// cannot write is an error, which client-go would only log. When Exec returns, it is done with the
// streams; a Read that is still blocked two seconds later is let go.
func (p *Container) Exec(ctx context.Context, argv []string, s remote.Streams) error {
	line, pause, began := p.cluster.line, p.cluster.line.first, time.Now()
	var before trouble
	for {
		err := p.once(ctx, argv, s)
		if err != nil && ctx.Err() != nil {
			return p.ending(before.given(err, began))
		}
		reason := unbegun(err)
		if reason == "" {
			return p.ending(err)
		}
		line.silent(reason)
		if line.patience > 0 && time.Since(began) > line.patience {
			return p.ending(err)
		}
		if line.sleep(ctx, pause) != nil {
			return p.ending(before.or(trouble{reason: reason}).given(last(err, context.Cause(ctx)), began))
		}
		before.reason = reason
		pause = min(pause*2, line.longest)
	}
}

// ending translates the end of a stream.
func (p *Container) ending(err error) error {
	var code exec.CodeExitError
	switch {
	case err == nil:
		p.cluster.line.answers()
		return nil
	case errors.As(err, &code):
		p.cluster.line.answers()
		return &remote.ExitError{Code: code.Code}
	}
	return fmt.Errorf("exec in %s: %w", p, err)
}

func (p *Container) once(ctx context.Context, argv []string, s remote.Streams) error {
	executor, w, err := p.executor(argv, s)
	if err != nil {
		return err
	}
	ctx, cut := context.WithCancelCause(ctx)
	defer cut(nil)
	in, out, errs := newSource(s.In, !s.TTY, cut), newSink(s.Out, cut), newSink(s.Err, cut)
	options := remotecommand.StreamOptions{Stdout: out, Tty: s.TTY}
	if s.In != nil {
		options.Stdin = in
	}
	if s.TTY {
		options.TerminalSizeQueue = &fixedSize{remotecommand.TerminalSize{Width: 120, Height: 40}}
	} else {
		options.Stderr = errs
	}
	done := make(chan error, 1)
	go func() {
		defer func() {
			if r := recover(); r != nil {
				done <- fmt.Errorf("client-go panicked: %v", r)
			}
		}()
		done <- executor.StreamWithContext(ctx, options)
	}()
	select {
	case err = <-done:
		err = w.saw(err)
	case <-ctx.Done():
		err = settle(done, ctx)
	}
	in.close()
	out.close()
	errs.close()
	// Our own failure comes first: the far side's word is then about half a command.
	return cmp.Or(in.failure(), out.failure(), errs.failure(), err)
}

// settle gives a cancelled stream a moment to end by itself, and no more: some hang.
func settle(done <-chan error, ctx context.Context) error { //nolint:revive // the channel is the subject
	select {
	case <-done: //nolint:errcheck // the cancellation is what is told
	case <-time.After(time.Second):
	}
	return context.Cause(ctx)
}
