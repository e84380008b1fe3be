// Package remote runs shell scripts somewhere else: in a container of a pod, or on this machine.
//
// Its one rule: a remote command has three ends. Done and failed are believed only when the
// script's own wrapper printed an end marker as its last words; anything else is [ErrUnknown],
// whatever the transport says. (client-go returns nil for an exec stream that was cut cleanly.)
//
// The package knows neither Kubernetes nor Mastodon. A [Place] is safe for concurrent use.
package remote

import (
	"context"
	"io"
)

// Streams are the ends of one command's standard streams; a nil one is closed or discarded.
type Streams struct {
	In  io.Reader
	Out io.Writer
	Err io.Writer
	// TTY asks for a pseudo-terminal: Out then carries both output streams.
	TTY bool
}

// Place is somewhere a command can run. Exec returns when the streams have ended.
//
// A nil error proves nothing: the far side may have vanished. An [ExitError] is the far side's
// own word that the command ended with that code. Any other error is the transport's. Cancelling
// ctx closes the streams, and may leave the command running.
type Place interface {
	Exec(ctx context.Context, argv []string, s Streams) error
	// String names the place for a person, such as "pod mastodon-restore-k7q2, container postgres".
	String() string
}
