//go:build e2e

package e2e

import (
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The volume is full when about 70 % of the files are there: the card says what is there and how
// much is missing; with room made, only that is sent.
func TestVolumeFullOnTheWay(t *testing.T) {
	needLab(t)
	disk := &smallDisk{bytes: 192 * mib}
	size := pictures()
	size.LocalAttachments = 250
	i := standUp(t, "full70", size, disk.mount(t))
	b := i.backUp(archives...).weighed(t)
	need := disk.takes(t, "accounts") + disk.takes(t, bulk) + disk.takes(t, "site_uploads")
	before := i.broken()
	i.shell(web, "rm -r "+system+"/"+bulk)
	disk.leave(t, need/10*7)

	o, w := newWiredOperator(i)
	c := o.start(slowly(i, b.backup, "--accept", "space-system", "--lanes", "2")...)
	code, output := o.await(c)
	require.Equal(t, exitFailed, code, tail(output))
	card, ok := c.last(func(l line) bool { return l.Type == "failure" })
	require.True(t, ok, tail(output))
	require.Contains(t, card.First, "volume full")
	require.Contains(t, output, "resume "+o.runName(), "the card says how to go on")
	there, missing := counts(t, card.Meaning)
	t.Logf("%d files are there, %d are missing", there, missing)
	require.Equal(t, b.count[bulk], there+missing)
	require.Greater(t, there, b.count[bulk]/2)
	require.Less(t, there, b.count[bulk]/5*4)
	require.GreaterOrEqual(t, disk.holds(t, b), there, "what is said to be there is not")
	require.NotEqual(t, b.rows, i.rows(), "the database waits for the files")

	require.NoError(t, os.Remove(disk.ballast()))
	sent := w.sent()
	code, output = o.run(o.resuming(i)...)
	require.Equal(t, exitWarnings, code, tail(output)) // the check that was accepted
	require.NotZero(t, o.finished(i, b, before, output))
	// Files are of all sizes, so their number tells the bytes to within a tenth.
	most := b.weight - b.bytes[bulk]*there/b.count[bulk]/10*9
	t.Logf("%d MiB were sent, then %d MiB of at most %d", sent/mib, (w.sent()-sent)/mib, most/mib)
	require.Less(t, w.sent()-sent, most, "what was there was sent again")
}

// counts reads how many files a card says are there and are missing.
func counts(t *testing.T, meaning string) (there, missing int64) {
	t.Helper()
	found := regexp.MustCompile(`([\d,]+) files \([^)]+\) are there, ([\d,]+) files \([^)]+\) are missing`).FindStringSubmatch(meaning)
	require.NotNil(t, found, meaning)
	number := func(text string) int64 {
		n, err := strconv.ParseInt(strings.ReplaceAll(text, ",", ""), 10, 64)
		require.NoError(t, err)
		return n
	}
	return number(found[1]), number(found[2])
}

// each calls a function for every file below a folder of the disk.
func (d *smallDisk) each(t *testing.T, folder string, do func(name string, info fs.FileInfo)) {
	t.Helper()
	require.NoError(t, filepath.WalkDir(filepath.Join(d.dir, folder), func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		info, err := e.Info()
		if err == nil {
			do(path, info)
		}
		return err
	}))
}

// takes is how much room the files of a folder take.
func (d *smallDisk) takes(t *testing.T, folder string) (bytes int64) {
	t.Helper()
	const page = 4096
	d.each(t, folder, func(_ string, info fs.FileInfo) { bytes += (info.Size() + page - 1) / page * page })
	return bytes
}

// holds is how many files of the large archive are on the disk, whole.
func (d *smallDisk) holds(t *testing.T, b cargo) (files int64) {
	t.Helper()
	d.each(t, bulk, func(path string, _ fs.FileInfo) {
		content, err := os.ReadFile(path)
		require.NoError(t, err)
		name, err := filepath.Rel(d.dir, path)
		require.NoError(t, err)
		if sum := sha256.Sum256(content); b.files[name] == hex.EncodeToString(sum[:]) {
			files++
		}
	})
	return files
}
