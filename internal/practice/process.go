package practice

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
)

// process is a command that runs in a container, with its streams still joined to us.
type process struct {
	pod, uid string
	cmd      *exec.Cmd
	in       io.WriteCloser // nil without an input
	out      []io.Closer    // our ends of what it prints
	copied   sync.WaitGroup
	lost     atomic.Pointer[error] // why nobody can tell how it ended
	ended    chan struct{}         // closed when the command has ended and all it printed was passed on
}

// start runs cmd in a process group of its own, joined to the writers.
func (p *process) start(withInput bool, out, errs io.Writer) error {
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	var theirs []io.Closer
	defer func() {
		for _, c := range theirs {
			_ = c.Close()
		}
	}()
	if withInput {
		r, w, err := os.Pipe()
		if err != nil {
			return err
		}
		p.cmd.Stdin, p.in = r, w
		theirs = append(theirs, r)
	}
	type pair struct {
		from *os.File
		to   io.Writer
	}
	var pairs []pair
	attach := func(to io.Writer) (*os.File, error) {
		r, w, err := os.Pipe()
		if err != nil {
			return nil, err
		}
		theirs, p.out = append(theirs, w), append(p.out, r)
		pairs = append(pairs, pair{r, to})
		return w, nil
	}
	w, err := attach(out)
	if err != nil {
		return err
	}
	p.cmd.Stdout, p.cmd.Stderr = w, w
	if errs != nil {
		if w, err = attach(errs); err != nil {
			return err
		}
		p.cmd.Stderr = w
	}
	if err := p.cmd.Start(); err != nil {
		p.detach()
		return err
	}
	for _, pair := range pairs {
		p.copied.Go(func() { _, _ = io.Copy(pair.to, pair.from) })
	}
	p.ended = make(chan struct{})
	go func() {
		_ = p.cmd.Wait()
		p.copied.Wait()
		p.detach()
		close(p.ended)
	}()
	return nil
}

// detach lets go of the streams; the command finds its input ended and its output broken.
func (p *process) detach() {
	if p.in != nil {
		_ = p.in.Close()
	}
	for _, c := range p.out {
		_ = c.Close()
	}
}

// code is the exit code as a shell gives it.
func (p *process) code() int {
	if ws, ok := p.cmd.ProcessState.Sys().(syscall.WaitStatus); ok && ws.Signaled() {
		return 128 + int(ws.Signal())
	}
	return p.cmd.ProcessState.ExitCode()
}

// processes are those that run in this cluster's pods and were started by this process.
type processes struct {
	mu     sync.Mutex
	all    map[*process]bool
	closed bool
}

var errClosed = errors.New("the practice cluster was closed")

func (ps *processes) add(p *process, start func() error) error {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	if ps.closed {
		return errClosed
	}
	if err := start(); err != nil {
		return err
	}
	if ps.all == nil {
		ps.all = map[*process]bool{}
	}
	ps.all[p] = true
	go func() {
		<-p.ended
		ps.mu.Lock()
		defer ps.mu.Unlock()
		delete(ps.all, p)
	}()
	return nil
}

// end kills the chosen ones with all their children. Where lost is not nil, that is all that is
// heard of them.
func (ps *processes) end(chosen func(*process) bool, lost error) (ended []*process) {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	for p := range ps.all {
		if chosen(p) {
			if lost != nil {
				p.lost.Store(&lost)
			}
			_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
			ended = append(ended, p)
		}
	}
	return ended
}

// close ends all and lets no other begin. It returns when they have ended.
func (ps *processes) close() {
	ps.mu.Lock()
	ps.closed = true
	ps.mu.Unlock()
	for _, p := range ps.end(func(*process) bool { return true }, nil) {
		<-p.ended
	}
}

// endJobs kills the detached jobs whose folders are in dir: a job's folder holds its pid, and no rc
// while it runs. A pid may by now be somebody else's, so its command line has to be a job's.
func endJobs(dir string) {
	_ = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.Name() != "pid" || !d.Type().IsRegular() {
			return nil
		}
		if _, err := os.Stat(filepath.Join(filepath.Dir(path), "rc")); err == nil {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return nil
		}
		pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
		if err != nil || pid < 2 {
			return nil
		}
		said, err := exec.Command("ps", "-o", "command=", "-p", strconv.Itoa(pid)).Output()
		if err == nil && strings.Contains(string(said), "pid.new") {
			if syscall.Kill(-pid, syscall.SIGKILL) != nil {
				_ = syscall.Kill(pid, syscall.SIGKILL)
			}
		}
		return nil
	})
}
