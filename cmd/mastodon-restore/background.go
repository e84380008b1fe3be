package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"mastodon-restore/workflow"
)

// backgroundFile, in a run's folder, is what a run in the background said, in sentences.
const backgroundFile = "background.txt"

// settling is how long a process in the background is watched: what it can't even begin with it
// says at once.
const settling = 3 * time.Second

// background goes on with a run in a process of its own, which no terminal takes with it. args are
// further flags of resume.
func background(out io.Writer, st workflow.Store, run string, args ...string) error {
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("go on in the background: %w", err)
	}
	path := filepath.Join(st.Path(run), backgroundFile)
	said, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("go on in the background: %w", err)
	}
	defer said.Close()
	before, err := said.Seek(0, io.SeekEnd)
	if err != nil {
		return fmt.Errorf("go on in the background: %w", err)
	}
	cmd := exec.Command(self, append([]string{"resume", run, "--plain"}, args...)...)
	cmd.Stdout, cmd.Stderr = said, said
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("go on in the background: %w", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	select {
	case err := <-ended:
		return endedAtOnce(out, said, before, err)
	case <-time.After(settling):
	}
	_, err = fmt.Fprintf(out, "Run %s goes on in the background (process %d); closing this terminal does it no harm.\n"+
		"Look how far it is: mastodon-restore status %s\nWhat it says: %s\nStop it: kill %d; what it has done is kept.\n",
		run, cmd.Process.Pid, run, path, cmd.Process.Pid)
	return err
}

// endedAtOnce hands on what a process said that has ended already, and how it ended.
func endedAtOnce(out io.Writer, said *os.File, before int64, err error) error {
	if _, err := said.Seek(before, io.SeekStart); err != nil {
		return err
	}
	if _, err := io.Copy(out, said); err != nil {
		return err
	}
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return ended(workflow.Exit(exit.ExitCode()))
	}
	return err
}

// detach is resume in the background.
func (s *settings) detach(out io.Writer, args []string) error {
	st, err := store()
	if err != nil {
		return err
	}
	run, err := unfinished(st, args)
	if err != nil {
		return err
	}
	if _, err := st.Read(run); errors.Is(err, workflow.ErrNoRun) {
		return unknownRun(err)
	}
	var flags []string
	for name, value := range map[string]string{
		"--kubeconfig": s.kubeconfig, "--context": s.context, "--namespace": s.namespace,
		"--confirm": s.Confirm, "--accept": strings.Join(s.Accept, ","),
	} {
		if value != "" {
			flags = append(flags, name, value)
		}
	}
	return background(out, st, run, flags...)
}
