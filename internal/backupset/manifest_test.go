package backupset

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAManifestTellsWhatChanged(t *testing.T) {
	dir := realSet(t).write(t)
	set, err := Open(dir)
	require.NoError(t, err)
	first := read(t, dir, Options{})
	require.NoError(t, set.WriteManifest(first))
	require.Contains(t, ids(read(t, dir, Options{}), Note), "manifest-agrees")
	require.Equal(t, first.Digest, read(t, dir, Options{}).Digest, "the manifest is no part of the set")

	text, err := os.ReadFile(filepath.Join(dir, ManifestName))
	require.NoError(t, err)
	require.NotContains(t, string(text), small.Secrets()["OTP_SECRET"])

	t.Run("a part changed that is sound in itself", func(t *testing.T) {
		path := filepath.Join(dir, envFile)
		was, err := os.ReadFile(path)
		require.NoError(t, err)
		defer os.WriteFile(path, was, 0o600)
		now := append([]byte{}, was...)
		now[len(now)-2]++
		require.NoError(t, os.WriteFile(path, now, 0o600))
		r := read(t, dir, Options{})
		require.Equal(t, Damaged, r.Verdict)
		require.Equal(t, []string{"manifest-differs"}, ids(r, Damage))
		require.Equal(t, Damaged, r.Part(Env).Verdict)
	})
	t.Run("a part gone that may be missing", func(t *testing.T) {
		path := filepath.Join(dir, cacheFile)
		require.NoError(t, os.Rename(path, path+".away"))
		defer os.Rename(path+".away", path)
		require.Equal(t, []string{"manifest-lost"}, ids(read(t, dir, Options{}), Damage))
	})
	t.Run("a part more", func(t *testing.T) {
		path := filepath.Join(dir, "assets.tar")
		require.NoError(t, os.WriteFile(path, make([]byte, 1024), 0o644))
		defer os.Remove(path)
		require.Contains(t, ids(read(t, dir, Options{}), Note), "manifest-new")
	})
	require.Equal(t, Sound, read(t, dir, Options{}).Verdict)
}

func TestADamagedSetGetsNoManifest(t *testing.T) {
	f := realSet(t)
	f[accountsFile] = cutTo(f[accountsFile], 50)
	dir := f.write(t)
	set, err := Open(dir)
	require.NoError(t, err)
	require.ErrorContains(t, set.WriteManifest(read(t, dir, Options{})), "damaged")
	require.NoFileExists(t, filepath.Join(dir, ManifestName))
}

func TestAManifestThatCannotBeWrittenLeavesNothing(t *testing.T) {
	dir := realSet(t).write(t)
	set, err := Open(dir)
	require.NoError(t, err)
	r := read(t, dir, Options{})
	require.NoError(t, os.Mkdir(filepath.Join(dir, ManifestName), 0o755))
	before, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.ErrorContains(t, set.WriteManifest(r), "write the manifest")
	after, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, after, len(before))
}
