package practice

import (
	"io/fs"
	"os"
	"path/filepath"
)

// breakRows is what went wrong with the database: posts written after the backup, then a clean-up
// by hand that took far too much.
const breakRows = `
INSERT INTO statuses (text, account_id, local, language, created_at, updated_at)
  SELECT '<p>Written after the backup.</p>', (SELECT min(id) FROM accounts WHERE domain IS NULL AND id > 0), true, 'en', at, at
  FROM generate_series(now() - interval '100 minutes', now() - interval '14 minutes', interval '12 minutes') AS at;
DELETE FROM statuses WHERE id IN (SELECT id FROM statuses WHERE local ORDER BY id LIMIT 70);
TRUNCATE media_attachments;
DROP TABLE users CASCADE;
`

// breakFiles is what went wrong with the files: what the accounts look like and the cache are
// gone, and every other attachment.
func breakFiles(system string) error {
	for _, class := range []string{"accounts", cached, "site_uploads"} {
		if err := os.RemoveAll(filepath.Join(system, class)); err != nil {
			return err
		}
	}
	n := 0
	return filepath.WalkDir(filepath.Join(system, "media_attachments"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if n++; n%2 == 1 {
			return nil
		}
		return os.Remove(path)
	})
}
