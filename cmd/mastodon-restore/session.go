package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"os/user"
	"path/filepath"
	"syscall"

	"mastodon-restore/internal/plain"
	"mastodon-restore/tui"
	"mastodon-restore/workflow"
	"mastodon-restore/workflow/restore"
)

// resumeCommand is what a person types to go on with a run.
const resumeCommand = "mastodon-restore resume %s"

// session is one process's part of a run: engine, journal and face.
type session struct {
	store workflow.Store
	run   *workflow.Run
	face  face
	flags restore.Flags
	from  int // the first event that is news
	close []func() error
}

// store is where runs are kept.
func store() (workflow.Store, error) {
	base := os.Getenv("XDG_STATE_HOME")
	if base == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			return workflow.Store{}, fmt.Errorf("find a place for the journal: %w; set XDG_STATE_HOME", err)
		}
		base = filepath.Join(home, ".local", "state")
	}
	return workflow.Store{Dir: filepath.Join(base, "mastodon-restore", "runs")}, nil
}

// newRun prepares a new run with a folder, a journal and a log file.
func newRun(f face, flags restore.Flags) (*session, error) {
	st, err := store()
	if err != nil {
		return nil, err
	}
	id, err := newID()
	if err != nil {
		return nil, err
	}
	journal, err := st.Create(id)
	if err != nil {
		return nil, err
	}
	return (&session{store: st, face: f, flags: flags}).begin(id, journal)
}

func (s *session) begin(id string, journal *workflow.Journal) (*session, error) {
	folder := s.store.Path(id)
	log, err := os.OpenFile(filepath.Join(folder, workflow.LogFile), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the log file: %w", err)
	}
	s.close = append(s.close, log.Close, journal.Close)
	s.run = &workflow.Run{ID: id, Journal: journal, LogWriter: log, Folder: folder, Feed: &workflow.Feed{}, ResumeCommand: fmt.Sprintf(resumeCommand, id)}
	return s, nil
}

// log is where libraries write what nobody asked for.
func (s *session) log() io.Writer { return s.run.LogWriter }

// end closes the files; a run that changed nothing and can't be gone on with leaves nothing.
func (s *session) end() {
	for _, c := range s.close {
		_ = c()
	}
	if snap := s.run.Feed.Snapshot(); snap.Closed.From.IsZero() && snap.Exit != nil && snap.Exit.Resume == "" && snap.Exit.Code != workflow.ExitDone && snap.Exit.Code != workflow.ExitWarnings {
		_ = s.store.Remove(s.run.ID)
	}
}

// execute runs the engine beside the face and returns how it ended.
func (s *session) execute(ctx context.Context) error {
	defer s.end()
	ctx, interrupt := context.WithCancel(ctx)
	defer interrupt()
	defer s.onSignals(interrupt)()

	done := make(chan workflow.Exit, 1)
	start := func(o workflow.Operator) {
		s.run.Operator = workflow.Presets{Answers: s.flags.Answers, Next: o}
		go func() { done <- s.run.Execute(ctx) }()
	}
	var err error
	if s.face == faceWizard {
		err = s.wizard(ctx, start, interrupt)
	} else {
		err = s.sentences(ctx, start)
	}
	if err != nil {
		// Nobody sees the run any more: it is cut off where it is, to be resumed.
		interrupt()
	}
	exit := <-done
	if s.face == faceWizard {
		fmt.Print(tui.Farewell(s.run.Feed.Snapshot(), s.wizardOptions(nil, nil)))
	}
	if err != nil && !errors.Is(err, context.Canceled) && !errors.Is(err, tui.ErrLeft) {
		return fmt.Errorf("%w (run %s: %s)", err, s.run.ID, exit)
	}
	return ended(exit)
}

func (s *session) wizardOptions(desk *workflow.Desk, interrupt func()) tui.Options {
	return tui.Options{
		Feed: s.run.Feed, Desk: desk, StopAfterStep: s.run.StopAfterStep, Interrupt: interrupt, Resume: s.run.ResumeCommand,
		JournalPath: filepath.Join(s.run.Folder, workflow.JournalFile), LogPath: filepath.Join(s.run.Folder, workflow.LogFile), Version: version,
	}
}

func (s *session) wizard(ctx context.Context, start func(workflow.Operator), interrupt func()) error {
	desk := workflow.NewDesk()
	start(desk)
	// The screen outlives an interruption, to show where the run stopped.
	return tui.Run(context.WithoutCancel(ctx), s.wizardOptions(desk, interrupt))
}

func (s *session) sentences(ctx context.Context, start func(workflow.Operator)) error {
	ctx = context.WithoutCancel(ctx)
	if s.face == faceJSON {
		start(plain.Nobody{})
		return (&plain.JSON{Feed: s.run.Feed, Out: os.Stdout, From: s.from}).Follow(ctx)
	}
	text := &plain.Text{Feed: s.run.Feed, Out: os.Stdout, Journal: filepath.Join(s.run.Folder, workflow.JournalFile), From: s.from, Verbose: s.face == faceVerbose}
	defer onProgressSignal(text.Progress)()
	if s.flags.Headless {
		start(plain.Nobody{})
	} else {
		start(&plain.Prompt{In: os.Stdin, Out: os.Stdout, Text: text})
	}
	return text.Follow(ctx)
}

// onSignals makes the first interrupt a request to stop after the step, and the second, or a
// termination, a cut. The wizard has the first for itself: there it is a key.
func (s *session) onSignals(interrupt func()) (restore func()) {
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	go func() {
		asked := false
		for sig := range signals {
			if sig == os.Interrupt && !asked {
				asked = true
				s.run.StopAfterStep()
				s.run.Log(workflow.SeverityWarns, "stopping after this step; press ctrl+c again to stop now (what is done is kept)")
				continue
			}
			interrupt()
		}
	}()
	return func() { signal.Stop(signals); close(signals) }
}

func onProgressSignal(show func()) (restore func()) {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGUSR1)
	go func() {
		for range signals {
			show()
		}
	}()
	return func() { signal.Stop(signals); close(signals) }
}

// newID is a short name without letters that look alike; it becomes part of database names.
func newID() (string, error) {
	const letters = "abcdefghjkmnpqrstvwxyz23456789"
	b := make([]byte, 5)
	if _, err := rand.Read(b); err != nil {
		return "", fmt.Errorf("make a name for the run: %w", err)
	}
	for i := range b {
		b[i] = letters[int(b[i])%len(letters)]
	}
	return string(b), nil
}

// who is the operator, for the lock that other machines see.
func who() string {
	host, _ := os.Hostname()
	if u, err := user.Current(); err == nil {
		return u.Username + "@" + host
	}
	return "somebody@" + host
}
