package backupset

import (
	"archive/tar"
	"bytes"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/require"
)

const (
	dumpFile     = "pg_dump_mastodon_backup.sqlc"
	accountsFile = "system_accounts.tar.gz"
	cacheFile    = "system_cache.tar.gz"
	envFile      = "mastodon_environment.txt"
)

// badInput is a real set with one thing wrong, and what must be said of it.
type badInput struct {
	name    string
	change  func(t *testing.T, f files)
	arrange func(t *testing.T, dir string) // for what is no plain file
	verdict Verdict
	id      string // the finding that says so
	says    string // a part of its text
}

// with replaces one file.
func with(name string, text func(t *testing.T, b []byte) []byte) func(*testing.T, files) {
	return func(t *testing.T, f files) { f[name] = text(t, f[name]) }
}

// as replaces one file with a fixed text.
func as(name string, text string) func(*testing.T, files) {
	return func(_ *testing.T, f files) { f[name] = []byte(text) }
}

// holding replaces system_accounts with an archive of other members.
func holding(members ...tar.Header) func(*testing.T, files) {
	return func(t *testing.T, f files) { f[accountsFile] = gz(tarOf(t, members...)) }
}

// raw replaces system_accounts with an archive made by hand.
func raw(text []byte) func(*testing.T, files) {
	return func(_ *testing.T, f files) { f[accountsFile] = gz(text) }
}

func without(names ...string) func(*testing.T, files) {
	return func(_ *testing.T, f files) {
		for _, n := range names {
			delete(f, n)
		}
	}
}

var badDumps = []badInput{
	{"an empty dump", as(dumpFile, ""), nil, Damaged, "dump-strange", "an empty file"},
	{"a dump cut in its magic word", with(dumpFile, func(_ *testing.T, b []byte) []byte { return b[:3] }), nil, Damaged, "dump-strange", "the first 3 bytes"},
	{"a dump cut in its header", with(dumpFile, func(_ *testing.T, b []byte) []byte { return b[:30] }), nil, Damaged, "damaged", "while reading the header"},
	{"a dump cut in its contents", with(dumpFile, func(_ *testing.T, b []byte) []byte { return b[:9000] }), nil, Damaged, "damaged", "table of contents"},
	{"a dump cut at 60 percent, which pg_restore --list accepts", with(dumpFile, func(_ *testing.T, b []byte) []byte { return cutTo(b, 60) }), nil, Damaged, "damaged", "ends too early"},
	{"a dump cut at 99 percent", with(dumpFile, func(_ *testing.T, b []byte) []byte { return cutTo(b, 99) }), nil, Damaged, "damaged", "ends too early"},
	{"a dump without its last byte", with(dumpFile, func(_ *testing.T, b []byte) []byte { return b[:len(b)-1] }), nil, Damaged, "damaged", "ends too early"},
	{"a dump of an unknown newer version", with(dumpFile, func(_ *testing.T, b []byte) []byte { c := bytes.Clone(b); c[6] = 99; return c }), nil, Damaged, "dump-version", "1.99 is newer"},
	{"a dump with a flipped bit in its header", with(dumpFile, func(_ *testing.T, b []byte) []byte { return flipped(b, 8) }), nil, Damaged, "damaged", "the header"},
	{"a dump with a flipped bit in its rows", with(dumpFile, func(_ *testing.T, b []byte) []byte { return flipped(b, -100) }), nil, Damaged, "damaged", "at byte"},
	{"a dump with something behind its end", with(dumpFile, func(_ *testing.T, b []byte) []byte { return append(bytes.Clone(b), "error: EOF\n"...) }), nil, Suspicious, "trailing", "follows the end"},
	{"a dump that went through a terminal", with(dumpFile, func(_ *testing.T, b []byte) []byte { return bytes.ReplaceAll(b, []byte("\n"), []byte("\r\n")) }), nil, Damaged, "damaged", "without -t"},
	{"a plain SQL dump", as(dumpFile, "--\n-- PostgreSQL database dump\n--\n\nSET statement_timeout = 0;\n"), nil, Damaged, "dump-strange", "a plain SQL dump"},
	{"the contents of a directory-format dump", with(dumpFile, func(_ *testing.T, b []byte) []byte { c := bytes.Clone(b); c[10] = 3; return c }), nil, Damaged, "dump-strange", "directory-format"},
	{"a compressed dump", with(dumpFile, func(_ *testing.T, b []byte) []byte { return gz(b) }), nil, Damaged, "dump-strange", "a gzip file"},
	{"zeros for a dump", with(dumpFile, func(_ *testing.T, b []byte) []byte { return make([]byte, len(b)) }), nil, Damaged, "dump-strange", "zero bytes"},
	{"an error message for a dump", as(dumpFile, "error: unable to upgrade connection: container not found\n"), nil, Damaged, "dump-strange", "unable to upgrade"},
	{"an archive for a dump", func(_ *testing.T, f files) { f[dumpFile] = f[accountsFile] }, nil, Damaged, "dump-strange", "a gzip file"},
	{"no dump", without(dumpFile), nil, Damaged, "missing-database", "there is no pg_dump"},
}

