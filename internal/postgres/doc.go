// Package postgres looks at and changes a PostgreSQL server with psql and pg_restore, as scripts
// run in a [remote.Place] that has them.
//
// It never holds a password: a [Login] is a few lines of shell that read it where the script
// runs. It knows Mastodon's tables as far as the figures of mastodon.Counts need them, and nothing
// of Kubernetes.
package postgres
