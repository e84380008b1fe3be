package practice

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"mastodon-restore/internal/pgdump"
	"mastodon-restore/internal/postgres"
	"mastodon-restore/internal/remote"
)

// load is a restore that runs, as pg_restore would in a detached job. Its folder in the scratch
// folder is its identity; log and rc are written when it ends.
type load struct {
	dir string

	mu    sync.Mutex
	moved chan struct{} // closed and made anew with every line
	said  []saying
	ended bool
	err   error
}

// saying is a line of pg_restore's, and the object it is about.
type saying struct {
	Line string         `json:"line"`
	Item *postgres.Item `json:"item,omitempty"`
}

var errNotHere = errors.New("the simulated database can't be saved or restored in place: take --database swap, or install PostgreSQL")

// Load puts a section of a staged dump into a database.
func (s *SimulatedServer) Load(ctx context.Context, l postgres.Load, item func(postgres.Item), line func(string)) error {
	if err := s.reach(ctx); err != nil {
		return err
	}
	dir := filepath.Join(s.server.Scratch, fmt.Sprintf("job-%s-%d", l.Section, l.Attempt))
	job, err := s.sim.begin(dir, func(ctx context.Context, job *load) error {
		return s.sim.restore(ctx, job, l)
	})
	if err == nil {
		err = job.follow(ctx, item, line)
	}
	if err != nil {
		return fmt.Errorf("restore the %s section: %w", l.Section, err)
	}
	return nil
}

// InPlace is not simulated: it needs a dump of the database as it is.
func (s *SimulatedServer) InPlace(context.Context, string, string, int, func(postgres.Item), func(string)) error {
	return errNotHere
}

// Save is not simulated.
func (s *SimulatedServer) Save(context.Context, string, int, func(string)) (string, error) {
	return "", errNotHere
}

// Analyze does nothing: the simulation has no statistics.
func (s *SimulatedServer) Analyze(ctx context.Context, database string, _ int) error {
	if err := s.reach(ctx); err != nil {
		return err
	}
	_, err := s.sim.database(database).meta()
	return err
}

// begin sets a job going, or finds the one that was.
func (s *Simulation) begin(dir string, run func(context.Context, *load) error) (*load, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if job := s.jobs[dir]; job != nil {
		return job, nil
	}
	err := os.Mkdir(dir, 0o755)
	if errors.Is(err, os.ErrExist) {
		return recall(dir)
	}
	if err != nil {
		return nil, err
	}
	job := &load{dir: dir, moved: make(chan struct{})}
	s.jobs[dir] = job
	s.wait.Go(func() {
		err := run(s.ctx, job)
		job.end(err)
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.ctx.Err() == nil {
			job.keep()
		}
		delete(s.jobs, dir)
	})
	return job, nil
}

// recall finds what an earlier process's job has left.
func recall(dir string) (*load, error) {
	rc, err := os.ReadFile(filepath.Join(dir, "rc"))
	if err != nil {
		return nil, fmt.Errorf("%w (it ended with the program that ran it)", remote.ErrGone)
	}
	job := &load{dir: dir, ended: true}
	if text := strings.TrimSpace(string(rc)); text != "" {
		job.err = &remote.ExitError{Code: 1, Stderr: text}
	}
	f, err := os.Open(filepath.Join(dir, "log"))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var say saying
		if err := json.Unmarshal(lines.Bytes(), &say); err != nil {
			return nil, err
		}
		job.said = append(job.said, say)
	}
	return job, nil
}

// keep writes down how the job ended, in the end by a rename.
func (l *load) keep() {
	var text strings.Builder
	for _, say := range l.said {
		line, _ := json.Marshal(say)
		text.Write(append(line, '\n'))
	}
	code := ""
	if l.err != nil {
		code = l.err.Error()
	}
	if os.WriteFile(filepath.Join(l.dir, "log"), []byte(text.String()), 0o644) == nil &&
		os.WriteFile(filepath.Join(l.dir, "rc.new"), []byte(code), 0o644) == nil {
		_ = os.Rename(filepath.Join(l.dir, "rc.new"), filepath.Join(l.dir, "rc"))
	}
}

