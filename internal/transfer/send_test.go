package transfer

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"mastodon-restore/internal/remote"
)

// quick makes parcels and waits small, so that little data makes many parcels.
func quick() Options {
	return Options{
		Lanes: 3, BatchBytes: 256 << 10, BatchFiles: 16, Memory: 4 * mib,
		StallAfter: 5 * time.Second, Patience: 30 * time.Second, backoff: time.Millisecond,
	}
}

func TestSendLeavesTheTreeOfTheArchive(t *testing.T) {
	long := strings.Repeat("n", 255)
	deep := strings.Repeat("deep/", 40)
	cases := map[string][]file{
		"an empty archive":   nil,
		"folders only":       {{name: root + "accounts/"}, {name: root + "accounts/avatars/"}},
		"many small files":   avatars(300, 900),
		"an empty file":      {{name: root + "accounts/avatars/empty.png"}},
		"a large file":       {{name: root + "media_attachments/files/1/original/v.mp4", content: strings.Repeat("0123456789abcde\n", 80_000)}},
		"a name of 255 byte": {{name: root + "cache/a/" + long, content: "x"}},
		"a deep name":        {{name: root + "cache/" + deep + "x", content: "x"}},
		"odd names": {
			{name: root + "accounts/a b/c  d.png", content: "spaces"},
			{name: root + "accounts/it's/\"q\".png", content: "quotes"},
			{name: root + "accounts/new\nline\n", content: "newline"},
			{name: root + "accounts/\u00fcml\u00e4ut/\u65e5\u672c.png", content: "utf-8"},
			{name: root + "accounts/\xff\xfe.png", content: "no utf-8"},
			{name: root + "accounts/-rf", content: "dash"},
			{name: root + "accounts/--help/x", content: "dashes"},
			{name: root + "accounts/back\\slash\\n", content: "backslash"},
			{name: root + "accounts/$(id) `id` %s *", content: "shell"},
			{name: root + "accounts/ x ", content: "edges"},
		},
		"a large file with an odd name": {{name: root + "cache/a b/-x'\n\\n\t\u00fc", content: strings.Repeat("y", 1<<20)}},
		"hard and symbolic links": {
			{name: root + "cache/a/one", content: "one"},
			{name: root + "cache/b/two", link: root + "cache/a/one"},
			{name: root + "cache/b/three", symlink: "two"},
		},
		"a file that is there twice": {
			{name: root + "cache/a/f", content: "first"},
			{name: root + "cache/a/g", content: "other"},
			{name: root + "cache/a/f", content: "second, which counts"},
		},
	}
	for name, files := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			opt := quick()
			opt.Verify = VerifyFull
			report, err := Send(context.Background(), &remote.Local{}, archiveOf(t, files), Destination{Dir: dir}, opt)
			require.NoError(t, err)
			requireTree(t, want(files), dir)
			require.Equal(t, report.Verification.Digests, report.Verification.Equal)
			require.Zero(t, report.Restarts, report.Notes)
		})
	}
}

func TestSendReadsEveryCompression(t *testing.T) {
	files := avatars(40, 500)
	plain := tarBytes(t, files)
	for name, b := range map[string][]byte{"x.tar": plain, "x.tar.gz": gzipped(t, plain), "x.tar.zst": zstandard(t, plain)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			report, err := Send(context.Background(), &remote.Local{}, writeFile(t, name, b), Destination{Dir: dir}, quick())
			require.NoError(t, err)
			requireTree(t, want(files), dir)
			require.EqualValues(t, 40, report.Files)
		})
	}
}

func TestSendReplacesTheFilesOfTheBackupAndLeavesAllOthers(t *testing.T) {
	files := avatars(20, 500)
	dir := t.TempDir()
	first := strings.TrimPrefix(files[1].name, root)
	require.NoError(t, os.MkdirAll(filepath.Join(dir, filepath.Dir(first)), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(dir, first), []byte("written since"), 0o644))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "accounts", "newer.png"), []byte("newer"), 0o644))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "accounts", "older.png"), []byte("older"), 0o644))
	past := time.Now().Add(-72 * time.Hour)
	require.NoError(t, os.Chtimes(filepath.Join(dir, "accounts", "older.png"), past, past))

	opt := quick()
	opt.BackupTime = time.Now().Add(-48 * time.Hour)
	report, err := Send(context.Background(), &remote.Local{}, archiveOf(t, files), Destination{Dir: dir, Class: "accounts"}, opt)
	require.NoError(t, err)
	require.EqualValues(t, 2, report.Newer)
	require.ElementsMatch(t, []string{first, "accounts/newer.png"}, report.NewerNames)
	expected := want(files)
	expected["accounts/newer.png"], expected["accounts/older.png"] = "newer", "older"
	requireTree(t, expected, dir)
}

func TestSendTwoArchivesIntoOverlappingTrees(t *testing.T) {
	one := avatars(60, 400)
	two := append(avatars(60, 400)[30:], file{name: root + "accounts/avatars/109/373/001/001/original/other.png", content: "other"})
	dir := t.TempDir()
	errs := make(chan error, 2)
	for _, files := range [][]file{one, two} {
		path := archiveOf(t, files)
		go func() {
			_, err := Send(context.Background(), &remote.Local{}, path, Destination{Dir: dir}, quick())
			errs <- err
		}()
	}
	require.NoError(t, <-errs)
	require.NoError(t, <-errs)
	requireTree(t, want(append(one, two...)), dir)
}

func TestSendRefusesAPlaceThatCannotReceive(t *testing.T) {
	path := archiveOf(t, avatars(3, 10))
	var unfit *UnfitError
	_, err := Send(context.Background(), &remote.Local{}, path, Destination{Dir: "/no/such/directory"}, quick())
	require.ErrorAs(t, err, &unfit)
	require.Contains(t, err.Error(), "/no/such/directory")
}
