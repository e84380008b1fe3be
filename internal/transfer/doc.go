// Package transfer carries archives and single files from this machine into a directory behind a
// [remote.Place] that has only a shell, tar and coreutils. It is made for streams that break: what
// arrived is known by digest, what is unknown is sent again, and a new process sends only the rest.
//
// # How
//
// The archive is read once, front to back, and cut at entry boundaries into parcels: little tar
// archives of at most [Options.BatchBytes] and [Options.BatchFiles], or pieces of one large file.
// The cutting is a pure function of the archive's bytes, so any process cuts it alike. A few lanes,
// each one long-lived remote command, take parcels from one queue; a lane has up to two parcels
// under way, so it never waits for an answer. All parcels in memory share [Options.Memory], which
// also bounds what a broken run sends twice.
//
// Every parcel carries the directories its files need as entries of its own. Two tars that make
// the same parent by themselves race and one of them fails; two that are told of it do not.
//
// A parcel is done when the far side has said the number of bytes it received, their digest, the
// number of entries and tar's exit code, and all of them are ours. Anything else is unknown and the
// parcel is sent again, after the processes of the broken lane were killed over there: a late tar
// could otherwise unlink a file that its successor has just written and leave half of it.
//
// What has arrived is remembered twice: in the [Ledger] here, and in a hidden file in the destination
// while the transfer is not complete, so that another machine can go on.
//
// # What it leaves
//
// Files get the present time and the far side's umask: no chown, chmod or utime per file, each of
// which is a round trip on a network file system. An existing file of the same name is replaced,
// since the database that goes with the backup refers to the backup's file; files newer than the
// backup are listed in the [Report] before. Nothing is ever deleted otherwise.
//
// The package knows neither Kubernetes nor Mastodon's database. Transfers may run side
// by side as long as each has its own [Ledger].
package transfer
