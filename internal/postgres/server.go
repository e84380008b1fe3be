package postgres

import (
	"context"
	"errors"
	"fmt"
	"path"
	"strconv"
	"strings"
	"time"

	"mastodon-restore/internal/remote"
)

// Login is shell that exports the PG* variables where a script runs.
type Login string

const (
	// LoginApp connects as Mastodon does, by the variables of its own containers.
	LoginApp Login = `export PGHOST="${DB_HOST:-$MASTODON_DATABASE_HOST}" PGPORT="${DB_PORT:-${MASTODON_DATABASE_PORT_NUMBER:-5432}}"
export PGUSER="${DB_USER:-$MASTODON_DATABASE_USERNAME}" PGPASSWORD="${DB_PASS:-$MASTODON_DATABASE_PASSWORD}"
[ -n "$PGPASSWORD" ] || [ ! -r "$MASTODON_DATABASE_PASSWORD_FILE" ] || PGPASSWORD=$(cat "$MASTODON_DATABASE_PASSWORD_FILE")
[ -z "$DB_SSLMODE" ] || export PGSSLMODE="$DB_SSLMODE"
`
	// LoginServer connects from within the server's own container (Bitnami's variables, then
	// the official image's).
	LoginServer Login = `export PGHOST="${PGHOST:-127.0.0.1}" PGUSER="${POSTGRES_USER:-postgres}" PGPASSWORD="$POSTGRES_PASSWORD"
[ -n "$PGPASSWORD" ] || [ ! -r "$POSTGRES_PASSWORD_FILE" ] || PGPASSWORD=$(cat "$POSTGRES_PASSWORD_FILE")
`
)

// LoginAdmin connects as the superuser user ("postgres" where empty), to the app's server.
func LoginAdmin(user string) Login {
	if user == "" {
		user = "postgres"
	}
	return LoginApp + Login("export PGUSER="+quote(user)+` PGPASSWORD="$RESTORE_ADMIN_PASSWORD"`+"\n")
}

// At is added to a login that would otherwise reach a pooler in front of the server.
func At(host, port string) Login {
	return Login("export PGHOST=" + quote(host) + " PGPORT=" + quote(port) + "\n")
}

// quote makes one word for sh of any text.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// Server is one PostgreSQL server, reached by scripts.
type Server struct {
	Shell remote.Shell
	Login Login
	// Role owns what is restored, where Login is not that role already; empty: Login's own.
	Role string
	// Scratch is the folder for the jobs and the staged dump.
	Scratch string
}

// slowest bounds one attempt of a query: counting the rows of a large server takes its time.
const slowest = 10 * time.Minute

// fields parts the columns of a row of psql's output; rows are lines.
const fields = "\x1f"

// query runs SQL that only looks, and returns rows of columns. Parameters reach it as psql
// variables :'v1', :'v2' …, quoted by psql.
func (s *Server) query(ctx context.Context, db, sql string, params ...string) ([][]string, error) {
	shell := s.Shell
	shell.Timeout = slowest
	out, err := shell.Ask(ctx, s.psql(), append([]string{db, sql}, params...)...)
	if err != nil {
		return nil, err
	}
	var rows [][]string
	for line := range strings.SplitSeq(out, "\n") {
		if line != "" {
			rows = append(rows, strings.Split(line, fields))
		}
	}
	return rows, nil
}

// change runs SQL that changes something, once. The caller looks at the world when its end is
// unknown.
func (s *Server) change(ctx context.Context, db, sql string, params ...string) error {
	_, err := s.Shell.Do(ctx, s.psql(), append([]string{db, sql}, params...)...)
	return err
}

// psql runs the SQL $2 in the database $1. The SQL comes from a here-document: psql replaces
// variables only in what it reads, not in -c.
func (s *Server) psql() string {
	return string(s.Login) + `export PGDATABASE="$1" PGCONNECT_TIMEOUT=10 PGAPPNAME=mastodon-restore PGOPTIONS="-c client_min_messages=warning"
sql=$2; shift 2; n=0; export LC_ALL=C
count=$#; i=0
while [ $i -lt $count ]; do n=$((n+1)); i=$((i+1)); value=$1; shift; set -- "$@" -v "v$n=$value"; done
printf '%s\n' "$sql" | psql -X -q -A -t -F "$(printf '\037')" -v ON_ERROR_STOP=1 "$@" -f -`
}

// Space returns the free bytes of the file system that holds the server's data. It works only
// where the script runs in the server's own container.
func (s *Server) Space(ctx context.Context) (int64, error) {
	out, err := s.Shell.Ask(ctx, `for d in "$PGDATA" "$POSTGRESQL_DATA_DIR" /bitnami/postgresql/data /var/lib/postgresql/data /bitnami/postgresql; do
  [ -n "$d" ] && [ -d "$d" ] && { df -Pk "$d" | tail -n 1 | awk '{print $4}'; exit 0; }
done; echo "no data directory found" >&2; exit 1`)
	if err != nil {
		return 0, err
	}
	kib, err := strconv.ParseInt(strings.TrimSpace(out), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("read df's output %q: %w", out, err)
	}
	return kib << 10, nil
}

// job is a detached script of this server's, told apart by name.
func (s *Server) job(name, script string, args ...string) remote.Job {
	return remote.Job{Shell: s.Shell, Dir: path.Join(s.Scratch, "job-"+name), Script: string(s.Login) + script, Args: args}
}

// Refused says whether err is the server's or a tool's own word, and not a lost connection.
func Refused(err error) bool {
	var exit *remote.ExitError
	return errors.As(err, &exit)
}
