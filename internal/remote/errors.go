package remote

import (
	"errors"
	"fmt"
)

// ErrUnknown means that nobody can tell whether the command ran, failed or still runs: its
// streams ended without the end marker. The caller looks at the world before doing anything.
var ErrUnknown = errors.New("the remote command's end is unknown")

// ExitError is the far side's word that a command ended with a code other than zero.
type ExitError struct {
	Code int
	// Stderr holds the last lines the command wrote to its standard error.
	Stderr string
}

func (e *ExitError) Error() string {
	if e.Stderr == "" {
		return fmt.Sprintf("exit code %d", e.Code)
	}
	return fmt.Sprintf("exit code %d: %s", e.Code, e.Stderr)
}
