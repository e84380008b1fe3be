package mastodon

import (
	"errors"
	"fmt"
)

// ErrNoNamespace means that the namespace is not there: a name was mistyped, as a rule.
var ErrNoNamespace = errors.New("no such namespace")

// HeldError says that another run holds a namespace's lock, and who.
type HeldError struct {
	Namespace string
	Holder    Holder
}

func (e *HeldError) Error() string {
	return fmt.Sprintf("run %s of %s holds the lock of namespace %s (begun %s, last seen %s)",
		e.Holder.Run, e.Holder.Who, e.Namespace, e.Holder.Since, e.Holder.Renewed)
}
