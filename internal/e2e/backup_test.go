//go:build e2e

package e2e

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/stretchr/testify/require"
)

// A backup is a set in a folder, and what the server held when it was made.
type backup struct {
	dir   string
	rows  rows
	files files // of the archives in the set only
}

// archives are those of the backup script; the cache is often missing.
var archives = []string{"accounts", "media_attachments", "site_uploads", "cache"}

// backUp makes a set with the commands of the backup script.
func (i *instance) backUp(names ...string) backup {
	i.Helper()
	b := backup{dir: filepath.Join(i.TempDir(), "backup"), rows: i.rows(), files: files{}}
	require.NoError(i, os.Mkdir(b.dir, 0o700))

	i.shell(postgres, `PGPASSWORD="$POSTGRES_PASSWORD" pg_dump -U mastodon -d `+database+` --format=c > /tmp/pg_dump_mastodon_backup.sqlc`)
	i.kubectl("cp", path.Base(postgres)+":/tmp/pg_dump_mastodon_backup.sqlc", filepath.Join(b.dir, "pg_dump_mastodon_backup.sqlc"))
	i.shell(postgres, "rm /tmp/pg_dump_mastodon_backup.sqlc")
	held := i.files()
	for _, name := range names {
		i.archive(name, filepath.Join(b.dir, "system_"+name+".tar.gz"), held)
		for file, sum := range held {
			if strings.HasPrefix(file, name+"/") {
				b.files[file] = sum
			}
		}
	}
	env, err := os.Create(filepath.Join(b.dir, "mastodon_environment.txt"))
	require.NoError(i, err)
	i.stream(nil, env, "exec", web, "--", "env")
	require.NoError(i, env.Close())

	require.Equal(i, b.rows, i.rows(), "the server changed while it was backed up")
	require.NotEmpty(i, b.files)
	return b
}

// archive is kubectl exec … tar zcf - …: kubectl may lose the last of the stream, so that a
// careful script looks at what it got and asks again.
func (i *instance) archive(name, file string, held files) {
	i.Helper()
	want := 0
	for f := range held {
		if strings.HasPrefix(f, name+"/") {
			want++
		}
	}
	var err error
	for range 3 {
		out, createErr := os.Create(file)
		require.NoError(i, createErr)
		i.stream(nil, out, "exec", web, "--", "tar", "zcf", "-", system+"/"+name)
		require.NoError(i, out.Close())
		var got int
		if got, err = countFiles(file); err == nil && got == want {
			return
		}
		i.Logf("archive %s came with %d of %d files: %v; once more", name, got, want, err)
	}
	require.FailNow(i, "the archive never came whole", name)
}

func countFiles(archive string) (int, error) {
	f, err := os.Open(archive)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	unzipped, err := gzip.NewReader(f)
	if err != nil {
		return 0, err
	}
	n, members := 0, tar.NewReader(unzipped)
	for {
		switch header, err := members.Next(); {
		case errors.Is(err, io.EOF):
			_, err = io.Copy(io.Discard, unzipped)
			return n, err
		case err != nil:
			return n, err
		case header.Typeflag == tar.TypeReg:
			n++
		}
	}
}
