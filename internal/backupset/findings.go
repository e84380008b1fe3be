package backupset

import (
	"cmp"
	"slices"
)

// kind is what all findings of one ID have in common.
type kind struct {
	severity Severity
	meaning  string
	advice   string
}

const (
	otherBackup = "take another backup, or copy this file again from where it was made and compare the sizes"
	lookAtIt    = "look at the archive (tar -tvf) and decide; nothing of it is put outside the media folder"
)

// kinds are all findings there can be. docs/inspect.md lists them; a test compares.
var kinds = map[string]kind{
	"unreadable":      {Damage, "what can't be read can't be restored", "check permissions, the disk and the mount, then read the set again"},
	"damaged":         {Damage, "this is not what the backup wrote: it was cut off or changed since, and a restore would end half way", otherBackup},
	"refused":         {Damage, "reading it on would take more memory or time than any real backup does; it may be made to do harm", "find out where this file comes from"},
	"trailing":        {Warning, "the backup itself is whole, but something was written behind it: two backups in one file, or an error message", "look at the end of the file (tail -c 1000); if what follows is a message, the backup's script ought to be looked at"},
	"misnamed":        {Warning, "it is read as what it is, but the person or script that made it meant something else", "rename it, once you know why"},
	"twice":           {Warning, "only one of the files is restored", "move the one that does not belong to this backup out of the folder"},
	"dump-strange":    {Damage, "there is no database in this set that could be restored", otherBackup},
	"dump-version":    {Damage, "a dump that can't be read can't be checked before it replaces a database", "take a newer release of this program, or dump again with the pg_dump of the server's own version"},
	"archive-strange": {Damage, "there are no files in it that could be restored", otherBackup},
	"archive-empty":   {Note, "no file of this class is restored", "compare with an older backup if this server should have some"},

	"names-absolute":   {Warning, "such a name could overwrite files anywhere", lookAtIt},
	"names-parent":     {Warning, "a name with .. in it could overwrite files anywhere", lookAtIt},
	"names-invalid":    {Warning, "Mastodon makes no such names: empty, not UTF-8, or with control characters in them", lookAtIt},
	"names-long":       {Warning, "file systems take no such names: 255 bytes in a part, 4095 in all", lookAtIt},
	"links-outside":    {Warning, "a link that leads out of the media folder could make a restore write elsewhere", lookAtIt},
	"links":            {Note, "Mastodon makes no links; these stay within the media folder", "nothing, if somebody laid them on purpose"},
	"devices":          {Warning, "devices and pipes have no place among media", lookAtIt},
	"members-unknown":  {Warning, "members of a kind that tar does not know are not restored", lookAtIt},
	"duplicates":       {Warning, "the last of the files with one name wins", "find out whether two backups were written into one archive"},
	"outside":          {Warning, "files in none of Mastodon's media folders are not restored", "look at the paths (tar -tf): the backup may have been made from another folder"},
	"prefixes":         {Warning, "the paths begin in different ways: what belongs where is not certain", "look at the paths (tar -tf): two backups may have been put into one archive"},
	"contents-foreign": {Warning, "the archive does not hold what its name says", "find out whether files were mixed up or renamed"},
	"files-absent":     {Warning, "posts and profiles will show broken pictures: the database names files that no archive has", "see whether an older or newer backup has them; they can be added later, file by file"},
	"files-absent-few": {Note, "a few files that the database names are in no archive: they were deleted between dump and archive, or were lost before", "nothing; the report has the number"},

	"missing-database":          {Damage, "there is no database to restore", "look for pg_dump_mastodon_backup.sqlc where the backup was made"},
	"missing-accounts":          {Warning, "profile pictures and headers of this server's own people stay as they are on the volume, or are gone", "look for system_accounts.tar.gz where the backup was made"},
	"missing-media_attachments": {Warning, "pictures and videos that people of this server posted stay as they are on the volume, or are gone", "look for system_media_attachments.tar.gz where the backup was made"},
	"missing-site_uploads":      {Warning, "the server's own banner and icons stay as they are on the volume, or are gone", "upload them again in the administration, or look for system_site_uploads.tar.gz"},
	"missing-cache": {Note, "pictures, emoji and previews from other servers are not in this set: what the volume no longer has is fetched again where the other server still lives",
		"after the database come tootctl media remove --days 0, emoji purge --remote-only and preview_cards remove --days 0, and once the server is open tootctl accounts refresh --all; pictures from servers that are gone do not come back, nor do previews of old links"},
	"missing-custom_emojis": {Note, "this server's own emoji are only on the volume; they are left as they are there, and are gone if the volume is", "never wipe custom_emojis on the volume; add system_custom_emojis.tar.gz to the backups to come"},
	"missing-environment":   {Warning, "nobody can tell whether the cluster has the secrets that this database was written with", "compare SECRET_KEY_BASE, OTP_SECRET, VAPID_* and ACTIVE_RECORD_ENCRYPTION_* with the old server's by hand"},
	"object-storage":        {Note, "the environment says that media are kept in an object store: there are no files to restore", "see that the bucket is as it should be"},

	"environment-strange": {Warning, "the secrets and the domain of the old server are not known", "look into the file: if that is an error message, the backup failed when it was made"},
	"environment-cut":     {Warning, "the file ends in the middle of a line, so more may be missing", otherBackup},
	"environment-crlf":    {Note, "the file came through a terminal (kubectl exec with -t), which changes bytes; a dump or archive made the same way is ruined", "take -t out of the backup's script"},
	"environment-domain":  {Warning, "it can't be told whose backup this is", "look into the file; LOCAL_DOMAIN should be there"},
	"environment-secrets": {Warning, "secrets that this database was written with are not in the set", "compare them with the old server's by hand before the server is opened"},

	"dump-older":       {Warning, "pg_dump may have failed on that day, and an older dump was copied again: posts up to the archives' time would be missing", "compare the time of the newest post with what you expect; take another backup if it is too old"},
	"other-domain":     {Warning, "the database and the environment come from different servers", "find out which file belongs to another set"},
	"database-name":    {Warning, "the dump is of another database than the one Mastodon used", "find out whether the right database was dumped"},
	"not-mastodon":     {Warning, "the dump is whole, but it is not the database of a Mastodon server", "find out which database was dumped"},
	"database-empty":   {Warning, "the dump has tables, and nobody in them: made with --schema-only, or of a new server", otherBackup},
	"not-production":   {Warning, "Rails calls this a database of another environment, and refuses to run on it in production", "find out whether a test server was backed up"},
	"schema-newer":     {Note, "the database is newer than every release of Mastodon known here", "see that the cluster runs the version that the backup comes from, or a newer one"},
	"schema-older":     {Note, "the database is older than every release of Mastodon known here", "expect a long db:migrate; Mastodon's release notes name the versions to go through"},
	"schema-unknown":   {Warning, "the dump has no list of migrations, so Mastodon's version can't be told", "find out which version the backup comes from"},
	"rows-uncounted":   {Note, "the dump was made with --inserts: its bytes are checked, but its rows can't be counted", "dump with pg_dump --format=custom alone"},
	"scheduled-due":    {Note, "posts that were scheduled for a time now past are published minutes after Sidekiq starts", "tell their authors, or delete them in scheduled_statuses before the server is opened"},
	"files-unreferred": {Note, "which files the database names could not be told, so none were looked for", "nothing; the archives are checked in themselves"},

	"manifest-differs":    {Damage, "a file has changed since the manifest was written", otherBackup},
	"manifest-lost":       {Damage, "a file that the manifest lists is gone", "look for it where the backup was made"},
	"manifest-new":        {Note, "a file came to the set after the manifest was written", "write the manifest again if it belongs here"},
	"manifest-unreadable": {Warning, "whether the files have changed since they were written can't be told", "delete manifest.json, or write it again with --write-manifest"},
	"manifest-agrees":     {Note, "no file has changed since the manifest was written", "nothing"},
}

// finding makes a finding of its kind.
func finding(id string, part Class, text string) Finding {
	k, known := kinds[id]
	if !known {
		panic("backupset: no finding is called " + id)
	}
	return Finding{ID: id, Part: part, Severity: k.severity, Text: text, Meaning: k.meaning, Advice: k.advice}
}

func (s Severity) rank() int { return slices.Index([]Severity{Note, Warning, Damage}, s) }

// verdict is what findings come to; those of one part, or all.
func verdict(findings []Finding, concerns func(Finding) bool) Verdict {
	worst := Note
	for _, f := range findings {
		if concerns(f) && f.Severity.rank() > worst.rank() {
			worst = f.Severity
		}
	}
	return map[Severity]Verdict{Note: Sound, Warning: Suspicious, Damage: Damaged}[worst]
}

// sortFindings puts the worst first, then the parts in their order.
func sortFindings(findings []Finding) {
	slices.SortStableFunc(findings, func(a, b Finding) int {
		return cmp.Or(b.Severity.rank()-a.Severity.rank(), slices.Index(Classes(), a.Part)-slices.Index(Classes(), b.Part), cmp.Compare(a.ID, b.ID))
	})
}
