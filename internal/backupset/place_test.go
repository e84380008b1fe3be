package backupset

import (
	"testing"

	"github.com/stretchr/testify/require"

	"mastodon-restore/internal/sample"
)

func TestLocateFindsThePrefix(t *testing.T) {
	for _, c := range []struct {
		path   string
		class  Class
		prefix string
		top    string
		ok     bool
	}{
		{"opt/mastodon/public/system/accounts/avatars/1/x.png", Accounts, "opt/mastodon/public/system/", "accounts", true},
		{"opt/bitnami/mastodon/public/system/cache/accounts/avatars/1", Cache, "opt/bitnami/mastodon/public/system/", "cache", true},
		{"mastodon/public/system/site_uploads/files/1", SiteUploads, "mastodon/public/system/", "site_uploads", true},
		{"public/system/accounts/avatars/1", Accounts, "public/system/", "accounts", true},
		{"accounts/avatars/1", Accounts, "", "accounts", true},
		{"cache/accounts/avatars/1", Cache, "", "cache", true},
		{"srv/data/media_attachments/files/1", MediaAttachments, "srv/data/", "media_attachments", true},
		{"home/accounts/live/system/accounts/headers/1", Accounts, "home/accounts/live/system/", "accounts", true},
		{"home/cache/public/system/accounts/headers/1", Accounts, "home/cache/public/system/", "accounts", true},
		{"avatars/000/1.png", Accounts, "", "accounts", true},
		{"files/000/1.png", Accounts, "", "", false},
		{"notpublic/system/accounts/avatars/1", Accounts, "notpublic/system/", "accounts", true},
		{"opt/mastodon/public/system/else/1", Accounts, "opt/mastodon/public/system/", "", false},
		{"etc/passwd", Accounts, "", "", false},
		{"opt/mastodon/public/assets/app.js", Assets, "opt/mastodon/public/", "assets", true},
		{"opt/mastodon/public/packs/app.js", Assets, "", "", false},
	} {
		prefix, top, _, ok := locate([]byte(c.path), c.class)
		require.Equal(t, c.ok, ok, c.path)
		if ok {
			require.Equal(t, c.top, top, c.path)
			require.Equal(t, c.prefix, c.path[:prefix], c.path)
		}
	}
}

func TestLinksMayNotLeaveTheTree(t *testing.T) {
	const path = "opt/public/system/accounts/avatars/1/a.png"
	for target, hard := range map[string]bool{"b.png": false, "x/b.png": false, "./b.png": false, "opt/public/system/accounts/b": true} {
		require.False(t, leaves([]byte(path), []byte(target), len("opt/public/system/"), hard), target)
	}
	for target, hard := range map[string]bool{"": false, "/etc": false, "../b.png": false, "x/../../../..": false, "a\x00b": false, "opt/public/b": true, "b.png": true, "opt/public/system/../x": true} {
		require.True(t, leaves([]byte(path), []byte(target), len("opt/public/system/"), hard), target)
	}
}

func TestPartitionIsMastodons(t *testing.T) {
	for _, id := range []int64{0, 1, 999, 1000, 123456789, 1234567890, 109373187686400001, 1<<62 + 5} {
		require.Equal(t, sample.Partition(id), string(appendPartition(nil, uint64(id))))
	}
}
