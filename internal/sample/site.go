package sample

import (
	"cmp"
	"fmt"
	"strings"
)

// Migrations are the schema versions our database has had, oldest first; among them those of
// Mastodon 4.0.2, 4.2.0, 4.3.0, 4.4.0 and, last, 4.5.0.
var Migrations = strings.Fields(`
	20160220174730 20170112154826 20180106000232 20190103124649 20200113125135 20210221045109 20220118183010
	20221104133904 20230129023109 20230907150100 20240307180905 20241007071624 20250520192024 20250627132728 20251023210145`)

// site writes what belongs to the server itself.
func (s Size) site(c *copier) {
	c.table("schema_migrations", "version", func(row func(...any)) {
		newest := cmp.Or(s.SchemaVersion, Migrations[len(Migrations)-1])
		for _, version := range Migrations {
			if version <= newest {
				row(version)
			}
		}
	})
	born := c.now.Add(-age)
	c.table("ar_internal_metadata", "key, value, created_at, updated_at", func(row func(...any)) {
		row("environment", "production", born, born)
		row("schema_sha1", "0000000000000000000000000000000000000000", born, born)
	})
	c.table("settings", "var, value, created_at, updated_at", func(row func(...any)) {
		row("site_title", "--- "+s.domain()+"\n", born, born)
		row("site_short_description", "--- |\n  A small server.\n  Be \"kind\".\n", born, born)
		row("registrations_mode", "--- approved\n", born, born)
	})
	c.table("rules", "priority, text, created_at, updated_at", func(row func(...any)) {
		row(1, "Be kind.", born, born)
		row(2, "Describe your pictures.", born, born)
	})
	c.table("announcements", "text, published, status_ids, created_at, updated_at", func(row func(...any)) {
		row("We move to a new machine on Sunday.", true, "{}", born, born)
	})
	c.table("domain_blocks", "domain, severity, public_comment, created_at, updated_at", func(row func(...any)) {
		row("spam.example", 1, "spam", born, born)
		row("rude.example", 0, null{}, born, born)
	})
	c.table("ip_blocks", "ip, severity, comment, created_at, updated_at", func(row func(...any)) {
		row("203.0.113.0/24", 9999, "sign-up spam", born, born)
	})
	c.table("unavailable_domains", "domain, created_at, updated_at", func(row func(...any)) { row("gone.example", born, born) })
	c.table("custom_emoji_categories", "name, created_at, updated_at", func(row func(...any)) { row("Cats", born, born) })
	c.table("user_roles", "id, name, position, permissions, created_at, updated_at", func(row func(...any)) {
		row(int64(-99), "", -1, int64(65536), born, born)
		row(3, "Owner", 1000, int64(1), born, born)
	})
	c.table("tags", "id, name, display_name, usable, last_status_at, created_at, updated_at", func(row func(...any)) {
		for i, tag := range tags {
			row(i+1, strings.ToLower(tag), tag, or(i%4 == 0, true), c.now.Add(-age/100), born, born)
		}
	})
	c.table("oauth_applications", "id, name, uid, secret, redirect_uri, scopes, created_at, updated_at", func(row func(...any)) {
		r := s.random(kindSecret, 100)
		row(1, "Web", hexes(r, 32), hexes(r, 32), "urn:ietf:wg:oauth:2.0:oob", "read write follow push", born, born)
	})
}

// finish sets the sequences behind the rows and fills the stored views.
func (s Size) finish(c *copier) {
	fmt.Fprintf(c.w, `DO $$ DECLARE t record; newest bigint; BEGIN
  FOR t IN SELECT relname, pg_get_serial_sequence(c.oid::regclass::text, 'id') AS sequence FROM pg_class c
    JOIN pg_attribute a ON attrelid = c.oid AND attname = 'id' WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace LOOP
    CONTINUE WHEN t.sequence IS NULL;
    EXECUTE format('SELECT max(id) FROM %%I', t.relname) INTO newest;
    PERFORM setval(t.sequence, newest) WHERE newest > 0;
  END LOOP;
  PERFORM setval('accounts_id_seq', %d), setval('statuses_id_seq', %d), setval('media_attachments_id_seq', %d);
END $$;
`, s.accounts(), s.statuses(), max(s.attachments(), 1))
	for _, view := range []string{"account_summaries", "global_follow_recommendations", "instances"} {
		fmt.Fprintf(c.w, "REFRESH MATERIALIZED VIEW %s;\n", view)
	}
}
