// Package backupset finds, opens and reads a folder of Mastodon backups, and says whether every
// byte of it can be believed: the PostgreSQL dump, the archives of media, the environment of the
// web pod, and how they fit together.
//
//	set, err := backupset.Open("/mnt/nas/2026-11-19")   // header, contents, version, sizes: at once
//	report, err := set.Read(ctx, backupset.Options{})   // every byte: as long as it takes
//	if report.Verdict != backupset.Sound { … report.Findings … }
//
// A file that is damaged is no error of Read: it is a [Finding], and the reading of the others goes
// on. An error means that nothing can be said, because ctx ended or the folder is gone.
//
// The package must never know of clusters, pods, PostgreSQL servers or of how a set is put back. It
// only reads, but for [Set.WriteManifest]. What files say is untrusted: names, numbers and text are
// checked and made fit for a screen before they reach a [Report], and no value of the environment
// but those listed in [Environment] leaves the package except through [Set.Env].
//
// A [Set] may be used by many goroutines. Read works on as many parts side by side as there are
// processors, each in two goroutines that end before Read returns; memory stays below 64 MiB
// whatever the size of the set and whatever the files hold.
package backupset
