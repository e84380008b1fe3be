// Package plain is the face without a screen: sentences for people and screen readers, JSON lines
// for programs, and questions asked one line at a time.
//
// It only ever appends. It has no colour, no box, no spinner and nothing that is drawn over. What
// it says is folded from the same events the wizard draws.
//
// It must never know Kubernetes, Mastodon or the restore: it reads a [workflow.Feed] and answers
// as a [workflow.Operator], and imports nothing else but the standard library.
//
// # Concurrency
//
// One goroutine runs Follow of a [Text] or a [JSON]. The other methods may be called from any
// goroutine. A slow or broken output never holds up the run: only Follow waits for it.
package plain
