// Package tui is the wizard on a full screen: it draws a run's snapshots, carries a person's
// answers to the run, and leaves when the person does.
//
// It must never know what a run is about: no cluster, no database, no file of a backup, only
// package workflow. It is the only package that imports Bubble Tea and Lip Gloss.
//
// # Rules of the face
//
//   - The target stands on every screen, and whether it is real or practice, in words.
//   - One screen, one decision; what is taken without thinking is safe; no single key consents,
//     and none stops a run.
//   - Words carry the meaning, colour only repeats it.
//   - What came from elsewhere is text to measure and cut; it can't break the layout.
//   - A key is answered at once, however much the run has to say.
//
// # Concurrency
//
// The model belongs to Bubble Tea's event loop. The run works in a goroutine of the caller; the
// two meet in [workflow.Feed] (read, about fifteen times a second at most) and [workflow.Desk].
// No step runs here, and a slow terminal never makes a run wait.
package tui

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"mastodon-restore/workflow"
)

// ErrLeft means that the person left while the run had not ended: it was told to stop and had
// not done so yet.
var ErrLeft = errors.New("left before the run had ended")

// Options say what to show and whom to tell.
type Options struct {
	Feed *workflow.Feed
	Desk *workflow.Desk
	// StopAfterStep makes the run end when the step at work has ended.
	StopAfterStep func()
	// Interrupt cuts the step at work off; the run keeps what it has done.
	Interrupt func()
	// Background cuts the step at work off as Interrupt does, and has the run go on without a
	// screen when this one is gone; nil where that can't be.
	Background func()

	// Resume is the command that goes on with this run later.
	Resume      string
	JournalPath string
	LogPath     string
	Version     string

	// NoColor leaves out every colour and attribute; NO_COLOR in the environment does the same.
	NoColor bool
	// In and Out are the terminal; nil means standard input and output.
	In  io.Reader
	Out io.Writer
	// Clock is the time; nil means time.Now.
	Clock func() time.Time
}

func (o Options) now() time.Time {
	if o.Clock == nil {
		return time.Now()
	}
	return o.Clock()
}

// Run shows the run until it has ended and the person has left, and gives the terminal back.
// A nil error says nothing about how the run ended: its snapshot does. Cancelling ctx takes the
// screen away at once. Signals are the caller's business.
func Run(ctx context.Context, o Options) error {
	if o.Out == nil {
		o.Out = os.Stdout
	}
	if o.In == nil {
		o.In = os.Stdin
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()

	m := newModel(o)
	m.watch = watchFeed(ctx, o.Feed)
	defer m.watch.stop()

	_, err := tea.NewProgram(m,
		tea.WithContext(ctx),
		tea.WithInput(o.In),
		tea.WithOutput(o.Out),
		tea.WithAltScreen(),
		tea.WithFPS(framesPerSecond),
		tea.WithoutSignalHandler(),
	).Run()
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		return fmt.Errorf("draw the screen: %w", err)
	case m.fault != nil:
		return fmt.Errorf("draw the screen: %w", m.fault)
	case m.shot.Exit == nil:
		return ErrLeft
	}
	return nil
}
