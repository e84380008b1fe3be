package remote

import (
	"context"
	"errors"
	"os"
	"os/exec"
)

// Local runs commands on this machine, with Dir as the working directory and Env added to the
// environment. The practice cluster and the tests stand on it.
type Local struct {
	Name string
	Dir  string
	Env  []string
}

var _ Place = (*Local)(nil)

// Exec runs argv here. It offers no pseudo-terminal: s.TTY only joins the output streams.
func (l *Local) Exec(ctx context.Context, argv []string, s Streams) error {
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Dir = l.Dir
	cmd.Env = append(os.Environ(), l.Env...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = s.In, s.Out, s.Err
	if s.TTY {
		cmd.Stderr = s.Out
	}
	err := cmd.Run()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return &ExitError{Code: exit.ExitCode()}
	}
	return err
}

func (l *Local) String() string {
	if l.Name == "" {
		return "this machine"
	}
	return l.Name
}
