package practice_test

import (
	"archive/tar"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"mastodon-restore/internal/mastodon"
	"mastodon-restore/internal/pgdump"
	"mastodon-restore/internal/practice"
)

func sets(t *testing.T, c *practice.Cluster) {
	found, err := filepath.Glob(filepath.Join(c.SetDir(), "*"))
	require.NoError(t, err)
	require.Len(t, found, 3)

	newest := mastodon.SchemaOf(instance(t, c).Version)
	require.Equal(t, newest, schemaOf(t, found[good]))
	if c.Simulation() == nil {
		require.Less(t, schemaOf(t, found[older]), newest, "it needs migrations")
	}
	for i, days := range []time.Duration{14, 7, 0} {
		age := time.Since(createdOf(t, found[i])) - days*24*time.Hour
		require.True(t, age > time.Hour && age < 30*time.Hour, "%s is %s too old", found[i], age)
	}
	for _, class := range []string{"accounts", "media_attachments", "site_uploads", "cache"} {
		files, err := filesIn(filepath.Join(found[good], "system_"+class+".tar.gz"), "opt/mastodon/public/system/"+class+"/")
		require.NoError(t, err)
		require.NotZero(t, files, class)
	}
	_, err = filesIn(filepath.Join(found[damaged], "system_media_attachments.tar.gz"), "opt/")
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	require.NoFileExists(t, filepath.Join(found[older], "system_cache.tar.gz"))

	env, err := os.ReadFile(filepath.Join(found[good], "mastodon_environment.txt"))
	require.NoError(t, err)
	i := instance(t, c)
	for _, secret := range []string{"SECRET_KEY_BASE", "LOCAL_DOMAIN"} {
		require.True(t, strings.Contains(string(env), "\n"+secret+"="+i.Env[secret]+"\n"), "%s is the server's", secret)
	}
}

func createdOf(t *testing.T, set string) time.Time {
	archive, err := pgdump.OpenFile(filepath.Join(set, "pg_dump_mastodon_backup.sqlc"))
	require.NoError(t, err)
	defer archive.Close()
	at, err := time.ParseInLocation(time.DateTime, archive.Header.Created.Format(time.DateTime), time.Local)
	require.NoError(t, err)
	return at
}

func schemaOf(t *testing.T, set string) (newest string) {
	archive, err := pgdump.OpenFile(filepath.Join(set, "pg_dump_mastodon_backup.sqlc"))
	require.NoError(t, err)
	defer archive.Close()
	for block, err := range archive.Data(t.Context()) {
		require.NoError(t, err)
		if block.Entry.Name != "schema_migrations" {
			continue
		}
		rows, err := block.Rows()
		require.NoError(t, err)
		for rows.Next() {
			newest = max(newest, string(rows.Field(0)))
		}
	}
	return newest
}

// filesIn reads an archive to its end and counts its files, which must all have the prefix.
func filesIn(name, prefix string) (n int, err error) {
	f, err := os.Open(name)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	unpacked, err := gzip.NewReader(f)
	if err != nil {
		return 0, err
	}
	for members := tar.NewReader(unpacked); ; {
		h, err := members.Next()
		if err == io.EOF {
			return n, nil
		}
		if err != nil {
			return n, err
		}
		if h.Typeflag == tar.TypeReg && strings.HasPrefix(h.Name, prefix) {
			n++
		}
	}
}
