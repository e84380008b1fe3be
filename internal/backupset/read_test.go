package backupset

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"mastodon-restore/internal/sample"
)

func TestARealSetIsWhatTheServerWas(t *testing.T) {
	r := read(t, realSet(t).write(t), Options{})
	require.Equal(t, Sound, r.Verdict, r.Findings)
	require.Equal(t, []string{"scheduled-due"}, ids(r))
	require.Equal(t, sample.Domain, r.Domain)
	require.Equal(t, sample.Domain, r.Database.Host)

	d := r.Database
	require.True(t, d.Complete)
	require.Equal(t, serverFacts(t)["counts"], fmt.Sprintf("%d|%d|%d|%d|%d|%d|%d|%s|%s|%s", d.Counts.Users, d.Counts.LocalAccounts, d.Counts.LocalPosts,
		d.Counts.LocalMedia, d.Counts.LocalEmoji, d.Counts.RemoteAccounts, d.Counts.ScheduledDue, d.Counts.NewestPost.Format(sqlTime), d.Counts.Schema, d.Counts.Environment))
	var rows strings.Builder
	for _, table := range d.Contents.Tables {
		fmt.Fprintf(&rows, "%s=%d\n", table, d.Rows[table])
	}
	require.Equal(t, serverFacts(t)["rows"], strings.TrimSpace(rows.String()))
	require.Len(t, d.Rows, len(d.Contents.Tables))

	size := small
	require.EqualValues(t, 2*size.Users, r.Part(Accounts).Archive.Referenced)
	require.EqualValues(t, size.LocalEmojis, r.Part(CustomEmojis).Archive.Referenced)
	for _, c := range []Class{Accounts, MediaAttachments, SiteUploads, CustomEmojis} {
		a := r.Part(c).Archive
		require.Equal(t, a.Referenced, a.Checked, c)
		require.Positive(t, a.Checked, c)
		require.Zero(t, a.Absent, c)
	}
	require.Equal(t, "opt/mastodon/public/system/", r.Part(Cache).Archive.Prefix)
	var here int64
	for f := range size.Files(now) {
		if strings.HasPrefix(f.Path, "cache/") {
			here++
		}
	}
	require.Equal(t, here, r.Part(Cache).Archive.Files)
}

func TestNoSecretIsInAReport(t *testing.T) {
	r := read(t, realSet(t).write(t), Options{})
	text, err := json.Marshal(r)
	require.NoError(t, err)
	secrets := small.Secrets()
	require.NotEmpty(t, secrets)
	for name, value := range secrets {
		require.NotContains(t, string(text), value, name)
		require.True(t, r.Environment.Secrets[name], name)
	}
	set, err := Open(realSet(t).write(t))
	require.NoError(t, err)
	require.NotContains(t, fmt.Sprintf("%v %+v %#v", set.Env(), set.Env(), set.Env()), secrets["OTP_SECRET"])
	require.Equal(t, secrets["OTP_SECRET"], set.Env()["OTP_SECRET"])
}

// Wherever a dump or an archive ends too early, it is damaged.
func TestEveryCutIsDamage(t *testing.T) {
	whole := realSet(t)
	random := rand.New(rand.NewPCG(1, 2))
	for _, name := range []string{dumpFile, accountsFile, "system_site_uploads.tar.gz"} {
		for range 25 {
			at := random.IntN(len(whole[name]))
			r := read(t, files{name: whole[name][:at]}.write(t), Options{})
			require.Equal(t, Damaged, r.Verdict, "%s cut at byte %d", name, at)
		}
	}
}

// A flipped bit anywhere behind the gzip header, which has no checksum, is damage.
func TestEveryFlippedBitIsDamage(t *testing.T) {
	archive := realSet(t)[accountsFile]
	random := rand.New(rand.NewPCG(3, 4))
	for range 60 {
		at, bit := 10+random.IntN(len(archive)-10), random.IntN(8)
		changed := append([]byte{}, archive...)
		changed[at] ^= 1 << bit
		r := read(t, files{accountsFile: changed}.write(t), Options{})
		require.Equal(t, Damaged, r.Part(Accounts).Verdict, "bit %d of byte %d", bit, at)
	}
}

