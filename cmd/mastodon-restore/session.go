package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"sync/atomic"
	"time"

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
	// begun says that a face shows the run; before, whoever waits is told on standard error.
	begun atomic.Bool
	// leaving says that the run is to go on in the background once it has stopped here.
	leaving atomic.Bool
	// parent is the journal of the run that this one takes up.
	parent *workflow.Journal
	close  []func() error
}

// store is where runs are kept.
func store() (workflow.Store, error) {
	base := os.Getenv("XDG_STATE_HOME")
	if !filepath.IsAbs(base) { // as the XDG rules have it
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
	return openSession(st, f, flags, id, journal)
}

// openSession opens what a run writes to, and closes the journal when that fails.
func openSession(st workflow.Store, f face, flags restore.Flags, id string, journal *workflow.Journal) (*session, error) {
	folder := st.Path(id)
	log, err := os.OpenFile(filepath.Join(folder, workflow.LogFile), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open the log file: %w", err), journal.Close())
	}
	return &session{
		store: st, face: f, flags: flags, close: []func() error{log.Close, journal.Close},
		run: &workflow.Run{ID: id, Journal: journal, LogWriter: log, Folder: folder, Feed: &workflow.Feed{}, ResumeCommand: fmt.Sprintf(resumeCommand, id)},
	}, nil
}

// log is where libraries write what nobody asked for.
func (s *session) log() io.Writer { return s.run.LogWriter }

// shut closes what the session holds, the last thing first: a journal is let go of when nothing
// works for it any more.
func (s *session) shut() {
	for _, c := range slices.Backward(s.close) {
		_ = c()
	}
	s.close = nil
}

// discard forgets a run that never began.
func (s *session) discard() {
	s.shut()
	_ = s.store.Remove(s.run.ID)
}

// grace is how long a run that nobody sees any more may take to stop.
const grace = 20 * time.Second

// execute runs the engine beside the face and returns how it ended.
func (s *session) execute(ctx context.Context) error {
	asked := ctx // a signal that came before the run was at work
	ctx, interrupt := context.WithCancel(context.WithoutCancel(ctx))
	defer interrupt()
	ears := s.listen(interrupt)
	defer ears.deafen()
	if asked.Err() != nil {
		interrupt()
	}
	s.begun.Store(true)

	done := make(chan workflow.Exit, 1)
	over, ending := context.WithCancel(context.Background())
	defer ending()
	err := s.show(over, ears, func(o workflow.Operator) {
		s.run.Operator = workflow.Presets{Answers: s.flags.Answers, Next: o}
		go func() {
			done <- s.run.Execute(ctx)
			ending()
		}()
	})
	if err != nil {
		// Nobody sees the run any more: it is cut off where it is, to be resumed.
		interrupt()
	}
	exit := s.wait(done, ears, err)
	if s.leaving.Load() && exit == workflow.ExitInterrupted {
		s.shut()
		return background(os.Stdout, s.store, s.run.ID)
	}
	return s.leave(exit, err)
}

// show lets the chosen face show the run until it has ended and the person has left. A process
// that was told to end takes the face away when the run is over; one that was told twice, at once.
func (s *session) show(over context.Context, e *ears, start func(workflow.Operator)) error {
	ctx, away := context.WithCancel(context.Background())
	defer away()
	defer context.AfterFunc(e.insisted, away)()
	defer context.AfterFunc(e.terminated, func() { context.AfterFunc(over, away) })()
	if s.face == faceWizard {
		desk := workflow.NewDesk()
		start(desk)
		return tui.Run(ctx, s.wizardOptions(desk, e.interrupt))
	}
	return s.sentences(ctx, e, start)
}

func (s *session) sentences(ctx context.Context, e *ears, start func(workflow.Operator)) error {
	if s.face == faceJSON {
		start(plain.Nobody{})
		return (&plain.JSON{Feed: s.run.Feed, Out: os.Stdout, From: s.from}).Follow(ctx)
	}
	text := &plain.Text{Feed: s.run.Feed, Out: os.Stdout, Journal: filepath.Join(s.run.Folder, workflow.JournalFile), From: s.from, Verbose: s.face == faceVerbose}
	go func() {
		for {
			select {
			case <-e.show:
				text.Progress()
			case <-e.insisted.Done():
				return
			}
		}
	}()
	if s.flags.Headless {
		start(plain.Nobody{})
	} else {
		start(&plain.Prompt{In: os.Stdin, Out: os.Stdout, Text: text})
	}
	return text.Follow(ctx)
}

// wait returns how the run ended. Where the face has gone before the run, the run has a while to
// stop; then it is left as a killed process leaves it, and can be resumed.
func (s *session) wait(done <-chan workflow.Exit, e *ears, gone error) workflow.Exit {
	var limit <-chan time.Time
	switch {
	case errors.Is(gone, tui.ErrLeft): // who said "without waiting"
		limit = time.After(time.Second)
	case gone != nil:
		limit = time.After(grace)
	}
	select {
	case exit := <-done:
		return exit
	case <-limit:
	case <-e.insisted.Done():
	}
	select {
	case exit := <-done:
		return exit
	default:
		return workflow.ExitInterrupted
	}
}

// leave says what is left to say, closes everything, and forgets a run that changed nothing and
// can't be gone on with.
func (s *session) leave(exit workflow.Exit, err error) error {
	snap := s.run.Feed.Snapshot()
	forget := forgettable(snap)
	if s.face == faceWizard {
		o := s.wizardOptions(nil, nil)
		if forget {
			o.JournalPath = ""
		}
		fmt.Print(tui.Farewell(snap, o))
	}
	if err != nil && !errors.Is(err, context.Canceled) && !errors.Is(err, tui.ErrLeft) {
		fmt.Fprintln(os.Stderr, "mastodon-restore:", err)
		if exit == workflow.ExitInterrupted {
			fmt.Fprintf(os.Stderr, "Nobody saw the run any more, so it was stopped where it was. To go on in sentences: %s --plain\n", s.run.ResumeCommand)
		}
	}
	if s.parent != nil && (exit == workflow.ExitDone || exit == workflow.ExitWarnings) {
		s.tellParent(snap)
	}
	s.shut()
	if forget {
		if s.face == facePlain || s.face == faceVerbose {
			fmt.Println("Nothing was changed; the journal of this run was removed.")
		}
		_ = s.store.Remove(s.run.ID)
	}
	return ended(exit)
}

func (s *session) wizardOptions(desk *workflow.Desk, interrupt func()) tui.Options {
	return tui.Options{
		Feed: s.run.Feed, Desk: desk, StopAfterStep: s.run.StopAfterStep, Interrupt: interrupt, Resume: s.run.ResumeCommand,
		Background: func() {
			s.leaving.Store(true)
			interrupt()
		},
		JournalPath: filepath.Join(s.run.Folder, workflow.JournalFile), LogPath: filepath.Join(s.run.Folder, workflow.LogFile), Version: version,
	}
}

// forgettable says that a run ended without having changed anything, and that there is nothing to
// go on with. One that got as far as a step that changes things is kept, whatever it did there.
func forgettable(run workflow.Snapshot) bool {
	harmless := []string{"target", "set", "preflight", "plan"}
	switch {
	case run.Exit == nil, run.Exit.Resume != "":
		return false
	case !run.Closed.From.IsZero():
		return false
	}
	switch run.Exit.Code {
	case workflow.ExitDone, workflow.ExitWarnings:
		return false
	case workflow.ExitCancelled:
		return true
	case workflow.ExitUsage, workflow.ExitLocked:
		harmless = append(harmless, "dismiss", "give-up") // they ask first
	}
	return !slices.ContainsFunc(run.Steps, func(v workflow.StepView) bool {
		return v.Status != workflow.StatusPending && !slices.Contains(harmless, v.ID)
	})
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