func (l *load) say(line string, item *postgres.Item) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.said = append(l.said, saying{line, item})
	close(l.moved)
	l.moved = make(chan struct{})
}

func (l *load) end(err error) {
	if err != nil && !errors.Is(err, remote.ErrGone) {
		l.say("pg_restore: error: "+err.Error(), nil)
		err = &remote.ExitError{Code: 1, Stderr: "pg_restore: error: " + err.Error()}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ended, l.err = true, err
	close(l.moved)
}

// follow hands on everything that was and is said, until the job has ended or ctx.
func (l *load) follow(ctx context.Context, item func(postgres.Item), line func(string)) error {
	for next := 0; ; {
		l.mu.Lock()
		news, ended, err, moved := l.said[next:], l.ended, l.err, l.moved
		l.mu.Unlock()
		for _, say := range news {
			if line != nil {
				line(say.Line)
			}
			if say.Item != nil && item != nil {
				item(*say.Item)
			}
		}
		if next += len(news); ended {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-moved:
		}
	}
}

// restore does what pg_restore does with one section.
func (s *Simulation) restore(ctx context.Context, job *load, l postgres.Load) error {
	db := s.database(l.Database)
	m, err := db.meta()
	if err != nil {
		return err
	}
	archive, err := pgdump.OpenFile(l.Dump)
	if err != nil {
		return err
	}
	defer archive.Close()
	// Every object takes its time, and ends with the pod it is made from.
	object := func(verb string, item postgres.Item, id int) error {
		text := fmt.Sprintf("pg_restore: %s item %d %s %s", verb, id, item.Kind, item.Name)
		if verb == "creating" {
			text = fmt.Sprintf("pg_restore: creating %s %q", item.Kind, "public."+item.Name)
		}
		job.say(text, &item)
		if _, err := os.Stat(job.dir); err != nil {
			return remote.ErrGone
		}
		if verb == "launching" {
			return ctx.Err()
		}
		return sleep(ctx, s.pace.line)
	}
	sections := map[postgres.Section]pgdump.Section{postgres.PreData: pgdump.PreData, postgres.Data: pgdump.Data, postgres.PostData: pgdump.PostData}
	section := sections[l.Section]
	if section == pgdump.Data {
		return s.restoreRows(ctx, db, archive, object)
	}
	for i := range archive.Entries() {
		e := &archive.Entries()[i]
		if e.Namespace != "public" {
			continue
		}
		if e.Kind == pgdump.KindTableData && section == pgdump.PreData {
			if err := db.create(e.Name, e.Columns()); err != nil {
				return err
			}
		}
		if e.Section != section {
			continue
		}
		if section == pgdump.PreData {
			err = object("creating", postgres.Item{Kind: e.Kind, Name: e.Name}, e.ID)
		} else if err = object("launching", postgres.Item{Kind: e.Kind, Name: e.Name}, e.ID); err == nil {
			err = object("finished", postgres.Item{Kind: e.Kind, Name: e.Name, Done: true}, e.ID)
		}
		if err != nil {
			return err
		}
	}
	m.Contents = join(m.Contents, schema(archive.Entries(), section))
	return db.save(m)
}

// restoreRows loads the tables' rows.
func (s *Simulation) restoreRows(ctx context.Context, db database, archive *pgdump.Archive, object func(string, postgres.Item, int) error) error {
	for block, err := range archive.Data(ctx) {
		if err != nil {
			return err
		}
		item := postgres.Item{Kind: block.Entry.Kind, Name: block.Entry.Name}
		if block.Entry.Kind != pgdump.KindTableData || block.Entry.Namespace != "public" {
			continue
		}
		if err := object("launching", item, block.Entry.ID); err != nil {
			return err
		}
		if err := db.fill(block.Entry.Name, block); err != nil {
			return err
		}
		item.Done = true
		if err := object("finished", item, block.Entry.ID); err != nil {
			return err
		}
	}
	return nil
}
