package sample

import (
	"fmt"
	"time"
)

// users writes the people who log in here, and what only they have. User i owns account i.
func (s Size) users(c *copier) {
	c.table("users", "id, email, account_id, encrypted_password, otp_secret, otp_required_for_login, locale, chosen_languages, sign_up_ip, settings, role_id, "+
		"created_at, updated_at, confirmed_at, current_sign_in_at", func(row func(...any)) {
		for i := range s.Users {
			a, r := s.account(i, c.now), s.random(kindSecret, i)
			second := i%2 == 0
			row(i+1, a.username+"@mail.example", a.id, "$2a$10$"+hexes(r, 26), or(second, `{"p":"`+hexes(r, 16)+`","h":{"iv":"`+hexes(r, 8)+`"}}`), second, "en",
				or(i%3 == 0, "{en,de}"), ip(i), `{"web.auto_play":true}`, or(i == 0, 3), a.created, c.now.Add(-time.Hour), a.created, c.now.Add(-time.Hour))
		}
	})
	each := func(write func(i int, seen time.Time)) {
		for i := range s.Users {
			write(i, c.now.Add(-time.Duration(i)*time.Hour))
		}
	}
	c.table("session_activations", "session_id, user_id, ip, user_agent, created_at, updated_at", func(row func(...any)) {
		each(func(i int, seen time.Time) {
			row(hexes(s.random(kindSecret, 200+i), 16), i+1, ip(i+50), "Mozilla/5.0 (X11)", seen, seen)
		})
	})
	c.table("login_activities", "user_id, authentication_method, success, ip, user_agent, created_at", func(row func(...any)) {
		each(func(i int, seen time.Time) { row(i+1, "password", i%4 != 3, ip(i+50), "Mozilla/5.0 (X11)", seen) })
	})
	c.table("invites", "user_id, code, uses, created_at, updated_at", func(row func(...any)) {
		each(func(i int, seen time.Time) { row(i+1, hexes(s.random(kindSecret, 300+i), 4), i, seen, seen) })
	})
	c.table("oauth_access_tokens", "id, token, scopes, application_id, resource_owner_id, created_at", func(row func(...any)) {
		each(func(i int, seen time.Time) {
			row(i+1, hexes(s.random(kindSecret, 400+i), 32), "read write follow push", 1, i+1, seen)
		})
	})
	c.table("web_push_subscriptions", "endpoint, key_p256dh, key_auth, data, access_token_id, user_id, created_at, updated_at", func(row func(...any)) {
		each(func(i int, seen time.Time) {
			r := s.random(kindSecret, 500+i)
			row("https://push.example/"+hexes(r, 8), hexes(r, 32), hexes(r, 8), `{"alerts":{"mention":true}}`, i+1, i+1, seen, seen)
		})
	})
	c.table("markers", "user_id, timeline, last_read_id, created_at, updated_at", func(row func(...any)) {
		each(func(i int, seen time.Time) { row(i+1, "home", s.status(i%s.statuses(), c.now).id, seen, seen) })
	})
	c.table("lists", "id, account_id, title, created_at, updated_at", func(row func(...any)) {
		each(func(i int, seen time.Time) { row(i+1, s.account(i, c.now).id, "Friends", seen, seen) })
	})
}

func ip(i int) string { return fmt.Sprintf("2001:db8::%x", i+1) }
