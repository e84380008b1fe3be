package sample

import "time"

// A bond is a row that ties two things of the server together.
type bond struct {
	from, to int64
	at       time.Time
}

// follows are who follows whom: each user up to twenty remote people, and every other remote person
// a user. Users come first, so that lists know the number of a user's first follow.
func (s Size) follows(now time.Time, each func(bond)) {
	for u := range s.Users {
		for t := range s.followed() {
			other := s.account(s.Users+(u*13+t)%s.RemoteAccounts, now)
			each(bond{s.account(u, now).id, other.id, other.created})
		}
	}
	for i := 0; i < s.RemoteAccounts; i += 2 {
		fan := s.account(s.Users+i, now)
		each(bond{fan.id, s.account(i%s.Users, now).id, fan.created})
	}
}

func (s Size) followed() int { return min(20, s.RemoteAccounts) }

// favourites are of local posts by remote people, up to three each, and of every third remote post
// by a user.
func (s Size) favourites(now time.Time, each func(liked status, by account)) {
	for i := range s.LocalStatuses {
		for t := range min(i%4, s.RemoteAccounts) {
			each(s.status(i, now), s.account(s.Users+(i+t)%s.RemoteAccounts, now))
		}
	}
	for i := 0; i < s.RemoteStatuses; i += 3 {
		each(s.status(s.LocalStatuses+i, now), s.account(i%s.Users, now))
	}
}

// mentions are of a user in every fifth remote post.
func (s Size) mentions(now time.Time, each func(in status, of account)) {
	for i := 0; i < s.RemoteStatuses; i += 5 {
		each(s.status(s.LocalStatuses+i, now), s.account(i%s.Users, now))
	}
}

func (s Size) bonds(c *copier) {
	c.table("follows", "id, account_id, target_account_id, created_at, updated_at", func(row func(...any)) {
		id := 0
		s.follows(c.now, func(b bond) { id++; row(id, b.from, b.to, b.at, b.at) })
	})
	c.table("list_accounts", "list_id, account_id, follow_id", func(row func(...any)) {
		for u := range s.Users {
			row(u+1, s.account(s.Users+u*13%s.RemoteAccounts, c.now).id, u*s.followed()+1)
		}
	})
	c.table("favourites", "id, account_id, status_id, created_at, updated_at", func(row func(...any)) {
		id := 0
		s.favourites(c.now, func(liked status, by account) { id++; row(id, by.id, liked.id, liked.created, liked.created) })
	})
	c.table("mentions", "id, account_id, status_id, created_at, updated_at", func(row func(...any)) {
		id := 0
		s.mentions(c.now, func(in status, of account) { id++; row(id, of.id, in.id, in.created, in.created) })
	})
	s.notifications(c)
	s.fewBonds(c)
}

// notifications tell users of favourites and mentions by remote people.
func (s Size) notifications(c *copier) {
	c.table("notifications", "account_id, from_account_id, activity_id, activity_type, type, created_at, updated_at", func(row func(...any)) {
		id := 0
		s.favourites(c.now, func(liked status, by account) {
			if id++; liked.local {
				row(liked.authorID, by.id, id, "Favourite", "favourite", liked.created, liked.created)
			}
		})
		id = 0
		s.mentions(c.now, func(in status, of account) {
			id++
			row(of.id, in.authorID, id, "Mention", "mention", in.created, in.created)
		})
	})
}

// fewBonds writes the tables that hold a row or two for each user.
func (s Size) fewBonds(c *copier) {
	between := func(table string, shift int) {
		c.table(table, "account_id, target_account_id, created_at, updated_at", func(row func(...any)) {
			for u := range s.Users {
				row(s.account(u, c.now).id, s.account(s.Users+(u+shift)%s.RemoteAccounts, c.now).id, c.now, c.now)
			}
		})
	}
	between("follow_requests", 1)
	between("blocks", 2)
	between("mutes", 3)
	between("reports", 4)
	c.table("bookmarks", "account_id, status_id, created_at, updated_at", func(row func(...any)) {
		for u := range s.Users {
			row(s.account(u, c.now).id, s.status(s.LocalStatuses+u%s.RemoteStatuses, c.now).id, c.now, c.now)
		}
	})
	c.table("status_pins", "account_id, status_id, created_at, updated_at", func(row func(...any)) {
		pinned := s.status(0, c.now)
		row(pinned.authorID, pinned.id, c.now, c.now)
	})
	c.table("featured_tags", "account_id, tag_id, statuses_count, created_at, updated_at", func(row func(...any)) {
		for u := range s.Users {
			row(s.account(u, c.now).id, u%len(tags)+1, u, c.now, c.now)
		}
	})
}
