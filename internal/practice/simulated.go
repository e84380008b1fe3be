package practice

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"mastodon-restore/internal/postgres"
)

// simulatedVersion is what the simulation says it is: the version the embedded dump was made with.
const simulatedVersion = 150000

// Simulation stands in for a PostgreSQL server. Its databases are folders, so what happens to them
// outlives the process.
type Simulation struct {
	dir  string
	pace pace

	mu     sync.Mutex // over jobs and over changes of whole databases
	jobs   map[string]*load
	ctx    context.Context
	cancel context.CancelFunc
	wait   sync.WaitGroup
}

func newSimulation(dir string, pace pace) *Simulation {
	s := &Simulation{dir: dir, pace: pace, jobs: map[string]*load{}}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	return s
}

// close ends the loads that run.
func (s *Simulation) close() {
	s.cancel()
	s.wait.Wait()
}

func (s *Simulation) database(name string) database { return database{filepath.Join(s.dir, name)} }

func (s *Simulation) has(db, table string) bool { return s.database(db).has(table) }

// Simulation is the cluster's simulated database, or nil where the database is real.
func (c *Cluster) Simulation() *Simulation { return c.simulation }

// SimulatedServer is the simulation as somebody reaches it from a place, with the methods of
// [postgres.Server].
type SimulatedServer struct {
	sim    *Simulation
	server postgres.Server
}

// Reach makes of a way to a real server the same way to the simulated one. The place has to be
// there, as it would for psql.
func (s *Simulation) Reach(server postgres.Server) *SimulatedServer {
	return &SimulatedServer{s, server}
}

// reach waits until the place answers.
func (s *SimulatedServer) reach(ctx context.Context) error {
	_, err := s.server.Shell.Ask(ctx, ":")
	return err
}

func (s *SimulatedServer) admin() bool {
	return strings.Contains(string(s.server.Login), "RESTORE_ADMIN_PASSWORD")
}

// Look looks at the server and one of its databases.
func (s *SimulatedServer) Look(ctx context.Context, name string) (postgres.Look, error) {
	if err := s.reach(ctx); err != nil {
		return postgres.Look{}, fmt.Errorf("ask the server about itself: %w", err)
	}
	l := postgres.Look{Server: simulatedVersion, Client: simulatedVersion, User: databaseRole, CreateDB: true, Databases: map[string]string{"postgres": ""}}
	if s.admin() {
		l.User, l.Superuser = "postgres", true
	}
	entries, err := os.ReadDir(s.sim.dir)
	if err != nil {
		return l, fmt.Errorf("list the server's databases: %w", err)
	}
	for _, e := range entries {
		db := s.sim.database(e.Name())
		if !db.exists() {
			continue
		}
		m, err := db.meta()
		if err != nil {
			return l, fmt.Errorf("list the server's databases: %w", err)
		}
		l.Databases[e.Name()] = m.Comment
		if e.Name() == name {
			l.Exists, l.Owner, l.Encoding, l.Collate, l.CType, l.Comment = true, m.Owner, m.Encoding, m.Collate, m.CType, m.Comment
			l.Owns, l.Bytes = l.Superuser || m.Owner == l.User, sizeOf(db.dir)
		}
	}
	return l, nil
}

// sizeOf is what a folder holds, in bytes. What goes away meanwhile does not count.
func sizeOf(dir string) (sum int64) {
	_ = filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return nil
		}
		if info, err := d.Info(); err == nil {
			sum += info.Size()
		}
		return nil
	})
	return sum
}

// Create makes an empty database; one of the same name is dropped first.
func (s *SimulatedServer) Create(ctx context.Context, n postgres.NewDatabase) error {
	if err := s.Drop(ctx, n.Name); err != nil {
		return err
	}
	m := meta{Owner: n.Owner, Encoding: n.Encoding, Collate: n.Collate, CType: n.CType, Comment: n.Comment}
	if err := s.sim.database(n.Name).save(m); err != nil {
		return fmt.Errorf("create database %s: %w", n.Name, err)
	}
	return nil
}

// Drop removes a database. One that is not there is no error.
func (s *SimulatedServer) Drop(ctx context.Context, name string) error {
	if err := s.reach(ctx); err != nil {
		return err
	}
	if err := os.RemoveAll(s.sim.database(name).dir); err != nil {
		return fmt.Errorf("drop database %s: %w", name, err)
	}
	return nil
}

// Swap renames both databases, and succeeds when they are as it would leave them.
func (s *SimulatedServer) Swap(ctx context.Context, w postgres.Swap) error {
	look, err := s.Look(ctx, w.Live)
	if err != nil {
		return err
	}
	s.sim.mu.Lock()
	defer s.sim.mu.Unlock()
	fresh, live, kept := s.sim.database(w.New), s.sim.database(w.Live), s.sim.database(w.Kept)
	// A process that died between the two renames has left the old database under its new name.
	half := !look.Exists && look.Databases[w.Kept] == w.Comment && w.Comment != ""
	switch {
	case !fresh.exists() && look.Exists && look.Comment == w.LiveComment && w.LiveComment != "":
		return nil
	case !fresh.exists():
		return fmt.Errorf("database %s is not there: nothing to swap in", w.New)
	case kept.exists() && !half:
		return fmt.Errorf("database %s is there already: rename or drop it first", w.Kept)
	}
	if look.Exists {
		if err := rename(live, kept, w.Comment); err != nil {
			return fmt.Errorf("swap %s in for %s: %w", w.New, w.Live, err)
		}
	}
	if err := rename(fresh, live, w.LiveComment); err != nil {
		return fmt.Errorf("swap %s in for %s: %w", w.New, w.Live, err)
	}
	return nil
}

func rename(from, to database, comment string) error {
	m, err := from.meta()
	if err != nil {
		return err
	}
	m.Comment = comment
	if err := from.save(m); err != nil {
		return err
	}
	return os.Rename(from.dir, to.dir)
}
