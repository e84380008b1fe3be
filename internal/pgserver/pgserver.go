// Package pgserver runs a throw-away PostgreSQL server on this machine: for tests, and for the
// practice cluster. The server listens on a Unix socket only, trusts whoever reaches it, and does
// not fsync; it must never hold data that somebody wants to keep.
//
// The package knows nothing of Mastodon and nothing of dumps. A [Server] is safe for concurrent use.
package pgserver

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"
)

// A socket's address holds 104 bytes on macOS, 108 on Linux.
const longestSocket = 103

// Server is a running PostgreSQL.
type Server struct {
	Host   string // the directory of the Unix socket
	Port   int
	User   string // a superuser; no password is asked
	BinDir string // where this version's psql, pg_dump and pg_restore are

	sockets  string
	command  *exec.Cmd
	lifeline func() error
	ended    chan struct{}
	stop     sync.Once
}

// Start makes a new cluster in dir/data and waits until it answers. PostgreSQL refuses to run as
// root: started by root it runs as the user postgres (or nobody), who then owns dir and must be
// able to reach it. The server ends with Stop, or when this process ends, however it ends.
func Start(ctx context.Context, dir string) (*Server, error) {
	bin, err := Find()
	if err != nil {
		return nil, err
	}
	as, err := servant()
	if err != nil {
		return nil, fmt.Errorf("find a user to run PostgreSQL as: %w", err)
	}
	sockets, err := os.MkdirTemp("", "pg")
	if err != nil {
		return nil, fmt.Errorf("make a directory for the socket: %w", err)
	}
	s := &Server{Host: sockets, Port: 5432, User: "postgres", BinDir: bin, sockets: sockets, ended: make(chan struct{})}
	if err := s.start(ctx, dir, as); err != nil {
		_ = s.Stop()
		return nil, err
	}
	return s, nil
}

func (s *Server) start(ctx context.Context, dir string, as owner) error {
	if path := s.socket(); len(path) > longestSocket {
		return fmt.Errorf("start PostgreSQL: the socket's path %s is longer than %d bytes; set TMPDIR to a shorter one", path, longestSocket)
	}
	for _, d := range []string{dir, s.sockets} {
		if err := as.own(d); err != nil {
			return fmt.Errorf("hand over %s: %w", d, err)
		}
	}
	data := filepath.Join(dir, "data")
	initdb := exec.CommandContext(ctx, filepath.Join(s.BinDir, "initdb"), "--pgdata", data, "--username", s.User,
		"--auth", "trust", "--encoding", "UTF8", "--no-locale", "--no-sync")
	initdb.Dir = dir
	as.become(initdb)
	if out, err := initdb.CombinedOutput(); err != nil {
		return fmt.Errorf("run initdb: %w: %s", err, bytes.TrimSpace(out))
	}
	if err := s.launch(dir, data, as); err != nil {
		return err
	}
	return s.ready(ctx, filepath.Join(dir, "log"))
}

// The shell stops the server when its standard input ends, which is when this process closes it
// or dies.
const leash = `"$@" & pg=$!; exec 3<&0; (cat <&3 >/dev/null; kill -INT $pg 2>/dev/null) & wait $pg`

func (s *Server) launch(dir, data string, as owner) error {
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		return fmt.Errorf("make the server's log: %w", err)
	}
	defer log.Close()
	cmd := exec.Command("/bin/sh", "-c", leash, "sh", filepath.Join(s.BinDir, "postgres"), "-D", data, "-k", s.sockets,
		"-p", strconv.Itoa(s.Port), "-c", "listen_addresses=", "-c", "unix_socket_permissions=0700",
		"-c", "fsync=off", "-c", "full_page_writes=off", "-c", "synchronous_commit=off", "-c", "max_wal_size=2GB")
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, log, log
	as.become(cmd)
	in, err := cmd.StdinPipe()
	if err != nil {
		return fmt.Errorf("start PostgreSQL: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start PostgreSQL: %w", err)
	}
	s.command, s.lifeline = cmd, in.Close
	go func() {
		_ = cmd.Wait()
		close(s.ended)
	}()
	return nil
}

func (s *Server) ready(ctx context.Context, log string) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for {
		_, err := s.SQL(ctx, "postgres", "SELECT 1")
		if err == nil {
			return nil
		}
		select {
		case <-s.ended:
			said, _ := os.ReadFile(log)
			return fmt.Errorf("start PostgreSQL: it ended at once: %s", bytes.TrimSpace(said))
		case <-ctx.Done():
			return fmt.Errorf("wait for PostgreSQL: %w: %w", ctx.Err(), err)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// Stop ends the server and waits for it. The data stay in the directory given to [Start].
func (s *Server) Stop() error {
	var err error
	s.stop.Do(func() {
		if s.command != nil {
			err = s.lifeline()
			<-s.ended
		}
		err = errors.Join(err, os.RemoveAll(s.sockets))
	})
	return err
}

// SQL runs sql in a database with psql and returns what it prints: rows in lines, columns parted
// by |, without headings and without the last newline. The first error ends it.
func (s *Server) SQL(ctx context.Context, db, sql string) (string, error) {
	cmd := exec.CommandContext(ctx, filepath.Join(s.BinDir, "psql"), "-XqAt", "-v", "ON_ERROR_STOP=1", "-d", db)
	cmd.Env = append(os.Environ(), s.Env()...)
	cmd.Stdin = strings.NewReader(sql)
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &said
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("run psql: %w: %s", err, bytes.TrimSpace(said.Bytes()))
	}
	return strings.TrimSuffix(out.String(), "\n"), nil
}

// Env is what a client of PostgreSQL needs in its environment to reach the server.
func (s *Server) Env() []string {
	return []string{"PGHOST=" + s.Host, "PGPORT=" + strconv.Itoa(s.Port), "PGUSER=" + s.User}
}

// DSN is the connection string of one database.
func (s *Server) DSN(db string) string {
	return fmt.Sprintf("host=%s port=%d user=%s dbname=%s", s.Host, s.Port, s.User, db)
}

func (s *Server) socket() string {
	return filepath.Join(s.sockets, ".s.PGSQL."+strconv.Itoa(s.Port))
}