var badArchives = []badInput{
	{"an empty archive file", as(accountsFile, ""), nil, Damaged, "archive-strange", "empty"},
	{"an archive cut in its gzip header", with(accountsFile, func(_ *testing.T, b []byte) []byte { return b[:5] }), nil, Damaged, "damaged", "ends too early"},
	{"an archive cut at 30 percent", with(accountsFile, func(_ *testing.T, b []byte) []byte { return cutTo(b, 30) }), nil, Damaged, "damaged", "ends too early"},
	{"an archive cut at 99 percent", with(accountsFile, func(_ *testing.T, b []byte) []byte { return cutTo(b, 99) }), nil, Damaged, "damaged", "ends too early"},
	{"an archive without its checksum", with(accountsFile, func(_ *testing.T, b []byte) []byte { return b[:len(b)-8] }), nil, Damaged, "damaged", "ends too early"},
	{"an archive without its last byte", with(accountsFile, func(_ *testing.T, b []byte) []byte { return b[:len(b)-1] }), nil, Damaged, "damaged", "ends too early"},
	{"an archive with a flipped bit in its gzip header", with(accountsFile, func(_ *testing.T, b []byte) []byte { return flipped(b, 0) }), nil, Damaged, "archive-strange", "not a tar archive"},
	{"an archive with a flipped bit in its data", with(accountsFile, func(_ *testing.T, b []byte) []byte { return flipped(b, len(b)/2) }), nil, Damaged, "damaged", "at byte"},
	{"an archive with a flipped bit in its checksum", with(accountsFile, func(_ *testing.T, b []byte) []byte { return flipped(b, -6) }), nil, Damaged, "damaged", "invalid checksum"},
	{"an archive with a flipped bit in its length", with(accountsFile, func(_ *testing.T, b []byte) []byte { return flipped(b, -2) }), nil, Damaged, "damaged", "checksum"},
	{"a gzip file that is none", as(accountsFile, "error: unable to upgrade connection: pod does not exist\n"), nil, Damaged, "archive-strange", "unable to upgrade"},
	{"a gzip file without a tar archive in it", as(accountsFile, string(gz(bytes.Repeat([]byte("not tar "), 500)))), nil, Damaged, "damaged", "checksum is wrong"},
	{"zeros for an archive", as(accountsFile, string(make([]byte, 100))), nil, Damaged, "archive-strange", "zero bytes"},
	{"an archive with a message behind it", with(accountsFile, func(_ *testing.T, b []byte) []byte { return append(bytes.Clone(b), "command terminated\n"...) }), nil, Suspicious, "trailing", "after the end of its gzip data"},
	{"two archives in one file", with(accountsFile, func(_ *testing.T, b []byte) []byte { return append(bytes.Clone(b), b...) }), nil, Suspicious, "trailing", "after the end of its tar archive"},
	{"an xz archive", as(accountsFile, "\xfd7zXZ\x00and so on"), nil, Damaged, "archive-strange", "unxz"},
	{"a plain archive by the name of a compressed one", with(accountsFile, func(t *testing.T, b []byte) []byte { return gunzip(t, b) }), nil, Suspicious, "misnamed", "should be called system_accounts.tar:"},
	{"a plain archive cut between two members", func(t *testing.T, f files) {
		delete(f, accountsFile)
		f["system_accounts.tar"] = bytes.TrimRight(tarOf(t, tar.Header{Name: avatar, Size: 512, Typeflag: tar.TypeReg}), "\x00")
	}, nil, Damaged, "damaged", "without its end marker"},
	{"a zstd archive cut short", func(t *testing.T, f files) {
		f["system_accounts.tar.zst"] = cutTo(zst(gunzip(t, f[accountsFile])), 70)
		delete(f, accountsFile)
	}, nil, Damaged, "damaged", "ends too early"},
	{"a zstd archive with a flipped bit", func(t *testing.T, f files) {
		f["system_accounts.tar.zst"] = flipped(zst(gunzip(t, f[accountsFile])), -100)
		delete(f, accountsFile)
	}, nil, Damaged, "damaged", "at byte"},
	{"a zstd archive that needs 128 MiB of memory", func(t *testing.T, f files) {
		f["system_accounts.tar.zst"] = append(zst(nil), longWindow...)
		delete(f, accountsFile)
	}, nil, Damaged, "refused", "--long"},
	{"a gzip bomb", func(t *testing.T, f files) { f[accountsFile] = gzipBomb(t) }, nil, Damaged, "refused", "100 times its size"},
	{"a zstd bomb of 100 GiB", func(t *testing.T, f files) {
		f["system_accounts.tar.zst"] = zstdBomb(t)
		delete(f, accountsFile)
	}, nil, Damaged, "refused", "100 times its size"},
}

