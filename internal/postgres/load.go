package postgres

import (
	"context"
	"fmt"
	"path"
	"regexp"
	"strconv"
)

// Section is a part of a dump, in pg_restore's words.
type Section string

// The sections, in the order they are restored.
const (
	PreData  Section = "pre-data"
	Data     Section = "data"
	PostData Section = "post-data"
)

// Load asks pg_restore to put one section of a staged dump into a database.
type Load struct {
	Database string
	// Dump is the path of the dump where the script runs.
	Dump    string
	Section Section
	// Attempt tells one try from the next; a try is started once and can be followed again.
	Attempt int
	Jobs    int
}

// Item is one object that pg_restore has begun or finished.
type Item struct {
	Kind string // as in the dump's contents: "TABLE DATA", "INDEX", "FK CONSTRAINT", …
	Name string
	Done bool
}

// Load runs detached and is followed until it has ended; called again with the same attempt it
// follows what was started before. item and line may be nil.
func (s *Server) Load(ctx context.Context, l Load, item func(Item), line func(string)) error {
	job := s.job(fmt.Sprintf("%s-%d", l.Section, l.Attempt), loadScript, l.Database, l.Dump, string(l.Section), strconv.Itoa(max(l.Jobs, 2)), s.Role)
	if err := job.Start(ctx); err != nil {
		return err
	}
	err := job.Follow(ctx, 0, func(text string) {
		if line != nil {
			line(text)
		}
		if i, ok := parseItem(text); ok && item != nil {
			item(i)
		}
	})
	if err != nil {
		return fmt.Errorf("restore the %s section: %w", l.Section, err)
	}
	return nil
}

// loadScript never carries on after an error: a restore that ignores some is a broken server
// later. Grants to roles are left out, since the roles need not be there.
const loadScript = `export PGOPTIONS="-c synchronous_commit=off" LC_ALL=C
exec pg_restore --verbose --exit-on-error --no-owner --no-privileges --schema=public ${5:+"--role=$5"} --section="$3" --jobs="$4" --dbname="$1" "$2"`

// InPlace restores the whole dump over the live database in one transaction, as the author of the
// backup script does by hand, but so that an error leaves the database as it was.
func (s *Server) InPlace(ctx context.Context, database, dump string, attempt int, item func(Item), line func(string)) error {
	job := s.job(fmt.Sprintf("in-place-%d", attempt), `export LC_ALL=C
exec pg_restore --verbose --clean --if-exists --single-transaction --exit-on-error --no-owner --no-privileges --schema=public ${3:+"--role=$3"} --dbname="$1" "$2"`,
		database, dump, s.Role)
	if err := job.Start(ctx); err != nil {
		return err
	}
	err := job.Follow(ctx, 0, func(text string) {
		if line != nil {
			line(text)
		}
		if i, ok := parseItem(text); ok && item != nil {
			i.Done = true
			item(i)
		}
	})
	if err != nil {
		return fmt.Errorf("restore in place: %w", err)
	}
	return nil
}

// Save dumps a database to a file in the scratch folder and returns the file's path.
func (s *Server) Save(ctx context.Context, database string, attempt int, line func(string)) (string, error) {
	file := path.Join(s.Scratch, fmt.Sprintf("safety-%d.sqlc", attempt))
	job := s.job(fmt.Sprintf("save-%d", attempt), `pg_dump --format=custom --file="$2.part" --dbname="$1" && mv "$2.part" "$2"`, database, file)
	if err := job.Start(ctx); err != nil {
		return "", err
	}
	if err := job.Follow(ctx, 0, line); err != nil {
		return "", fmt.Errorf("dump %s before anything is changed: %w", database, err)
	}
	return file, nil
}

// Analyze gathers statistics; without them the first hours after a restore are slow.
func (s *Server) Analyze(ctx context.Context, database string, attempt int) error {
	job := s.job(fmt.Sprintf("analyze-%d", attempt), `exec psql -X -q -d "$1" -c ANALYZE`, database)
	if err := job.Start(ctx); err != nil {
		return err
	}
	if err := job.Follow(ctx, 0, nil); err != nil {
		return fmt.Errorf("analyze %s: %w", database, err)
	}
	return nil
}

var (
	// Parallel: "pg_restore: finished item 3421 TABLE DATA accounts".
	parallelItem = regexp.MustCompile(`^pg_restore: (launching|finished) item \d+ (TABLE DATA|INDEX|FK CONSTRAINT|CONSTRAINT|MATERIALIZED VIEW DATA|TRIGGER|SEQUENCE SET) (.+)$`)
	// Serial: `pg_restore: creating INDEX "public.index_accounts_on_uri"`.
	serialItem = regexp.MustCompile(`^pg_restore: (?:creating (TABLE|INDEX|FK CONSTRAINT|CONSTRAINT|SEQUENCE|VIEW|FUNCTION|TRIGGER|MATERIALIZED VIEW)|(processing data) for table) "(?:public\.)?(.+)"$`)
)

// parseItem reads one line of pg_restore --verbose.
func parseItem(line string) (Item, bool) {
	if m := parallelItem.FindStringSubmatch(line); m != nil {
		return Item{Kind: m[2], Name: m[3], Done: m[1] == "finished"}, true
	}
	if m := serialItem.FindStringSubmatch(line); m != nil {
		kind := m[1]
		if m[2] != "" {
			kind = "TABLE DATA"
		}
		return Item{Kind: kind, Name: m[3]}, true
	}
	return Item{}, false
}
