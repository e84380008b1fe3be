package practice

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strconv"
	"time"

	"mastodon-restore/internal/mastodon"
	"mastodon-restore/internal/postgres"
)

// Contents lists the objects of a database.
func (s *SimulatedServer) Contents(ctx context.Context, name string) (mastodon.Contents, error) {
	if err := s.reach(ctx); err != nil {
		return mastodon.Contents{}, err
	}
	m, err := s.sim.database(name).meta()
	if err != nil {
		return mastodon.Contents{}, fmt.Errorf("list the contents of %s: %w", name, err)
	}
	return m.Contents, nil
}

// Rows counts the rows of those of the tables that are there.
func (s *SimulatedServer) Rows(ctx context.Context, name string, tables []string) (map[string]int64, error) {
	if err := s.reach(ctx); err != nil {
		return nil, err
	}
	got := map[string]int64{}
	for _, table := range tables {
		var n int64
		ok, err := s.sim.database(name).rows(table, func(row) { n++ })
		if err != nil {
			return nil, fmt.Errorf("count the rows of %s: %w", name, err)
		}
		if ok {
			got[table] = n
		}
	}
	return got, nil
}

// Counts takes the figures of a database.
func (s *SimulatedServer) Counts(ctx context.Context, name string) (c mastodon.Counts, missing []string, err error) {
	if err := s.reach(ctx); err != nil {
		return c, nil, err
	}
	db := s.sim.database(name)
	if _, err := db.meta(); err != nil {
		return c, nil, fmt.Errorf("take the figures of %s: %w", name, err)
	}
	now := time.Now()
	for table, each := range figures(&c, now) {
		ok, err := db.rows(table, each)
		if err != nil {
			return c, nil, fmt.Errorf("take the figures of %s: %w", name, err)
		}
		if !ok {
			missing = append(missing, table)
		}
	}
	slices.Sort(missing)
	return c, missing, nil
}

// figures says, for each table, how a row changes the counts.
func figures(c *mastodon.Counts, now time.Time) map[string]func(row) {
	one := func(n *int64, if_ bool) {
		if if_ {
			*n++
		}
	}
	return map[string]func(row){
		"users": func(row) { c.Users++ },
		"accounts": func(r row) {
			one(&c.LocalAccounts, !r.is("domain"))
			one(&c.RemoteAccounts, r.is("domain"))
		},
		"statuses": func(r row) {
			one(&c.LocalPosts, !r.is("deleted_at") && (r.get("local") == "t" || !r.is("uri")))
			if at := moment(r.get("created_at")); at.After(c.NewestPost) {
				c.NewestPost = at
			}
		},
		"media_attachments":  func(r row) { one(&c.LocalMedia, r.get("remote_url") == "" && r.is("file_file_name")) },
		"custom_emojis":      func(r row) { one(&c.LocalEmoji, !r.is("domain")) },
		"scheduled_statuses": func(r row) { one(&c.ScheduledDue, r.is("scheduled_at") && moment(r.get("scheduled_at")).Before(now)) },
		"schema_migrations":  func(r row) { c.Schema = max(c.Schema, r.get("version")) },
		"ar_internal_metadata": func(r row) {
			if r.get("key") == "environment" {
				c.Environment = r.get("value")
			}
		},
	}
}

// moment reads a timestamp as COPY writes it; zero for NULL.
func moment(s string) time.Time {
	t, _ := time.Parse("2006-01-02 15:04:05.999999", s)
	return t
}

// Media names the files of the newest local attachments, below public/system.
func (s *SimulatedServer) Media(ctx context.Context, name string, limit int) ([]string, error) {
	if err := s.reach(ctx); err != nil {
		return nil, err
	}
	names := map[int64]string{}
	ok, err := s.sim.database(name).rows("media_attachments", func(r row) {
		id, err := strconv.ParseInt(r.get("id"), 10, 64)
		if err == nil && r.get("remote_url") == "" && r.is("file_file_name") {
			names[id] = r.get("file_file_name")
		}
	})
	if err == nil && !ok {
		err = errors.New("relation \"media_attachments\" does not exist")
	}
	if err != nil {
		return nil, fmt.Errorf("list the newest attachments of %s: %w", name, err)
	}
	var files []string
	for _, id := range slices.Backward(slices.Sorted(maps.Keys(names))) {
		if len(files) < limit {
			files = append(files, path.Join("media_attachments/files", postgres.Partition(id), "original", names[id]))
		}
	}
	return files, nil
}
