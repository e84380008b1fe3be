package mastodon

import "time"

// Counts are the figures a server is known by: taken from a database, or from the rows of a dump.
type Counts struct {
	Users         int64 `json:"users"`
	LocalAccounts int64 `json:"local_accounts"` // the instance's own actor included
	LocalPosts    int64 `json:"local_posts"`    // not deleted
	LocalMedia    int64 `json:"local_media"`    // attachments with a file
	LocalEmoji    int64 `json:"local_emoji"`
	// RemoteAccounts is what accounts refresh --all will visit.
	RemoteAccounts int64 `json:"remote_accounts"`
	// ScheduledDue are posts that Sidekiq will publish minutes after it starts.
	ScheduledDue int64 `json:"scheduled_due"`
	// NewestPost is the real age of the data; zero for a server without posts.
	NewestPost time.Time `json:"newest_post,omitzero"`
	// Schema is the highest migration; Environment is Rails', "production" as a rule.
	Schema      string `json:"schema"`
	Environment string `json:"environment"`
}

// Contents are the objects of a database's public schema, by name, sorted.
type Contents struct {
	Tables      []string `json:"tables"`
	Indexes     []string `json:"indexes"`
	Constraints []string `json:"constraints"` // as table.constraint
	Sequences   []string `json:"sequences"`
	Views       []string `json:"views"` // materialized ones too
	Functions   []string `json:"functions"`
}
