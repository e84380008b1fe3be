package practice

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"mastodon-restore/internal/pgserver"
)

// server is the cluster's PostgreSQL. Package pgserver makes it and fills it; then it gets a life
// of its own, since a cluster does not die with the program that talks to it.
type server struct {
	dir  string // its folder, with the socket and data/
	bin  string
	port string
	as   *syscall.Credential // nil: whoever runs this process
	stop context.CancelFunc
}

// linger is how many minutes the server runs on when nobody keeps it alive.
const linger = 15

// keep stops the server of folder $1 when the file $1/alive is older than $2 minutes, or gone. It
// ends with the server.
const keep = `while sleep 2; [ -f "$1/data/postmaster.pid" ]; do
	[ -n "$(find "$1/alive" -mmin "-$2" 2>/dev/null)" ] || exec "$3/pg_ctl" stop -D "$1/data" -m fast
done`

func newServer(dir string) (*server, error) {
	bin, err := pgserver.Find()
	if err != nil {
		return nil, err
	}
	s := &server{dir: dir, bin: bin, port: "5432"}
	info, err := os.Stat(s.data())
	if err != nil {
		return nil, fmt.Errorf("the practice database is gone, begin a new drill: %w", err)
	}
	if owner, ok := info.Sys().(*syscall.Stat_t); ok && int(owner.Uid) != os.Getuid() {
		s.as = &syscall.Credential{Uid: owner.Uid, Gid: owner.Gid}
	}
	return s, nil
}

func (s *server) data() string { return filepath.Join(s.dir, "data") }

// start starts the server unless it still runs, and keeps it alive until stop is called or this
// process ends.
func (s *server) start(ctx context.Context) error {
	alive := filepath.Join(s.dir, "alive")
	if err := os.WriteFile(alive, nil, 0o644); err != nil {
		return fmt.Errorf("start the practice database: %w", err)
	}
	if _, err := s.sql(ctx, "postgres", "SELECT 1"); err != nil {
		options := fmt.Sprintf("-k '%s' -p %s -c listen_addresses= -c unix_socket_permissions=0700 -c fsync=off -c full_page_writes=off -c synchronous_commit=off", s.dir, s.port)
		if err := s.run(ctx, "pg_ctl", "start", "-w", "-s", "-D", s.data(), "-l", filepath.Join(s.dir, "server.log"), "-o", options); err != nil {
			return fmt.Errorf("start the practice database: %w", err)
		}
		keeper := s.command(context.Background(), "/bin/sh", "-c", keep, "sh", s.dir, fmt.Sprint(linger), s.bin)
		if err := keeper.Start(); err != nil {
			return fmt.Errorf("start the practice database: %w", err)
		}
		go func() { _ = keeper.Wait() }()
	}
	ctx, s.stop = context.WithCancel(context.Background())
	go func() {
		for sleep(ctx, time.Minute) == nil {
			now := time.Now()
			_ = os.Chtimes(alive, now, now)
		}
	}()
	return nil
}

// end stops the server at once.
func (s *server) end() error {
	s.leave()
	if _, err := os.Stat(filepath.Join(s.data(), "postmaster.pid")); errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err := s.run(context.Background(), "pg_ctl", "stop", "-w", "-s", "-D", s.data(), "-m", "fast"); err != nil {
		return fmt.Errorf("stop the practice database: %w", err)
	}
	return nil
}

// leave lets the server live its quarter of an hour.
func (s *server) leave() {
	if s.stop != nil {
		s.stop()
	}
}

// sql runs SQL as the superuser and returns what psql prints.
func (s *server) sql(ctx context.Context, db, sql string) (string, error) {
	cmd := exec.CommandContext(ctx, filepath.Join(s.bin, "psql"), "-XqAt", "-v", "ON_ERROR_STOP=1", "-d", db)
	cmd.Env = append(os.Environ(), "PGHOST="+s.dir, "PGPORT="+s.port, "PGUSER=postgres", "PGCONNECT_TIMEOUT=10", "PGOPTIONS=")
	cmd.Stdin = strings.NewReader(sql)
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("run psql: %w: %s", err, bytes.TrimSpace(said.Bytes()))
	}
	return strings.TrimSuffix(string(out), "\n"), nil
}

// run runs one of PostgreSQL's tools as the server's owner.
func (s *server) run(ctx context.Context, tool string, args ...string) error {
	cmd := s.command(ctx, filepath.Join(s.bin, tool), args...)
	log, err := os.CreateTemp("", "practice-pg")
	if err != nil {
		return err
	}
	defer os.Remove(log.Name())
	defer log.Close()
	// A file, not a pipe: the server inherits it and would hold a pipe open.
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Run(); err != nil {
		said, _ := os.ReadFile(log.Name())
		return fmt.Errorf("run %s: %w: %s", tool, err, bytes.TrimSpace(said))
	}
	return nil
}

// command starts in a session of its own: what a terminal tells its programs is not for it.
func (s *server) command(ctx context.Context, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = s.dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Credential: s.as}
	return cmd
}