// longWindow is the beginning of a Zstandard frame with a window of 128 MiB.
const longWindow = "\x28\xb5\x2f\xfd\x00\x88\x01\x00\x00"

var badMembers = []badInput{
	{"a member larger than the archive", raw(rawTar(rawHeader(avatar, map[int]string{124: "00000100000\x00"}))), nil, Damaged, "damaged", "are missing"},
	{"a member of an impossible size", raw(rawTar(rawHeader(avatar, map[int]string{124: "\x80\x00\x00\x00\x7f\xff\xff\xff\xff\xff\xff\xff"}))), nil, Damaged, "damaged", "more than 63 bits"},
	{"a member of a negative size", raw(rawTar(rawHeader(avatar, map[int]string{124: "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x00"}))), nil, Damaged, "damaged", "negative size"},
	{"a member whose size is no number", raw(rawTar(rawHeader(avatar, map[int]string{124: "lots of it\x00"}))), nil, Damaged, "damaged", "octal"},
	{"a header with a wrong checksum", raw(flipped(rawTar(rawHeader(avatar, nil), rawHeader(avatar+"x", nil)), 1024+20)), nil, Damaged, "damaged", "checksum is wrong"},
	{"an end marker cut in half", raw(rawTar(rawHeader(avatar, nil))[:1024+512]), nil, Damaged, "damaged", "end marker is incomplete"},
	{"an extended header of a gigabyte", raw(rawTar(rawHeader(avatar, map[int]string{124: "10000000000\x00", 156: "x"}))), nil, Damaged, "damaged", "extended header"},
	{"an extended header that lies", raw(rawTar(rawHeader(avatar, map[int]string{156: "x"}), rawHeader(avatar, nil))), nil, Damaged, "damaged", "length is wrong"},
	{"an absolute name", holding(tar.Header{Name: "/etc/passwd"}), nil, Suspicious, "names-absolute", `"/etc/passwd"`},
	{"a name that climbs", holding(tar.Header{Name: "opt/mastodon/public/system/accounts/avatars/../../../../../../etc/passwd"}), nil, Suspicious, "names-parent", "first"},
	{"a name with escape sequences", holding(tar.Header{Name: avatar + "\x1b[2J\x1b]0;pwned\a"}), nil, Suspicious, "names-invalid", `\x1b`},
	{"a name that is not UTF-8", raw(rawTar(rawHeader("opt/mastodon/public/system/accounts/avatars/\xff\xfe", nil))), nil, Suspicious, "names-invalid", "first"},
	{"an empty name", raw(rawTar(rawHeader("", map[int]string{345: ""}))), nil, Suspicious, "names-invalid", "first"},
	{"a name too long for a file system", holding(tar.Header{Name: avatar + strings.Repeat("x", 300)}), nil, Suspicious, "names-long", "first"},
	{"a symbolic link out of the tree", holding(tar.Header{Name: avatar, Typeflag: tar.TypeSymlink, Linkname: "/etc"}), nil, Suspicious, "links-outside", "first"},
	{"a symbolic link that climbs", holding(tar.Header{Name: avatar, Typeflag: tar.TypeSymlink, Linkname: "../../../x"}), nil, Suspicious, "links-outside", "first"},
	{"a hard link out of the tree", holding(tar.Header{Name: avatar, Typeflag: tar.TypeLink, Linkname: "etc/shadow"}), nil, Suspicious, "links-outside", "first"},
	{"a device", holding(tar.Header{Name: avatar, Typeflag: tar.TypeBlock, Devmajor: 8}), nil, Suspicious, "devices", "first"},
	{"a member of an unknown kind", holding(tar.Header{Name: avatar, Typeflag: 'Z'}), nil, Suspicious, "members-unknown", "first"},
	{"one name twice", holding(tar.Header{Name: avatar}, tar.Header{Name: avatar}), nil, Suspicious, "duplicates", "1 member"},
	{"files in none of Mastodon's folders", holding(tar.Header{Name: "home/me/notes.txt"}), nil, Suspicious, "outside", "notes.txt"},
	{"two prefixes in one archive", holding(tar.Header{Name: avatar}, tar.Header{Name: "srv/" + avatar}), nil, Suspicious, "prefixes", "srv/opt"},
	{"an archive of another class", func(_ *testing.T, f files) { f[accountsFile] = f["system_media_attachments.tar.gz"] }, nil, Suspicious, "contents-foreign", "nothing of its own class"},
	{"an archive without the files that the database names", holding(tar.Header{Name: avatar}), nil, Suspicious, "files-absent", "10 of 10 files"},
	{"an archive from before its files", with(accountsFile, func(t *testing.T, _ []byte) []byte { return gz(tarOf(t)) }), nil, Suspicious, "files-absent", "accounts/"},
}

