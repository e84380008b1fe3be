package workflow

import "fmt"

// Exit is how a run ended; its number is the process's exit code.
type Exit int

// The ways a run ends. Scripts may rely on the numbers; an unknown number means failure.
const (
	ExitDone        Exit = 0
	ExitFailed      Exit = 1
	ExitUsage       Exit = 2
	ExitBlocked     Exit = 3
	ExitWarnings    Exit = 4
	ExitInterrupted Exit = 5
	ExitUnknown     Exit = 6
	ExitLocked      Exit = 7
	ExitUnverified  Exit = 8
	ExitCancelled   Exit = 130
)

func (e Exit) String() string {
	switch e {
	case ExitDone:
		return "done"
	case ExitFailed:
		return "failed"
	case ExitUsage:
		return "usage"
	case ExitBlocked:
		return "preflight-blocked"
	case ExitWarnings:
		return "done-with-warnings"
	case ExitInterrupted:
		return "interrupted"
	case ExitUnknown:
		return "remote-state-unknown"
	case ExitLocked:
		return "locked"
	case ExitUnverified:
		return "verification-failed"
	case ExitCancelled:
		return "cancelled"
	}
	return fmt.Sprintf("exit-%d", int(e))
}
