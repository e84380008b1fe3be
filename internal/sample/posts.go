package sample

import (
	"fmt"
	"strings"
	"time"
)

type status struct {
	id        int64
	author    int // the account's number
	authorID  int64
	created   time.Time
	local     bool
	uri       string
	reblogged int // the number of the status this one repeats, or -1
}

// status makes the i-th post; the first [Size.LocalStatuses] are local.
func (s Size) status(i int, now time.Time) status {
	r, local := s.random(kindStatus, i), i < s.LocalStatuses
	st := status{local: local, reblogged: -1}
	if local {
		st.author, st.created = r.IntN(s.Users), written(i, s.LocalStatuses, now)
		if first, last := s.attached(i); first == last && i%15 == 7 {
			st.reblogged = s.LocalStatuses + r.IntN(s.RemoteStatuses)
		}
	} else {
		st.author, st.created = s.Users+r.IntN(s.RemoteAccounts), written(i-s.LocalStatuses, s.RemoteStatuses, now)
	}
	st.id = snowflake(st.created, i, local)
	author := s.account(st.author, now)
	st.authorID = author.id
	st.uri = fmt.Sprintf("https://%s/users/%s/statuses/%d", s.host(st.author), author.username, st.id)
	return st
}

func (s Size) posts(c *copier) {
	n := s.statuses()
	c.table("conversations", "id, uri, created_at, updated_at", func(row func(...any)) {
		for i := range n/3 + 1 {
			at := written(i, n/3+1, c.now)
			row(i+1, or(i%2 == 0, fmt.Sprintf("tag:%s,%d:objectId=%d:objectType=Conversation", hosts[i%len(hosts)], at.Year(), i)), at, at)
		}
	})
	c.table("statuses", "id, uri, url, text, spoiler_text, created_at, updated_at, edited_at, deleted_at, account_id, in_reply_to_id, in_reply_to_account_id, "+
		"reblog_of_id, conversation_id, local, reply, sensitive, visibility, language, ordered_media_attachment_ids", func(row func(...any)) {
		for i := range n {
			s.post(c, i, row)
		}
	})
	c.table("status_stats", "status_id, replies_count, reblogs_count, favourites_count, created_at, updated_at", func(row func(...any)) {
		for i := 0; i < n; i += 2 {
			st := s.status(i, c.now)
			row(st.id, i%3, i%5, i%4, st.created, st.created)
		}
	})
	c.table("statuses_tags", "status_id, tag_id", func(row func(...any)) {
		for i := 0; i < n; i += 4 {
			row(s.status(i, c.now).id, i/4%len(tags)+1)
		}
	})
	c.table("polls", "id, account_id, status_id, expires_at, options, cached_tallies, created_at, updated_at", func(row func(...any)) {
		for i := range s.polls() {
			st := s.status(i*20, c.now)
			row(i+1, st.authorID, st.id, st.created.Add(24*time.Hour), `{tea,"coffee, black","\"neither\""}`, "{3,1,0}", st.created, st.created)
		}
	})
	c.table("poll_votes", "account_id, poll_id, choice, created_at, updated_at", func(row func(...any)) {
		for i := range s.polls() {
			row(s.account(s.Users+i%s.RemoteAccounts, c.now).id, i+1, i%3, c.now, c.now)
		}
	})
	c.table("scheduled_statuses", "account_id, scheduled_at, params", func(row func(...any)) {
		for i, in := range []time.Duration{-time.Hour, 24 * time.Hour, 72 * time.Hour} {
			row(s.account(i%s.Users, c.now).id, c.now.Add(in), `{"text": "written ahead", "visibility": "public"}`)
		}
	})
}

func (s Size) polls() int { return (s.LocalStatuses + 19) / 20 }

func (s Size) post(c *copier, i int, row func(...any)) {
	st, r := s.status(i, c.now), s.random(kindStatus, -1-i)
	text, again := sentence(r), st.reblogged >= 0
	var original status
	if again {
		text, original = "", s.status(st.reblogged, c.now)
	}
	var previous status
	answers := !again && i > 0 && i != s.LocalStatuses && r.IntN(5) == 0
	if answers {
		previous = s.status(i-1, c.now)
	}
	row(st.id, st.uri, or(!again, st.uri), text, strings.Repeat("long, sorry", (i%11)/10), st.created, st.created, or(i%17 == 0, st.created.Add(time.Minute)), or(i%53 == 52, st.created.Add(time.Hour)),
		st.authorID, or(answers, previous.id), or(answers, previous.authorID), or(again, original.id), i/3+1,
		st.local, answers, i%13 == 0, pick(r, visibilities), or(i%10 != 9, pick(r, tongue)), s.attachmentIDs(i, c.now))
}