var badRest = []badInput{
	{"an empty environment", as(envFile, ""), nil, Suspicious, "environment-strange", "empty"},
	{"an error message for an environment", as(envFile, "error: pod not found\n"), nil, Suspicious, "environment-strange", "NAME=value"},
	{"an environment with zero bytes", as(envFile, "A=b\x00C=d\x00"), nil, Suspicious, "environment-strange", "zero bytes"},
	{"an environment cut in a line", with(envFile, func(_ *testing.T, b []byte) []byte { return b[:len(b)-3] }), nil, Suspicious, "environment-cut", "middle of a line"},
	{"an environment cut between two lines", with(envFile, func(_ *testing.T, b []byte) []byte { return b[:bytes.Index(b, []byte("VAPID_PRIVATE_KEY="))] }), nil, Suspicious, "environment-secrets", "no VAPID_PRIVATE_KEY"},
	{"an environment of another program", as(envFile, "PATH=/bin\nHOME=/root\n"), nil, Suspicious, "environment-domain", "2 variables"},
	{"an environment of two megabytes", as(envFile, strings.Repeat("\n", 2<<20)), nil, Damaged, "refused", "no environment is"},
	{"an environment of another server", with(envFile, func(_ *testing.T, b []byte) []byte {
		return bytes.ReplaceAll(b, []byte("example.social"), []byte("other.social"))
	}), nil, Suspicious, "other-domain", "other.social"},
	{"an environment for another database", with(envFile, func(_ *testing.T, b []byte) []byte {
		return bytes.ReplaceAll(b, []byte("DB_NAME=mastodon_production"), []byte("DB_NAME=masto"))
	}), nil, Suspicious, "database-name", `"masto"`},
	{"no environment", without(envFile), nil, Suspicious, "missing-environment", "there is no"},
	{"no accounts", without(accountsFile), nil, Suspicious, "missing-accounts", "there is no"},
	{"a dump a week older than its archives", holding(tar.Header{Name: avatar, ModTime: now.Add(20 * time.Hour)}), nil, Suspicious, "dump-older", "19 hours later"},
	{"two caches", func(t *testing.T, f files) { f["system_cache.tar"] = gunzip(t, f[cacheFile]) }, nil, Suspicious, "twice", "system_cache.tar"},
	{"a manifest that is none", as(ManifestName, "<html>"), nil, Suspicious, "manifest-unreadable", "no JSON"},
	{"a manifest of a format to come", as(ManifestName, `{"format": 2}`), nil, Suspicious, "manifest-unreadable", "format is 2"},
	{"a manifest of two megabytes", as(ManifestName, strings.Repeat(" ", 2<<20)), nil, Suspicious, "manifest-unreadable", "larger than"},
	{"a manifest that lists a file which is gone", as(ManifestName, `{"format": 1, "parts": [{"class": "assets", "name": "assets.tar.gz", "size": 5}]}`), nil, Damaged, "manifest-lost", "assets.tar.gz is gone"},
	{"a manifest with other bytes", as(ManifestName, `{"format": 1, "parts": [{"class": "database", "name": "pg_dump_mastodon_backup.sqlc", "size": 5}]}`), nil, Damaged, "manifest-differs", "had 5 when"},
	{"a named pipe for an archive", without(accountsFile), func(t *testing.T, dir string) {
		require.NoError(t, syscall.Mkfifo(filepath.Join(dir, accountsFile), 0o644))
	}, Damaged, "unreadable", "a named pipe"},
	{"a folder for a dump, as pg_dump --format=directory makes", without(dumpFile), func(t *testing.T, dir string) {
		require.NoError(t, os.Mkdir(filepath.Join(dir, dumpFile), 0o755))
	}, Damaged, "unreadable", "a folder, not a file"},
	{"links in a circle for an archive", without(accountsFile), func(t *testing.T, dir string) {
		require.NoError(t, os.Symlink(accountsFile, filepath.Join(dir, accountsFile)))
	}, Damaged, "unreadable", "too many levels"},
	{"a link to nowhere for an archive", without(accountsFile), func(t *testing.T, dir string) {
		require.NoError(t, os.Symlink("gone", filepath.Join(dir, accountsFile)))
	}, Damaged, "unreadable", "no such file"},
}

