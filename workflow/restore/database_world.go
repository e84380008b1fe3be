package restore

import (
	"context"

	"mastodon-restore/internal/mastodon"
	"mastodon-restore/internal/postgres"
)

// Database is PostgreSQL as a restore uses it; *postgres.Server is the real one, the practice
// cluster has a simulated one for machines without PostgreSQL.
type Database interface {
	DatabaseReader
	DatabaseLoader
	DatabaseSwapper
}

// DatabaseReader only looks.
type DatabaseReader interface {
	Look(ctx context.Context, name string) (postgres.Look, error)
	// Counts takes what figures can be had; missing names the tables that are not there.
	Counts(ctx context.Context, name string) (c mastodon.Counts, missing []string, err error)
	Contents(ctx context.Context, name string) (mastodon.Contents, error)
	// Rows counts the rows of those of the tables that are there.
	Rows(ctx context.Context, name string, tables []string) (map[string]int64, error)
	// Media names the files of the newest local attachments, below public/system.
	Media(ctx context.Context, name string, limit int) ([]string, error)
}

// DatabaseLoader puts a dump into a database. Each call runs detached and, called again with the
// same attempt, follows what was started before.
type DatabaseLoader interface {
	Load(ctx context.Context, l postgres.Load, item func(postgres.Item), line func(string)) error
	InPlace(ctx context.Context, database, dump string, attempt int, item func(postgres.Item), line func(string)) error
	Save(ctx context.Context, database string, attempt int, line func(string)) (path string, err error)
	Analyze(ctx context.Context, database string, attempt int) error
}

// DatabaseSwapper makes, renames and drops whole databases.
type DatabaseSwapper interface {
	Create(ctx context.Context, n postgres.NewDatabase) error
	Swap(ctx context.Context, w postgres.Swap) error
	Drop(ctx context.Context, name string) error
}

var _ Database = (*postgres.Server)(nil)
