package postgres

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"mastodon-restore/internal/mastodon"
)

// Look is a server and one of its databases as they are now.
type Look struct {
	// Server and Client are version numbers such as 150018 and 150018.
	Server int `json:"server"`
	Client int `json:"client"`
	// Exists says that the database is there; the fields below are empty otherwise.
	Exists   bool   `json:"exists"`
	Owner    string `json:"owner"`
	Encoding string `json:"encoding"`
	Collate  string `json:"collate"`
	CType    string `json:"ctype"`
	Bytes    int64  `json:"bytes"`
	Comment  string `json:"comment"`
	// User is who we are; CreateDB, Superuser and Owns what that may do.
	User      string `json:"user"`
	CreateDB  bool   `json:"create_db"`
	Superuser bool   `json:"superuser"`
	Owns      bool   `json:"owns"` // the database, or a role that does
	// Sessions are other sessions in the database, as "user application state".
	Sessions []string `json:"sessions"`
	// Databases are all there are, by name, with their comments.
	Databases map[string]string `json:"databases"`
}

// Major is the major version of a server or client version number.
func Major(number int) int { return number / 10000 }

// Look asks the server about itself and the database name.
func (s *Server) Look(ctx context.Context, name string) (Look, error) {
	var l Look
	client, err := s.Shell.Ask(ctx, `pg_restore --version`)
	if err != nil {
		return l, fmt.Errorf("ask pg_restore's version: %w", err)
	}
	l.Client = parseVersion(client)
	rows, err := s.query(ctx, s.Maintenance(), `SELECT current_setting('server_version_num'), current_user,
		(SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user),
		(SELECT rolsuper FROM pg_roles WHERE rolname = current_user)`)
	if err != nil {
		return l, fmt.Errorf("ask the server about itself: %w", err)
	}
	if len(rows) != 1 || len(rows[0]) != 4 {
		return l, fmt.Errorf("ask the server about itself: unexpected answer %q", rows)
	}
	l.Server, _ = strconv.Atoi(rows[0][0])
	l.User, l.CreateDB, l.Superuser = rows[0][1], rows[0][2] == "t", rows[0][3] == "t"
	return l, s.lookDatabases(ctx, name, &l)
}

func (s *Server) lookDatabases(ctx context.Context, name string, l *Look) error {
	rows, err := s.query(ctx, s.Maintenance(), `SELECT datname, pg_get_userbyid(datdba), pg_encoding_to_char(encoding), datcollate, datctype,
		CASE WHEN has_database_privilege(datname, 'CONNECT') THEN pg_database_size(oid) ELSE 0 END,
		pg_has_role(datdba, 'MEMBER'), translate(coalesce(shobj_description(oid, 'pg_database'), ''), E'\n', ' ')
		FROM pg_database WHERE NOT datistemplate`)
	if err != nil {
		return fmt.Errorf("list the server's databases: %w", err)
	}
	l.Databases = map[string]string{}
	for _, r := range rows {
		if len(r) != 8 {
			return fmt.Errorf("list the server's databases: unexpected row %q", r)
		}
		l.Databases[r[0]] = r[7]
		if r[0] != name {
			continue
		}
		l.Exists, l.Owner, l.Encoding, l.Collate, l.CType = true, r[1], r[2], r[3], r[4]
		l.Bytes, _ = strconv.ParseInt(r[5], 10, 64)
		l.Owns, l.Comment = r[6] == "t", r[7]
	}
	rows, err = s.query(ctx, s.Maintenance(), `SELECT usename, coalesce(nullif(application_name, ''), 'unnamed'), coalesce(state, '?')
		FROM pg_stat_activity WHERE datname = :'v1' AND pid <> pg_backend_pid()`, name)
	if err != nil {
		return fmt.Errorf("list the sessions of %s: %w", name, err)
	}
	for _, r := range rows {
		l.Sessions = append(l.Sessions, strings.Join(r, " "))
	}
	return nil
}

// Maintenance is the database to be connected to while others are made and renamed.
func (s *Server) Maintenance() string { return "postgres" }

// parseVersion reads "pg_restore (PostgreSQL) 15.18 (Debian …)" as 150018.
func parseVersion(text string) int {
	for word := range strings.FieldsSeq(text) {
		major, minor, _ := strings.Cut(word, ".")
		if m, err := strconv.Atoi(major); err == nil {
			n, _ := strconv.Atoi(minor)
			return m*10000 + n
		}
	}
	return 0
}