// memoryLimit is what reading a set of whatever input may allocate, in all.
const memoryLimit = 64 << 20

func TestBadInputIsToldFromGood(t *testing.T) {
	for _, cases := range [][]badInput{badDumps, badArchives, badMembers, badRest, badDisks} {
		for _, c := range cases {
			t.Run(c.name, func(t *testing.T) { c.check(t) })
		}
	}
}

func (c badInput) check(t *testing.T) {
	f := realSet(t)
	c.change(t, f)
	dir := f.write(t)
	if c.arrange != nil {
		c.arrange(t, dir)
	}
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	r := read(t, dir, Options{Now: now.Add(24 * time.Hour)})
	runtime.ReadMemStats(&after)
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(memoryLimit))

	require.Equal(t, c.verdict, r.Verdict, r.Findings)
	for _, f := range r.Findings {
		if f.ID == c.id && strings.Contains(f.Text, c.says) {
			require.NotRegexp(t, `[\x00-\x1f\x7f]`, f.Text, "text from a file must be fit for a screen")
			return
		}
	}
	require.Failf(t, "the finding is missing", "%s with %q among %+v", c.id, c.says, r.Findings)
}

func TestGoodInputIsSound(t *testing.T) {
	for name, change := range map[string]func(t *testing.T, f files){
		"as the script makes it": func(*testing.T, files) {},
		"gzip in several members": with(accountsFile, func(t *testing.T, b []byte) []byte {
			tar := gunzip(t, b)
			return append(append(gz(tar[:7000]), gz(nil)...), gz(tar[7000:])...)
		}),
		"zeros behind the gzip data": with(accountsFile, func(_ *testing.T, b []byte) []byte { return append(bytes.Clone(b), make([]byte, 512)...) }),
		"a plain tar": func(t *testing.T, f files) {
			f["system_accounts.tar"] = gunzip(t, f[accountsFile])
			delete(f, accountsFile)
		},
		"zstd": func(t *testing.T, f files) {
			f["system_accounts.tar.zst"] = zst(gunzip(t, f[accountsFile]), zstd.WithEncoderLevel(zstd.SpeedBestCompression))
			delete(f, accountsFile)
		},
		"without a cache":  without(cacheFile),
		"without an emoji": without("system_custom_emojis.tar.gz"),
		"a link within the tree": with(accountsFile, func(t *testing.T, b []byte) []byte {
			link := tarOf(t, tar.Header{Name: avatar, Typeflag: tar.TypeSymlink, Linkname: "other.png"})
			return gz(append(link[:512:512], gunzip(t, b)...))
		}),
		"files from a clock in the future": with(accountsFile, func(t *testing.T, b []byte) []byte {
			file := tarOf(t, tar.Header{Name: avatar, ModTime: now.AddDate(3, 0, 0)})
			return gz(append(file[:1024:1024], gunzip(t, b)...))
		}),
	} {
		t.Run(name, func(t *testing.T) {
			f := realSet(t)
			change(t, f)
			r := read(t, f.write(t), Options{})
			require.Equal(t, Sound, r.Verdict, r.Findings)
			require.Len(t, r.Digest, 64)
		})
	}
}
