// Package restore is the restore itself: twelve steps from a folder of backups to a verified,
// running Mastodon, a file per step in the order they run.
//
//	target      which server
//	set         which backup, read in full
//	preflight   every check at once, before anything changes
//	plan        what will happen; the operator types the server's name
//	quiesce     lock, remember, scale down, wait until nothing writes
//	utility     the pod the restore works in
//	files       accounts, media, site uploads
//	database    into a new database beside the old one, checked, swapped in
//	settle      migrations, caches, what a missing cache needs
//	reopen      web, then Sidekiq and streaming
//	after       the cache, profile pictures, the search index: the server is open meanwhile
//	report      before, backup, now; what was kept and how to go back
//
// It knows the engine (workflow), the internal packages, and the interfaces in world.go and
// database_world.go that it declares itself. It knows no client library and no screen.
//
// A [Restore] belongs to one run and is used by the engine's one goroutine; what a step starts on
// the side has ended when the step returns.
package restore