// counts yields one column per figure. A table or column that is not there makes its figure NULL,
// since a broken server is what restores are for.
var counts = []struct{ needs, sql string }{
	{"users.id", `SELECT count(*) FROM users`},
	{"accounts.domain", `SELECT count(*) FROM accounts WHERE domain IS NULL`},
	{"statuses.uri", `SELECT count(*) FROM statuses WHERE deleted_at IS NULL AND (local OR uri IS NULL)`},
	{"media_attachments.remote_url", `SELECT count(*) FROM media_attachments WHERE remote_url = '' AND file_file_name IS NOT NULL`},
	{"custom_emojis.domain", `SELECT count(*) FROM custom_emojis WHERE domain IS NULL`},
	{"accounts.domain", `SELECT count(*) FROM accounts WHERE domain IS NOT NULL`},
	{"scheduled_statuses.scheduled_at", `SELECT count(*) FROM scheduled_statuses WHERE scheduled_at < now()`},
	{"statuses.created_at", `SELECT coalesce(to_char(max(created_at), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), '') FROM statuses`},
	{"schema_migrations.version", `SELECT coalesce(max(version), '') FROM schema_migrations`},
	{"ar_internal_metadata.value", `SELECT coalesce(max(value), '') FROM ar_internal_metadata WHERE key = 'environment'`},
}

// Counts takes the figures of the database name. missing lists those that can't be had because
// a table is not there.
func (s *Server) Counts(ctx context.Context, name string) (c mastodon.Counts, missing []string, err error) {
	rows, err := s.query(ctx, name, `SELECT table_name || '.' || column_name FROM information_schema.columns WHERE table_schema = 'public'`)
	if err != nil {
		return c, nil, fmt.Errorf("list the columns of %s: %w", name, err)
	}
	there := map[string]bool{}
	for _, r := range rows {
		there[r[0]] = true
	}
	columns := make([]string, len(counts))
	for i, figure := range counts {
		if columns[i] = "NULL"; there[figure.needs] {
			columns[i] = "(" + figure.sql + ")"
			continue
		}
		table, _, _ := strings.Cut(figure.needs, ".")
		missing = append(missing, table)
	}
	rows, err = s.query(ctx, name, "SELECT "+strings.Join(columns, ", "))
	if err != nil {
		return c, missing, fmt.Errorf("take the figures of %s: %w", name, err)
	}
	if len(rows) == 0 { // every column was NULL: psql prints separators only
		return c, missing, nil
	}
	for i, target := range []*int64{&c.Users, &c.LocalAccounts, &c.LocalPosts, &c.LocalMedia, &c.LocalEmoji, &c.RemoteAccounts, &c.ScheduledDue} {
		*target, _ = strconv.ParseInt(rows[0][i], 10, 64)
	}
	c.NewestPost, _ = time.Parse(time.RFC3339Nano, rows[0][7])
	c.Schema, c.Environment = rows[0][8], rows[0][9]
	return c, missing, nil
}

// Contents lists the objects of the public schema of the database name.
func (s *Server) Contents(ctx context.Context, name string) (mastodon.Contents, error) {
	rows, err := s.query(ctx, name, `
SELECT CASE relkind WHEN 'r' THEN 'table' WHEN 'p' THEN 'table' WHEN 'S' THEN 'sequence' WHEN 'v' THEN 'view' WHEN 'm' THEN 'view' ELSE 'index' END, relname::text
  FROM pg_class c WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'S', 'v', 'm', 'i', 'I')
   AND NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conindid = c.oid AND contype IN ('p', 'u', 'x') AND conrelid = (SELECT indrelid FROM pg_index WHERE indexrelid = c.oid))
UNION ALL
SELECT 'constraint', conrelid::regclass::text || '.' || conname FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND conrelid <> 0 AND contype IN ('p', 'u', 'x', 'f')
UNION ALL
SELECT 'function', proname::text FROM pg_proc WHERE pronamespace = 'public'::regnamespace
UNION ALL
SELECT 'invalid', indexrelid::regclass::text FROM pg_index WHERE NOT indisvalid
ORDER BY 1, 2`)
	if err != nil {
		return mastodon.Contents{}, fmt.Errorf("list the contents of %s: %w", name, err)
	}
	var c mastodon.Contents
	kinds := map[string]*[]string{"table": &c.Tables, "index": &c.Indexes, "constraint": &c.Constraints, "sequence": &c.Sequences, "view": &c.Views, "function": &c.Functions}
	for _, r := range rows {
		if list, ok := kinds[r[0]]; ok && len(r) == 2 {
			*list = append(*list, r[1])
		}
	}
	return c, nil
}

// Rows counts the rows of tables of the public schema of the database name.
func (s *Server) Rows(ctx context.Context, name string, tables []string) (map[string]int64, error) {
	rows, err := s.query(ctx, name, `SELECT table_name, (xpath('/row/c/text()', query_to_xml(format('SELECT count(*) AS c FROM public.%I', table_name), false, true, '')))[1]::text
		FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'`)
	if err != nil {
		return nil, fmt.Errorf("count the rows of %s: %w", name, err)
	}
	all := map[string]int64{}
	for _, r := range rows {
		if len(r) == 2 {
			all[r[0]], _ = strconv.ParseInt(r[1], 10, 64)
		}
	}
	got := map[string]int64{}
	for _, t := range tables {
		if n, ok := all[t]; ok {
			got[t] = n
		}
	}
	return got, nil
}
