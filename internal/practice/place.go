package practice

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"mastodon-restore/internal/mastodon"
	"mastodon-restore/internal/remote"
)

// Place is a container of a pod. The pod need not be there yet.
func (c *Cluster) Place(pod, container string) remote.Place { return &place{c, pod, container} }

type place struct {
	cluster        *Cluster
	pod, container string
}

func (p *place) String() string { return fmt.Sprintf("pod %s, container %s", p.pod, p.container) }

// Exec runs argv in the container, as a kubelet does: whoever cancels closes the streams, and the
// command may run on until it notices.
func (p *place) Exec(ctx context.Context, argv []string, s remote.Streams) error {
	c := p.cluster
	run := &process{pod: p.pod}
	if err := p.prepare(ctx, run, argv); err != nil {
		return err
	}
	out, errs := orDiscard(s.Out), orDiscard(s.Err)
	if s.TTY {
		errs = nil
	}
	if err := c.processes.add(run, func() error { return run.start(s.In != nil, out, errs) }); err != nil {
		return fmt.Errorf("exec in %s: %w", p, err)
	}
	broken := make(chan error, 1)
	if s.In != nil {
		go func() { broken <- p.send(ctx, run, s.In) }()
	}
	for {
		select {
		case <-ctx.Done():
			run.detach()
			return ctx.Err()
		case err := <-broken:
			if err != nil {
				run.detach()
				if errors.Is(err, errCut) {
					return nil
				}
				return fmt.Errorf("exec in %s: %w", p, err)
			}
			broken = nil // the input has ended; the command goes on
		case <-run.ended:
			if lost := run.lost.Load(); lost != nil {
				return fmt.Errorf("exec in %s: %w", p, *lost)
			}
			if code := run.code(); code != 0 {
				return &remote.ExitError{Code: code}
			}
			return nil
		}
	}
}

// send passes the input on, at the pace of the cluster. An input that fails ends like one that has
// ended: that is what a transport makes of it.
func (p *place) send(ctx context.Context, run *process, in io.Reader) error {
	defer run.in.Close()
	t := &throttled{ctx: ctx, in: in, valve: &p.cluster.valve, perSecond: p.cluster.pace.bytesPerSecond, count: func(n int) error {
		if p.container != mastodon.AppContainer {
			return nil
		}
		if err := p.cluster.past(run, n); err != nil {
			return &faultError{err}
		}
		return nil
	}}
	_, err := io.Copy(run.in, t)
	var fault *faultError
	if errors.As(err, &fault) {
		return fault.error
	}
	return nil
}

// faultError tells the cluster's own doing from an input that can't be read.
type faultError struct{ error }

func (e *faultError) Unwrap() error { return e.error }

// prepare finds the pod and makes the command, with the container's environment and nothing of
// ours but PATH.
func (p *place) prepare(ctx context.Context, run *process, argv []string) error {
	c := p.cluster
	st, err := c.current(ctx)
	if err != nil {
		return err
	}
	found := st.pod(p.pod)
	switch {
	case found == nil:
		return fmt.Errorf("pods %q not found in namespace %s", p.pod, Namespace)
	case !found.ready(time.Now()):
		return fmt.Errorf("unable to upgrade connection: container not found (%q): pod %s is not running", p.container, p.pod)
	}
	run.uid = found.UID
	env, dir, err := c.container(st, found, p.container)
	if err != nil {
		return err
	}
	run.cmd = exec.Command(argv[0], argv[1:]...)
	run.cmd.Dir = dir
	for _, name := range slices.Sorted(maps.Keys(env)) {
		run.cmd.Env = append(run.cmd.Env, name+"="+env[name])
	}
	return nil
}

// container is the environment and the working directory of a container.
func (c *Cluster) container(st *state, p *pod, name string) (env map[string]string, dir string, err error) {
	home := filepath.Join(c.node(), "opt", "mastodon")
	env = map[string]string{"HOME": home, "LANG": "C.UTF-8", "TZ": "Etc/UTC", "HOSTNAME": p.Name, "TMPDIR": os.TempDir()}
	path := []string{filepath.Join(c.dir, "bin", "volume"), filepath.Join(c.dir, "bin", "app"), os.Getenv("PATH")}
	w := st.Workloads[p.Owner]
	switch {
	case w != nil && name == w.Container, p.Run != "" && name == mastodon.AppContainer:
		maps.Copy(env, environment())
		c.rails(env)
	case p.Run != "" && name == mastodon.PostgresContainer:
		maps.Copy(env, environment())
		env["RESTORE_ADMIN_PASSWORD"] = adminPassword
		path[1] = c.clientPath()
	case p.Name == databasePod && name == databaseBox:
		env["POSTGRES_USER"], env["POSTGRES_PASSWORD"] = databaseRole, databasePassword()
		env["POSTGRES_DATABASE"], env["POSTGRES_POSTGRES_PASSWORD"] = databaseName, adminPassword
		path[1] = c.clientPath()
	default:
		return nil, "", fmt.Errorf("container %s is not valid for pod %s", name, p.Name)
	}
	env["PATH"] = strings.Join(path, string(filepath.ListSeparator))
	if c.server != nil {
		env["DB_HOST"], env["DB_PORT"], env["PGHOST"], env["PGPORT"] = c.server.dir, c.server.port, c.server.dir, c.server.port
		env["PGDATA"], env["PRACTICE_POSTGRES"] = c.server.data(), c.server.bin
	}
	c.paced(env)
	return env, home, nil
}

// paced tells the stand-ins to go at the cluster's pace.
func (c *Cluster) paced(env map[string]string) {
	if c.pace.line > 0 {
		env["PRACTICE_PAUSE"] = fmt.Sprint(c.pace.line.Seconds())
		env["PRACTICE_BOOT"] = fmt.Sprint(c.pace.boot.Seconds())
	}
}

// rails is what the stand-ins for tootctl and rails need.
func (c *Cluster) rails(env map[string]string) {
	env["PRACTICE_PUBLIC"] = c.system()
	if c.fault != nil && c.fault.Name == diskFull {
		env["PRACTICE_FULL"] = c.full()
	}
	if c.server != nil {
		env["PRACTICE_PSQL"] = filepath.Join(c.server.bin, "psql")
		return
	}
	env["PRACTICE_TABLES"] = c.simulation.dir
}

// clientPath is where a container finds PostgreSQL's client.
func (c *Cluster) clientPath() string {
	if c.server == nil {
		return filepath.Join(c.dir, "bin", "none")
	}
	if c.pace.line == 0 {
		return c.server.bin
	}
	return filepath.Join(c.dir, "bin", "client") + string(filepath.ListSeparator) + c.server.bin
}

func orDiscard(w io.Writer) io.Writer {
	if w == nil {
		return io.Discard
	}
	return w
}
