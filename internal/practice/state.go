package practice

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"mastodon-restore/internal/mastodon"
)

// state is every object of the cluster, as state.json holds it.
type state struct {
	Began        time.Time `json:"began"`
	ClusterUID   string    `json:"cluster_uid"`
	NamespaceUID string    `json:"namespace_uid"`
	Fast         bool      `json:"fast"`
	// Postgres is the folder of the private PostgreSQL; empty: the database is simulated.
	Postgres string `json:"postgres,omitempty"`
	Major    int    `json:"major"` // PostgreSQL's version

	Workloads map[string]*workload `json:"workloads"`
	CronJobs  map[string]*cronJob  `json:"cron_jobs"`
	Pods      []*pod               `json:"pods"`
	Lease     *mastodon.Holder     `json:"lease,omitempty"`
	Fault     *misfortune          `json:"fault,omitempty"`
	// Made counts the pods there have been; it is in their names.
	Made int `json:"made"`
}

type workload struct {
	Kind        string             `json:"kind"`
	Component   mastodon.Component `json:"component"`
	Container   string             `json:"container"`
	Replicas    int                `json:"replicas"`
	Annotations map[string]string  `json:"annotations,omitempty"`
}

type cronJob struct {
	Schedule    string            `json:"schedule"`
	Suspended   bool              `json:"suspended"`
	Annotations map[string]string `json:"annotations,omitempty"`
}

// store keeps the state in a folder. A lock on a second file makes every change one step, for this
// process's goroutines and for other processes alike.
type store struct{ dir string }

func (s store) path() string { return filepath.Join(s.dir, "state.json") }

// change loads the state, changes it and saves it, unless change returns an error.
func (s store) change(change func(*state) error) error {
	unlock, err := s.lock()
	if err != nil {
		return err
	}
	defer unlock()
	st, err := s.load()
	if err != nil {
		return err
	}
	if err := change(st); err != nil {
		return err
	}
	return s.save(st)
}

// load reads the state. A file renamed into place is never half of one, so it takes no lock.
func (s store) load() (*state, error) {
	text, err := os.ReadFile(s.path())
	if err != nil {
		return nil, fmt.Errorf("read the practice cluster: %w", err)
	}
	st := &state{}
	if err := json.Unmarshal(text, st); err != nil {
		return nil, fmt.Errorf("read the practice cluster: %s: %w", s.path(), err)
	}
	return st, nil
}

func (s store) save(st *state) error {
	text, err := json.MarshalIndent(st, "", "  ")
	if err != nil {
		return fmt.Errorf("write the practice cluster: %w", err)
	}
	part := s.path() + ".new"
	if err := os.WriteFile(part, append(text, '\n'), 0o600); err != nil {
		return fmt.Errorf("write the practice cluster: %w", err)
	}
	if err := os.Rename(part, s.path()); err != nil {
		return fmt.Errorf("write the practice cluster: %w", err)
	}
	return nil
}

func (s store) lock() (unlock func(), err error) {
	f, err := os.OpenFile(filepath.Join(s.dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock the practice cluster: %w", err)
	}
	for {
		err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX)
		if err != syscall.EINTR {
			break
		}
	}
	if err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("lock the practice cluster: %w", err)
	}
	return func() { _ = f.Close() }, nil
}

// annotate sets annotations; an empty value takes one away.
func annotate(to *map[string]string, annotations map[string]string) {
	if *to == nil {
		*to = map[string]string{}
	}
	for name, value := range annotations {
		if value == "" {
			delete(*to, name)
			continue
		}
		(*to)[name] = value
	}
}
