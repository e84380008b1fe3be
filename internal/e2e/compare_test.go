//go:build e2e

package e2e

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/stretchr/testify/require"
)

// rows is what a database holds: for each table, view and sequence how much, and a digest of it;
// for indexes, constraints, views and functions their definitions.
type rows map[string]string

// files are the digests of the files under public/system, by path.
type files map[string]string

// holding lists a SELECT for everything that is to be compared.
const holding = `
SELECT format('SELECT %L, count(*) || '' '' || md5(COALESCE(string_agg(h, '''' ORDER BY h), '''')) FROM (SELECT md5(t::text) AS h FROM %I t) x', 'table ' || c.relname, c.relname)
  FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'm') ORDER BY c.relname \gexec
SELECT 'sequence ' || sequencename, COALESCE(last_value::text, 'fresh') FROM pg_sequences WHERE schemaname = 'public';
SELECT 'index ' || indexname, md5(indexdef) FROM pg_indexes WHERE schemaname = 'public';
SELECT 'constraint ' || conname || ' of ' || conrelid::regclass, md5(pg_get_constraintdef(oid)) FROM pg_constraint WHERE connamespace = 'public'::regnamespace;
SELECT 'function ' || proname, md5(prosrc) FROM pg_proc WHERE pronamespace = 'public'::regnamespace;
SELECT 'view ' || viewname, md5(definition) FROM pg_views WHERE schemaname = 'public';
SELECT 'owner of ' || relname, relowner::regrole FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'm', 'v', 'S');
SELECT 'database', pg_get_userbyid(datdba) || ' ' || pg_encoding_to_char(encoding) || ' ' || datcollate || ' ' || datctype FROM pg_database WHERE datname = current_database();
`

// tended are the tables that tootctl rightly changes after a restore without cache, and how to
// look at what it must leave alone.
var tended = map[string]string{
	"accounts":          `SELECT to_jsonb(t) - CASE WHEN domain IS NULL THEN '{}' ELSE '{avatar_file_name,avatar_content_type,avatar_file_size,avatar_updated_at,header_file_name,header_content_type,header_file_size,header_updated_at,updated_at}'::text[] END AS row FROM accounts t`,
	"custom_emojis":     `SELECT to_jsonb(t) AS row FROM custom_emojis t WHERE domain IS NULL`,
	"media_attachments": `SELECT to_jsonb(t) - CASE WHEN remote_url = '' THEN '{}' ELSE '{file_file_name,file_content_type,file_file_size,file_updated_at,thumbnail_file_name,thumbnail_content_type,thumbnail_file_size,thumbnail_updated_at,updated_at}'::text[] END AS row FROM media_attachments t`,
	"preview_cards":     `SELECT to_jsonb(t) - '{image_file_name,image_content_type,image_file_size,image_updated_at,updated_at}'::text[] AS row FROM preview_cards t`,
}

// rows reads all of the database, and of the tables that tootctl tends also what it leaves alone.
func (i *instance) rows() rows {
	i.Helper()
	var more strings.Builder
	for table, untouched := range tended {
		fmt.Fprintf(&more, "SELECT 'untended %s', count(*) || ' ' || md5(COALESCE(string_agg(h, '' ORDER BY h), '')) FROM (SELECT md5(row::text) AS h FROM (%s) y) x;\n", table, untouched)
	}
	held := rows{}
	for line := range strings.Lines(i.sql(holding + more.String())) {
		name, digest, ok := strings.Cut(strings.TrimSpace(line), "|")
		require.True(i, ok, line)
		held[name] = digest
	}
	return held
}

// equal compares the server with a backup: all rows, all files of the set.
func (i *instance) equal(b backup) {
	i.Helper()
	i.sameRows(b.rows, i.rows())
	i.sameFiles(b.files, i.files())
}

// equalButCache compares after a restore without cache, when tootctl has tended what that lacks;
// more tables may have been changed for a reason of their own.
func (i *instance) equalButCache(b backup, more ...string) {
	i.Helper()
	want, got := maps.Clone(b.rows), i.rows()
	for _, table := range append(slices.Collect(maps.Keys(tended)), more...) {
		delete(want, "table "+table)
		delete(got, "table "+table)
	}
	i.sameRows(want, got)
	i.sameFiles(b.files, i.files())
}

func (i *instance) sameRows(want, got rows) {
	i.Helper()
	require.Equal(i, map[string]string(want), map[string]string(got), "the database is not what was backed up")
}

// sameFiles wants every file of the backup; what else there is may stay.
func (i *instance) sameFiles(want, got files) {
	i.Helper()
	missing, changed := 0, 0
	var example string
	for file, sum := range want {
		switch now, there := got[file]; {
		case !there:
			missing, example = missing+1, file
		case now != sum:
			changed, example = changed+1, file
		}
	}
	require.Zero(i, missing+changed, "of %d files %d are missing and %d changed, such as %s", len(want), missing, changed, example)
}

func (i *instance) files() files {
	i.Helper()
	held := files{}
	for line := range strings.Lines(i.shell(web, "cd "+system+" && find . -type f -exec sha256sum {} +")) {
		sum, file, ok := strings.Cut(strings.TrimRight(line, "\n"), "  ")
		require.True(i, ok, line)
		held[strings.TrimPrefix(file, "./")] = sum
	}
	return held
}
