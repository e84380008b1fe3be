package practice

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"mastodon-restore/internal/pgserver"
)

// Options say what to practise on. The zero value is right for a person.
type Options struct {
	// Dir is the cluster's folder; empty: a new one among the temporary files.
	Dir string
	// Fast leaves out the pauses that a person reads in.
	Fast bool
	// Fault is the name of one of [Faults], or empty.
	Fault string
	// Simulate takes the simulated database where there is a PostgreSQL, too.
	Simulate bool
	// Told is told what is being made, in words. May be nil.
	Told func(string)
}

// Cluster is a practice cluster that this process has opened.
type Cluster struct {
	dir   string
	store store
	pace  pace
	// server is the private PostgreSQL, simulation what stands in for one; one of them is nil.
	server     *server
	simulation *Simulation
	major      int // PostgreSQL's

	processes processes
	valve     valve

	fault  *Fault
	after  int64 // bytes until the fault strikes
	seen   atomic.Int64
	struck atomic.Bool
	// striking says that a fault that lasts has struck in this process.
	striking atomic.Bool
}

// Open makes a cluster with a broken server and its backup sets.
func Open(ctx context.Context, o Options) (*Cluster, error) {
	if _, err := faultNamed(o.Fault); err != nil {
		return nil, err
	}
	dir, err := folder(o.Dir)
	if err != nil {
		return nil, err
	}
	b := &builder{dir: dir, told: o.Told, now: time.Now()}
	if b.told == nil {
		b.told = func(string) {}
	}
	if _, err := pgserver.Find(); o.Simulate || errors.Is(err, pgserver.ErrNotFound) {
		b.simulate = true
	}
	err = b.build(ctx, o)
	var c *Cluster
	if err == nil {
		c, err = attach(ctx, dir)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("make the practice cluster: %w", err), b.clear())
	}
	return c, nil
}

// folder is a new or an empty folder, by its real name.
func folder(dir string) (string, error) {
	if dir == "" {
		made, err := os.MkdirTemp("", "mastodon-practice-")
		if err != nil {
			return "", fmt.Errorf("make a folder for the practice cluster: %w", err)
		}
		dir = made
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("make a folder for the practice cluster: %w", err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return "", fmt.Errorf("look at the practice cluster's folder: %w", err)
	}
	if len(entries) > 0 {
		return "", fmt.Errorf("the practice cluster needs an empty folder, and %s has files in it; name another one", dir)
	}
	if dir, err = filepath.Abs(dir); err != nil {
		return "", fmt.Errorf("look at the practice cluster's folder: %w", err)
	}
	return filepath.EvalSymlinks(dir)
}

// Reopen goes on with the cluster of a folder, whatever became of the process that had it open.
// What a person would have seen to in the meantime has been seen to: the registry answers again,
// the volume is as fast as it was.
func Reopen(ctx context.Context, dir string) (*Cluster, error) {
	err := store{dir}.change(func(st *state) error {
		st.mend()
		return os.RemoveAll(fullOf(dir))
	})
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("there is no practice cluster in %s any more; begin a new drill", dir)
	}
	if err != nil {
		return nil, err
	}
	return attach(ctx, dir)
}

func attach(ctx context.Context, dir string) (*Cluster, error) {
	c := &Cluster{dir: dir, store: store{dir}}
	st, err := c.store.load()
	if err != nil {
		return nil, err
	}
	if err := c.take(st); err != nil {
		return nil, err
	}
	if c.server != nil {
		err = c.server.start(ctx)
	}
	return c, err
}

// take reads from the state what does not change while the cluster is open.
func (c *Cluster) take(st *state) error {
	var err error
	c.pace, c.major = paceOf(st), st.Major
	if f := st.Fault; f != nil {
		if c.fault, err = faultNamed(f.Name); err != nil {
			return err
		}
		c.after = f.After
		c.struck.Store(f.Struck)
	}
	if st.Postgres == "" {
		c.simulation = newSimulation(filepath.Join(c.dir, "database"), c.pace)
		return nil
	}
	c.server, err = newServer(st.Postgres)
	return err
}

// Dir is the cluster's folder, which [Reopen] wants.
func (c *Cluster) Dir() string { return c.dir }

// SetDir is the folder with the backup sets.
func (c *Cluster) SetDir() string { return filepath.Join(c.dir, "sets") }

// Simulated says in words what is real.
func (c *Cluster) Simulated() string {
	if c.server == nil {
		why := "since no PostgreSQL is installed"
		if _, err := pgserver.Find(); err == nil {
			why = "as was asked for"
		}
		return "practice cluster inside the program; the database is simulated, " + why
	}
	return fmt.Sprintf("practice cluster inside the program; the database is a real PostgreSQL %d of this machine", c.major)
}

// Close ends everything that runs in the cluster, its database too. The files stay.
func (c *Cluster) Close() error {
	c.processes.close()
	endJobs(c.Scratch())
	if c.simulation != nil {
		c.simulation.close()
		return nil
	}
	return c.server.end()
}

// Leave lets go of the cluster, which runs on for a while.
func (c *Cluster) Leave() {
	if c.server != nil {
		c.server.leave()
	}
}

// Destroy closes the cluster and deletes its files.
func (c *Cluster) Destroy() error {
	err := c.Close()
	if c.server != nil {
		err = errors.Join(err, os.RemoveAll(c.server.dir))
	}
	return errors.Join(err, os.RemoveAll(c.dir))
}

// node is the root of the pods' file system; system is Mastodon's public/system on it.
func (c *Cluster) node() string   { return nodeOf(c.dir) }
func (c *Cluster) system() string { return systemOf(c.node()) }

func nodeOf(dir string) string    { return filepath.Join(dir, "node") }
func systemOf(root string) string { return filepath.Join(root, "opt", "mastodon", "public", "system") }
