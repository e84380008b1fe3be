package backupset

// Class is what a part of a set holds.
type Class string

// The parts of a set, in the order they are shown.
const (
	Dump             Class = "database"
	Accounts         Class = "accounts"
	MediaAttachments Class = "media_attachments"
	SiteUploads      Class = "site_uploads"
	Cache            Class = "cache"
	CustomEmojis     Class = "custom_emojis"
	Assets           Class = "assets"
	Env              Class = "environment"
)

// Classes are all of them.
func Classes() []Class {
	return []Class{Dump, Accounts, MediaAttachments, SiteUploads, Cache, CustomEmojis, Assets, Env}
}

// named are those whose files the database names as this server's own.
var named = []Class{Accounts, MediaAttachments, SiteUploads, CustomEmojis}

// IsArchive says that the part is a tar archive of files.
func (c Class) IsArchive() bool { return c != Dump && c != Env }

// Expected says that the community's backup script always writes the part.
func (c Class) Expected() bool {
	switch c {
	case Dump, Accounts, MediaAttachments, SiteUploads, Env:
		return true
	}
	return false
}

// Names are the file names under which the part is looked for; the first is the script's own.
func (c Class) Names() []string {
	switch c {
	case Dump:
		return []string{"pg_dump_mastodon_backup.sqlc"}
	case Env:
		return []string{"mastodon_environment.txt"}
	}
	stem := "system_" + string(c)
	if c == Assets {
		stem = "assets"
	}
	return []string{stem + ".tar.gz", stem + ".tar", stem + ".tar.zst"}
}
