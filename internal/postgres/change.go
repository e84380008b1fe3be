package postgres

import (
	"context"
	"fmt"
	"strings"
)

// NewDatabase asks for an empty database beside the live one.
type NewDatabase struct {
	Name string
	// Like is the live database, whose settings and grants are copied where it is there.
	Like     string
	Owner    string
	Encoding string
	Collate  string
	CType    string
	// Comment marks whose database it is.
	Comment string
}

// Create makes an empty database. One of the same name is dropped first: its name holds the run's
// id, so it is a half-finished one of the same run.
func (s *Server) Create(ctx context.Context, n NewDatabase) error {
	if err := s.Drop(ctx, n.Name); err != nil {
		return err
	}
	sql := `CREATE DATABASE :"v1" TEMPLATE template0 OWNER :"v2"`
	params := []string{n.Name, n.Owner}
	for _, option := range []struct{ name, value string }{{"ENCODING", n.Encoding}, {"LC_COLLATE", n.Collate}, {"LC_CTYPE", n.CType}} {
		if option.value != "" {
			params = append(params, option.value)
			sql += fmt.Sprintf(` %s :'v%d'`, option.name, len(params))
		}
	}
	params = append(params, n.Comment, n.Like)
	sql += fmt.Sprintf(";\nCOMMENT ON DATABASE :\"v1\" IS :'v%d';\n", len(params)-1) +
		strings.ReplaceAll(copySettings, "LIVE", fmt.Sprintf(":'v%d'", len(params)))
	if err := s.change(ctx, s.Maintenance(), sql, params...); err != nil {
		return fmt.Errorf("create database %s: %w", n.Name, err)
	}
	return nil
}

// copySettings gives the database :"v1" what ALTER DATABASE … SET and GRANT gave LIVE. Settings
// that hold lists are not quoted as one string.
const copySettings = `SELECT format('ALTER DATABASE %I SET %I TO %s', :'v1', k, CASE WHEN k IN ('search_path', 'temp_tablespaces', 'session_preload_libraries', 'local_preload_libraries', 'DateStyle') THEN v ELSE quote_literal(v) END)
  FROM pg_db_role_setting JOIN pg_database d ON d.oid = setdatabase, unnest(setconfig) c,
       LATERAL (SELECT split_part(c, '=', 1) AS k, substr(c, strpos(c, '=') + 1) AS v) kv
 WHERE datname = LIVE AND setrole = 0 \gexec
SELECT format('REVOKE ALL ON DATABASE %I FROM PUBLIC', :'v1') FROM pg_database WHERE datname = LIVE AND datacl IS NOT NULL \gexec
SELECT format('GRANT %s ON DATABASE %I TO %s', privilege_type, :'v1', CASE grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END)
  FROM pg_database, aclexplode(datacl) WHERE datname = LIVE AND grantee <> datdba \gexec
`

// Drop removes a database and the sessions in it. One that is not there is no error.
func (s *Server) Drop(ctx context.Context, name string) error {
	sql := terminate(`:'v1'`) + `DROP DATABASE IF EXISTS :"v1";`
	if err := s.change(ctx, s.Maintenance(), sql, name); err != nil {
		return fmt.Errorf("drop database %s: %w", name, err)
	}
	return nil
}

// Swap names the databases of a swap: New becomes Live, Live becomes Kept.
type Swap struct {
	New, Live, Kept string
	// Comment marks Kept; LiveComment marks what is live from now on.
	Comment, LiveComment string
}

// Swap renames both databases in one transaction, so that there is no moment without a live one.
// Where Live is not there, New only takes its name. It succeeds when the server already looks as
// it would leave it.
func (s *Server) Swap(ctx context.Context, w Swap) error {
	look, err := s.Look(ctx, w.Live)
	if err != nil {
		return err
	}
	_, fresh := look.Databases[w.New]
	_, kept := look.Databases[w.Kept]
	switch {
	case !fresh && look.Exists && look.Comment != "" && look.Comment == w.LiveComment:
		return nil
	case !fresh:
		return fmt.Errorf("database %s is not there: nothing to swap in", w.New)
	case kept:
		return fmt.Errorf("database %s is there already: rename or drop it first", w.Kept)
	}
	sql := terminate(`:'v1', :'v2'`) + "BEGIN;\n"
	if look.Exists {
		sql += `ALTER DATABASE :"v2" RENAME TO :"v3"; COMMENT ON DATABASE :"v3" IS :'v4';` + "\n"
	}
	sql += `ALTER DATABASE :"v1" RENAME TO :"v2"; COMMENT ON DATABASE :"v2" IS :'v5'; COMMIT;`
	if err := s.change(ctx, s.Maintenance(), sql, w.New, w.Live, w.Kept, w.Comment, w.LiveComment); err != nil {
		return fmt.Errorf("swap %s in for %s: %w", w.New, w.Live, err)
	}
	return nil
}

// terminate ends every other session in the named databases and gives them two seconds to go.
func terminate(names string) string {
	others := `FROM pg_stat_activity WHERE datname IN (` + names + `) AND pid <> pg_backend_pid()`
	return `SELECT count(pg_terminate_backend(pid)) AS ended ` + others + ` \gset
DO $$ BEGIN PERFORM pg_sleep(0.05); END $$;
SELECT count(pg_sleep(2)) AS waited FROM (SELECT 1 ` + others + ` LIMIT 1) busy \gset
`
}
