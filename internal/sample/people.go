package sample

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
)

// A picture is an uploaded file as its row remembers it. Without a name there is none.
type picture struct {
	name, mime string
	size       int
}

func (s Size) picture(k kind, i int, extension, mime string) picture {
	r := s.random(k, i)
	largest := cmp.Or(s.FileBytes, 20_000)
	return picture{hexes(r, 8) + extension, mime, 1000 + r.IntN(max(largest-1000, 0)+1)}
}

// hexes is n random bytes, spelled in hexadecimal.
func hexes(r *rand.Rand, n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return fmt.Sprintf("%x", b)
}

type account struct {
	id               int64
	username, domain string // no domain: local
	created          time.Time
	avatar, header   picture
}

// account makes the i-th person; the first [Size.Users] are local. One in eight has no picture.
func (s Size) account(i int, now time.Time) account {
	local := i < s.Users
	created := written(i, s.Users, now.Add(-age/2))
	if !local {
		created = written(i-s.Users, s.RemoteAccounts, now)
	}
	a := account{id: snowflake(created, i, local), username: fmt.Sprint(names[i%len(names)], i), created: created}
	if !local {
		a.domain = s.host(i)
	}
	if local || i%8 != 0 {
		a.avatar = s.picture(kindAvatar, i, ".png", "image/png")
		a.header = s.picture(kindHeader, i, ".jpeg", "image/jpeg")
	}
	return a
}

const pictured = "%[1]s_file_name, %[1]s_content_type, %[1]s_file_size, %[1]s_updated_at, %[1]s_remote_url, %[1]s_storage_schema_version"

// columns are the values of the six columns that remember a picture.
func (p picture) columns(at time.Time, local bool, remoteURL string) columns {
	have := p.name != ""
	if local || !have {
		remoteURL = ""
	}
	return columns{or(have, p.name), or(have, p.mime), or(have, p.size), or(have, at), remoteURL, or(!local && have, 1)}
}

func (s Size) people(c *copier) {
	c.table("accounts", "id, username, domain, private_key, public_key, created_at, updated_at, note, display_name, uri, url, "+
		fmt.Sprintf(pictured, "avatar")+", "+fmt.Sprintf(pictured, "header")+
		", locked, moved_to_account_id, fields, actor_type, discoverable, also_known_as, silenced_at, suspended_at", func(row func(...any)) {
		s.actor(c, row)
		for i := range s.accounts() {
			s.person(c, i, row)
		}
	})
	c.table("account_stats", "account_id, statuses_count, following_count, followers_count, last_status_at, created_at, updated_at", func(row func(...any)) {
		for i := range s.accounts() {
			a := s.account(i, c.now)
			row(a.id, i%90, i%20, i%7, c.now.Add(-time.Hour), a.created, a.created)
		}
	})
}

// actor writes the row of the account that signs what the server itself asks of others.
func (s Size) actor(c *copier, row func(...any)) {
	born, none := c.now.Add(-age), picture{}.columns(time.Time{}, true, "")
	row(InstanceActor, "mastodon.internal", null{}, s.key(-1), "public", born, born, "", "", "", null{}, none, none,
		true, null{}, null{}, "Application", null{}, null{}, null{}, null{})
}

// key is what stands where a private key would. It opens nothing.
func (s Size) key(i int) string {
	return "-----BEGIN SAMPLE KEY-----\n" + hexes(s.random(kindSecret, 1000+i), 32) + "\n-----END SAMPLE KEY-----\n"
}

func (s Size) person(c *copier, i int, row func(...any)) {
	a, local := s.account(i, c.now), i < s.Users
	home := "https://" + s.host(i) + "/users/" + a.username
	row(a.id, a.username, or(!local, a.domain), or(local, s.key(i)), "public", a.created, a.created, sentence(s.random(kindAccount, i)),
		strings.Repeat(a.username+" \U0001F994", i%3), home, "https://"+s.host(i)+"/@"+a.username,
		a.avatar.columns(a.created, local, home+"/avatar.png"), a.header.columns(a.created, local, home+"/header.jpeg"),
		i%6 == 0, or(i == s.Users, s.account(i+1, c.now).id), `[{"name": "Pronouns", "value": "they/them"}]`, "Person", i%3 != 0,
		or(i%9 == 0, `{"https://old.example/users/`+a.username+`"}`),
		or(!local && i%31 == 0, a.created), or(!local && i%37 == 0, a.created))
}

// host is the server the i-th person lives on.
func (s Size) host(i int) string {
	if i < s.Users {
		return s.domain()
	}
	return hosts[i%len(hosts)]
}
