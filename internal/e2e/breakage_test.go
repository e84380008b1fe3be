//go:build e2e

package e2e

import "strings"

// newer is a file that the server got after the backup: it must survive the restore.
const newer = "media_attachments/files/117/999/000/000/000/001/original/0123456789abcdef.jpg"

// breakIt leaves the server as disasters leave one: tables gone or half empty, one in the way that
// no backup knows, files deleted, a worker already at rest.
func (i *instance) breakIt() {
	i.Helper()
	i.sql(`
		DROP TABLE statuses CASCADE;
		DROP TABLE tags CASCADE;
		DELETE FROM follows;
		DELETE FROM users WHERE id > 2;
		UPDATE accounts SET display_name = 'broken' WHERE domain IS NULL;
		CREATE TABLE statuses_to_be_deleted (id bigint PRIMARY KEY);
		CREATE VIEW pghero_busy AS SELECT id FROM accounts;`)
	i.shell(web, strings.Join([]string{
		"cd " + system,
		"rm -rf accounts site_uploads cache",
		`find media_attachments -type f | sort | awk "NR % 2" | xargs rm`,
		"mkdir -p " + newer[:strings.LastIndex(newer, "/")],
		"echo newer > " + newer,
	}, "\n"))
	i.kubectl("scale", "deploy/mastodon-sidekiq-scheduler", "--replicas=0")
}
