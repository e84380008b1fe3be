//go:build e2e

package e2e

import (
	"archive/tar"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"mastodon-restore/internal/sample"
)

const (
	mib = 1 << 20
	// mostTwice is how much one cut may make a transfer send again, as docs/resume.md says.
	mostTwice = 64 * mib
	// bulk is the archive that takes long.
	bulk = "media_attachments"
)

// pictures is a server that is nearly all files: at the pace that --bwlimit sets they are under way
// for half a minute, and the rest of a restore takes little.
func pictures() sample.Size {
	s := sample.Small
	s.RemoteAccounts, s.RemoteStatuses, s.RemoteAttachments = 10, 60, 10
	s.LocalEmojis, s.RemoteEmojis, s.Cards = 2, 4, 4
	s.LocalAttachments, s.FileBytes = 600, 600_000
	return s
}

// A cargo is a backup that has been weighed.
type cargo struct {
	backup
	count, bytes map[string]int64 // files of each archive, and what it unpacks to
	// weight is what a whole restore sends if nothing is sent twice: the archives as they unpack and
	// the dump, and for the protocols around them a twentieth and some.
	weight int64
}

func (b backup) weighed(t testing.TB) cargo {
	t.Helper()
	dump, err := os.Stat(filepath.Join(b.dir, "pg_dump_mastodon_backup.sqlc"))
	require.NoError(t, err)
	c := cargo{b, map[string]int64{}, map[string]int64{}, dump.Size()}
	for _, name := range archives {
		files, bytes, err := measure(filepath.Join(b.dir, archiveName(name)))
		require.NoError(t, err)
		c.count[name], c.bytes[name] = files, bytes
		c.weight += bytes
	}
	c.weight += c.weight/20 + 4*mib
	return c
}

func archiveName(class string) string { return "system_" + class + ".tar.gz" }

// measure is how many files an archive holds, and how many bytes it unpacks to.
func measure(archive string) (files, bytes int64, err error) {
	f, err := os.Open(archive)
	if err != nil {
		return 0, 0, err
	}
	defer f.Close()
	unzipped, err := gzip.NewReader(f)
	if err != nil {
		return 0, 0, err
	}
	var n counter
	for members := tar.NewReader(io.TeeReader(unzipped, &n)); ; {
		switch header, err := members.Next(); {
		case errors.Is(err, io.EOF):
			return files, int64(n), nil
		case err != nil:
			return 0, 0, err
		case header.Typeflag == tar.TypeReg:
			files++
		}
	}
}

type counter int64

func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}

// A line is what these tests read of the program's JSON lines, docs/json.md.
type line struct {
	Type, Step, ID, Status, First, Meaning string
	Done, Total                            int64
}

// last is the newest line that a test looks for.
func (c *command) last(wanted func(line) bool) (found line, ok bool) {
	lines := strings.Split(c.out.String(), "\n")
	for n := len(lines) - 1; n >= 0; n-- {
		var l line
		if json.Unmarshal([]byte(lines[n]), &l) == nil && wanted(l) {
			return l, true
		}
	}
	return line{}, false
}

// placed is how much of the large archive needs no more work, as the program says.
func (c *command) placed() (done, total int64) {
	l, _ := c.last(func(l line) bool { return l.Type == "progress" && l.Step == "files" && l.ID == bulk })
	return l.Done, l.Total
}

// underWay waits until a part of the large archive has arrived, and makes sure that not all has.
func (o *operator) underWay(c *command, part float64) {
	o.Helper()
	for deadline := time.Now().Add(4 * time.Minute); ; time.Sleep(50 * time.Millisecond) {
		done, total := o.stillSending(c)
		if total > 0 && float64(done) >= part*float64(total) {
			o.Logf("%d of %d MiB of %s have arrived", done/mib, total/mib, bulk)
			return
		}
		require.True(o, time.Now().Before(deadline), "%d of %d bytes have arrived, not %.0f %%:\n%s", done, total, 100*part, tail(c.out.String()))
	}
}

// stillSending makes sure that a fault falls into the transfer.
func (o *operator) stillSending(c *command) (done, total int64) {
	o.Helper()
	select {
	case <-c.done:
		require.FailNow(o, "the program ended by itself in mid-transfer", tail(c.out.String()))
	default:
	}
	done, total = c.placed()
	require.True(o, total == 0 || done < total, "the transfer was over before the fault came:\n%s", tail(c.out.String()))
	return done, total
}

// slowly are the arguments of a restore whose files take a while, told as JSON lines.
func slowly(i *instance, b backup, more ...string) []string {
	return append(restoring(i, b, "--output", "json", "--bwlimit", "8M"), more...)
}

// resuming are the arguments that go on with the operator's one run, told as JSON lines.
func (o *operator) resuming(i *instance) []string {
	return []string{"resume", o.runName(), "--plain", "--output", "json", "--confirm", i.size.Settings()["LOCAL_DOMAIN"]}
}

// finished wants equal trees, nothing placed twice, and a report that tells of it. It returns how
// many parcels of the large archive the last attempt found in place.
func (o *operator) finished(i *instance, b cargo, before posture, output string) (resumed int) {
	o.Helper()
	i.equal(b.backup)
	i.reopened(before)
	o.keepsSecrets(i, output)
	o.onceEach()

	text, err := os.ReadFile(filepath.Join(o.folder(), "report.json"))
	require.NoError(o, err)
	var report struct {
		Files map[string]struct {
			Files   int64
			Resumed int
			Whole   bool
		}
	}
	require.NoError(o, json.Unmarshal(text, &report))
	for name, files := range b.count {
		require.True(o, report.Files[name].Whole, "%s is not whole: %s", name, text)
		require.Equal(o, files, report.Files[name].Files, name)
	}
	return report.Files[bulk].Resumed
}

// folder is where the operator's one run keeps what it remembers.
func (o *operator) folder() string {
	o.Helper()
	return filepath.Join(o.state, "mastodon-restore/runs", o.runName())
}

// ledger is what the operator's machine remembers of the large archive: a line for each parcel, and
// some for the whole.
func (o *operator) ledger() string {
	o.Helper()
	text, err := os.ReadFile(filepath.Join(o.folder(), "sent-"+bulk+".jsonl"))
	require.NoError(o, err)
	return string(text)
}

// onceEach wants no parcel in the ledger twice: one that is there is not to be sent again.
func (o *operator) onceEach() {
	o.Helper()
	seen := map[string]bool{}
	for entry := range strings.Lines(o.ledger()) {
		var receipt struct{ ID string }
		require.NoError(o, json.Unmarshal([]byte(entry), &receipt), entry)
		require.False(o, seen[receipt.ID], "parcel %s arrived twice", receipt.ID)
		seen[receipt.ID] = true
	}
}