func TestTheDigestIsTheSets(t *testing.T) {
	first := read(t, realSet(t).write(t), Options{})
	require.Equal(t, first.Digest, read(t, realSet(t).write(t), Options{Deep: true, Jobs: 1}).Digest, "wherever it lies and however it is read")
	changed := realSet(t)
	changed[envFile] = append([]byte("A=b\n"), changed[envFile]...)
	require.NotEqual(t, first.Digest, read(t, changed.write(t), Options{}).Digest, "a changed part")
	fewer := realSet(t)
	delete(fewer, cacheFile)
	require.NotEqual(t, first.Digest, read(t, fewer.write(t), Options{}).Digest, "a part less")
}

func TestProgressEndsComplete(t *testing.T) {
	set, err := Open(realSet(t).write(t))
	require.NoError(t, err)
	var last Progress
	var now atomic.Int32
	_, err = set.Read(t.Context(), Options{Progress: func(p Progress) {
		require.EqualValues(t, 1, now.Add(1), "one call at a time")
		require.GreaterOrEqual(t, p.Done, last.Done)
		last = p
		now.Add(-1)
	}})
	require.NoError(t, err)
	require.Equal(t, set.Size(), last.Total)
	require.Equal(t, last.Total, last.Done)
	require.Len(t, last.Parts, 7)
	for _, p := range last.Parts {
		require.True(t, p.Over, p.Class)
		require.Equal(t, p.Total, p.Done, p.Class)
		require.Positive(t, p.Items, p.Class)
	}
}

func TestReadEndsWithItsContext(t *testing.T) {
	set, err := Open(realSet(t).write(t))
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = set.Read(ctx, Options{})
	require.ErrorIs(t, err, context.Canceled)

	ctx, cancel = context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	_, err = set.Read(ctx, Options{Progress: func(Progress) {}})
	require.ErrorIs(t, err, context.DeadlineExceeded)
}

func TestASetThatIsGoneIsAnError(t *testing.T) {
	dir := realSet(t).write(t)
	set, err := Open(dir)
	require.NoError(t, err)
	require.NoError(t, os.RemoveAll(dir))
	_, err = set.Read(t.Context(), Options{})
	require.ErrorIs(t, err, os.ErrNotExist)
}

func TestAnObjectStoreNeedsNoFiles(t *testing.T) {
	f := realSet(t)
	r := read(t, files{dumpFile: f[dumpFile], envFile: []byte(strings.Replace(string(f[envFile]), "S3_ENABLED=false", "S3_ENABLED=true", 1))}.write(t), Options{})
	require.Equal(t, Sound, r.Verdict, r.Findings)
	require.Contains(t, ids(r), "object-storage")
}

func TestWhatIsMissingIsExplained(t *testing.T) {
	f := realSet(t)
	delete(f, cacheFile)
	delete(f, "system_custom_emojis.tar.gz")
	r := read(t, f.write(t), Options{})
	require.Equal(t, Sound, r.Verdict, "the community's script makes neither as a rule")
	require.Equal(t, Missing, r.Part(Cache).Verdict)
	for _, want := range r.Findings {
		switch want.ID {
		case "missing-cache":
			for _, command := range []string{"media remove --days 0", "emoji purge --remote-only", "preview_cards remove --days 0", "accounts refresh --all"} {
				require.Contains(t, want.Advice, command)
			}
		case "missing-custom_emojis":
			require.Contains(t, want.Text, "6 emoji")
			require.Contains(t, want.Meaning, "only on the volume")
		}
	}
	require.Subset(t, ids(r, Note), []string{"missing-cache", "missing-custom_emojis"})
}

func TestAFindingIsLegible(t *testing.T) {
	for id, k := range kinds {
		require.NotEmpty(t, k.meaning, id)
		require.NotEmpty(t, k.advice, id)
	}
	for name, want := range map[string]string{
		"plain": "plain", "caf\u00e9 \u2603": "caf\u00e9 \u2603", "a\x1b[2Jb": `a\x1b[2Jb`, "a\nb": `a\nb`, "\xff": `\xff`, `say "no"`: `say "no"`,
		"\u202egnp.exe": `\u202egnp.exe`, strings.Repeat("é", 200): strings.Repeat("é", 100) + "…",
	} {
		require.Equal(t, want, legible(name))
	}
}
