package transfer

import (
	"archive/tar"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestNamesAreMappedBelowTheDestination(t *testing.T) {
	cases := map[string]struct{ class, name, want string }{
		"as the backup script writes it":     {"", "opt/mastodon/public/system/accounts/avatars/1/a.png", "accounts/avatars/1/a.png"},
		"with the leading slash kept":        {"", "/opt/mastodon/public/system/accounts/avatars/1/a.png", "accounts/avatars/1/a.png"},
		"from Bitnami's image":               {"", "opt/bitnami/mastodon/public/system/cache/x", "cache/x"},
		"from the folder above":              {"", "mastodon/public/system/cache/x", "cache/x"},
		"from public":                        {"", "./system/site_uploads/files/x", "site_uploads/files/x"},
		"from system itself":                 {"", "./accounts/headers/x", "accounts/headers/x"},
		"from the class itself":              {"accounts", "./avatars/1/a.png", "accounts/avatars/1/a.png"},
		"from the cache itself":              {"cache", "accounts/avatars/1/a.png", "cache/accounts/avatars/1/a.png"},
		"from a volume of another name":      {"", "srv/pv/claim/media_attachments/files/1/x.mp4", "media_attachments/files/1/x.mp4"},
		"with dots and double slashes":       {"", "./opt//mastodon/./public/system//cache/x", "cache/x"},
		"with a folder of the system's name": {"", "opt/mastodon/public/system/cache/public/system/x", "cache/public/system/x"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			n := &naming{file: "a.tar", class: c.class}
			e, err := n.check(&tar.Header{Name: c.name, Typeflag: tar.TypeReg})
			require.NoError(t, err)
			require.Equal(t, c.want, e.name)
		})
	}
}

func TestFoldersAboveTheDestinationAreNothingToSend(t *testing.T) {
	n := &naming{file: "a.tar"}
	for _, dir := range []string{"opt/", "opt/mastodon/", "opt/mastodon/public/", "opt/mastodon/public/system/", "opt/"} {
		e, err := n.check(&tar.Header{Name: dir, Typeflag: tar.TypeDir})
		require.NoError(t, err)
		require.Empty(t, e.name)
	}
}

// FuzzNames holds every accepted entry to what makes it safe to unpack.
func FuzzNames(f *testing.F) {
	f.Add("opt/mastodon/public/system/accounts/a", "../x", byte('2'), "accounts")
	f.Add("accounts/../../etc/passwd", "", byte('0'), "")
	f.Add("/accounts/avatars/x", "/etc", byte('1'), "cache")
	f.Add("accounts/\x00/x", "a/./b", byte('2'), "")
	f.Fuzz(func(t *testing.T, name, link string, kind byte, class string) {
		n := &naming{file: "a.tar", class: class}
		if _, known := classes[class]; !known {
			n.class = ""
		}
		e, err := n.check(&tar.Header{Name: name, Linkname: link, Typeflag: kind})
		if err != nil || e.name == "" {
			return
		}
		requireBelow(t, e.name)
		switch e.kind {
		case hardLink:
			requireBelow(t, e.link)
		case symLink:
			require.False(t, path.IsAbs(e.link))
			require.NotContains(t, strings.Split(e.link, "/"), "..")
		}
	})
}

func requireBelow(t *testing.T, name string) {
	t.Helper()
	require.False(t, path.IsAbs(name), "%q", name)
	require.Equal(t, path.Clean(name), name)
	parts := strings.Split(name, "/")
	require.False(t, slices.Contains(parts, "..") || slices.Contains(parts, "."), "%q", name)
	require.NotContains(t, name, "\x00")
	for _, part := range parts {
		require.LessOrEqual(t, len(part), maxName)
	}
}

// FuzzHeaders has archive/tar read back what we write.
func FuzzHeaders(f *testing.F) {
	f.Add("accounts/x", "", byte(regular), int64(5))
	f.Add(strings.Repeat("deep/", 60)+"x", strings.Repeat("link/", 50), byte(symLink), int64(0))
	f.Add("a\xff\n", "b", byte(hardLink), int64(1)<<40)
	f.Fuzz(func(t *testing.T, name, link string, kind byte, size int64) {
		if kind > byte(symLink) || size < 0 || strings.ContainsRune(name+link, 0) || name == "" || path.Clean(name) != name || path.IsAbs(name) {
			return
		}
		e := entry{kind: entryKind(kind), name: name, size: size, link: link}
		if e.kind == regular || e.kind == directory {
			e.link = ""
		} else if link == "" {
			return
		}
		h, err := tar.NewReader(strings.NewReader(string(tarHeader(e)))).Next()
		require.NoError(t, err)
		require.Equal(t, name, strings.TrimSuffix(h.Name, "/"))
		require.Equal(t, e.link, h.Linkname)
		if e.kind == regular {
			require.Equal(t, size, h.Size)
		}
	})
}
