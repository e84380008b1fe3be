// Command mastodon-restore walks a person from a folder of backups to a running Mastodon on
// Kubernetes.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"mastodon-restore/internal/plain"
	"mastodon-restore/workflow"
)

func main() { os.Exit(int(run(os.Args[1:]))) }

// run carries a command line out and tells of errors.
func run(args []string) workflow.Exit {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// Whoever presses ctrl+c a second time means it, whatever hangs. A run has its own ears.
	context.AfterFunc(ctx, stop)

	exit, err := carryOut(ctx, args)
	if err == nil {
		return exit
	}
	fmt.Fprintln(os.Stderr, "mastodon-restore:", err)
	if asksForJSON(args) {
		_ = plain.WriteExit(os.Stdout, exit, err.Error())
	}
	return exit
}

// carryOut does what a command line says. An error is still to be told; where a run's face has told
// everything, there is only the exit.
func carryOut(ctx context.Context, args []string) (workflow.Exit, error) {
	root := newRoot()
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	var ended *endedError
	switch {
	case err == nil:
		return workflow.ExitDone, nil
	case errors.As(err, &ended):
		return ended.exit, nil
	case unknownCommand(err):
		err = usagef("%w; mastodon-restore --help lists the commands", err)
	}
	return exitOf(ctx, err), err
}

// exitOf is the exit code of an error that came before a run was at work.
func exitOf(ctx context.Context, err error) workflow.Exit {
	var wrong *usageError
	switch {
	case ctx.Err() != nil && errors.Is(err, context.Canceled):
		return workflow.ExitCancelled
	case errors.Is(err, workflow.ErrLocked):
		return workflow.ExitLocked
	case errors.As(err, &wrong):
		return workflow.ExitUsage
	}
	return workflow.ExitFailed
}

// endedError is how a run ended; everything about it has been said already.
type endedError struct{ exit workflow.Exit }

func (e *endedError) Error() string { return e.exit.String() }

// ended makes an error of every exit but "done".
func ended(exit workflow.Exit) error {
	if exit == workflow.ExitDone {
		return nil
	}
	return &endedError{exit}
}

// usageError is a command line that can't be carried out as it stands.
type usageError struct{ err error }

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }

func usagef(format string, args ...any) error { return &usageError{fmt.Errorf(format, args...)} }
