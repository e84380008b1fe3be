package mastodon

import "strings"

// Release is a Mastodon version as its database shows it.
type Release struct {
	Version string
	// Schema is the highest migration of the release.
	Schema string
	// Postgres is the oldest major version of PostgreSQL it runs on.
	Postgres int
}

// releases are in ascending order; Mastodon's db/schema.rb and lib/tasks/db.rake tell.
var releases = []Release{
	{"4.0.2", "20221104133904", 10},
	{"4.2.0", "20230907150100", 10},
	{"4.3.0", "20241007071624", 12},
	{"4.4.0", "20250627132728", 13},
	{"4.5.0", "20251023210145", 14},
	{"4.6.5", "20260611150940", 14},
}

// ReleaseOf finds the newest known release whose schema is not newer than the given one. ok is
// false for a schema older than all of them.
func ReleaseOf(schema string) (r Release, exact, ok bool) {
	for _, candidate := range releases {
		if candidate.Schema <= schema {
			r, ok = candidate, true
		}
	}
	return r, r.Schema == schema, ok
}

// SchemaOf returns the schema that a Mastodon version had, by the newest known release that is
// not newer. Empty means that nobody knows.
func SchemaOf(version string) string {
	var schema string
	for _, r := range releases {
		if compareVersions(r.Version, version) <= 0 {
			schema = r.Schema
		}
	}
	return schema
}

// VersionOf reads Mastodon's version from an image's tag; empty where the tag does not tell.
func VersionOf(image string) string {
	image, _, _ = strings.Cut(image, "@")
	i := strings.LastIndexByte(image, ':')
	if i < 0 || strings.Contains(image[i:], "/") {
		return ""
	}
	tag := strings.TrimPrefix(image[i+1:], "v")
	end := 0
	for end < len(tag) && (tag[end] == '.' || tag[end] >= '0' && tag[end] <= '9') {
		end++
	}
	if tag = strings.Trim(tag[:end], "."); strings.Count(tag, ".") == 2 {
		return tag
	}
	return ""
}

func compareVersions(a, b string) int {
	as, bs := strings.Split(a, "."), strings.Split(b, ".")
	for i := range max(len(as), len(bs)) {
		if d := part(as, i) - part(bs, i); d != 0 {
			return d
		}
	}
	return 0
}

func part(parts []string, i int) (n int) {
	if i >= len(parts) {
		return 0
	}
	for _, c := range parts[i] {
		if c < '0' || c > '9' {
			break
		}
		n = n*10 + int(c-'0')
	}
	return n
}
