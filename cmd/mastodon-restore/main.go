// Command mastodon-restore walks a person from a folder of backups to a running Mastodon on
// Kubernetes.
package main

import (
	"errors"
	"fmt"
	"os"

	"mastodon-restore/internal/plain"
	"mastodon-restore/workflow"
)

func main() { os.Exit(int(run(os.Args[1:]))) }

func run(args []string) workflow.Exit {
	root := newRoot()
	root.SetArgs(args)
	err := root.Execute()
	var ended *endedError
	switch {
	case err == nil:
		return workflow.ExitDone
	case errors.As(err, &ended):
		return ended.exit
	}
	exit := workflow.ExitFailed
	var wrong *usageError
	if errors.As(err, &wrong) || isCobraUsage(err) {
		exit = workflow.ExitUsage
	}
	if errors.Is(err, workflow.ErrLocked) {
		exit = workflow.ExitLocked
	}
	fmt.Fprintln(os.Stderr, "mastodon-restore:", err)
	if asksForJSON(args) {
		_ = plain.WriteExit(os.Stdout, exit, err.Error())
	}
	return exit
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
