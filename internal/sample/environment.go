package sample

import (
	"encoding/base64"
	"fmt"
	"io"
	"maps"
	"slices"
)

// Secrets are the settings that must be the same before and after a restore. They are made up and
// open nothing.
func (s Size) Secrets() map[string]string {
	r := s.random(kindSecret, 1)
	url := func(n int) string {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(r.Uint32())
		}
		return base64.URLEncoding.EncodeToString(b)
	}
	return map[string]string{
		"SECRET_KEY_BASE":                              hexes(r, 64),
		"OTP_SECRET":                                   hexes(r, 64),
		"VAPID_PRIVATE_KEY":                            url(32),
		"VAPID_PUBLIC_KEY":                             url(65),
		"ACTIVE_RECORD_ENCRYPTION_PRIMARY_KEY":         hexes(r, 16),
		"ACTIVE_RECORD_ENCRYPTION_DETERMINISTIC_KEY":   hexes(r, 16),
		"ACTIVE_RECORD_ENCRYPTION_KEY_DERIVATION_SALT": hexes(r, 16),
	}
}

// Settings are the rest of what the web pod's containers are configured with, without passwords.
func (s Size) Settings() map[string]string {
	return map[string]string{
		"LOCAL_DOMAIN": s.domain(), "SINGLE_USER_MODE": "false", "DEFAULT_LOCALE": "en",
		"RAILS_ENV": "production", "NODE_ENV": "production", "RAILS_LOG_TO_STDOUT": "enabled",
		"DB_HOST": "mastodon-postgresql", "DB_PORT": "5432", "DB_NAME": "mastodon_production", "DB_USER": "mastodon", "DB_POOL": "25",
		"REDIS_HOST": "mastodon-redis-master", "REDIS_PORT": "6379", "ES_ENABLED": "false", "S3_ENABLED": "false",
		"SMTP_SERVER": "smtp.mail.example", "SMTP_PORT": "587", "SMTP_FROM_ADDRESS": "notifications@" + s.domain(),
		"WEB_CONCURRENCY": "2", "MAX_THREADS": "5", "MALLOC_ARENA_MAX": "2",
	}
}

// WriteEnvironment writes what env prints in the web pod: the backup set's mastodon_environment.txt.
func (s Size) WriteEnvironment(w io.Writer) error {
	all := map[string]string{
		"PATH":     "/opt/ruby/bin:/opt/mastodon/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
		"HOSTNAME": "mastodon-web-6f9c7d8b5c-x2x7k", "HOME": "/opt/mastodon", "PWD": "/opt/mastodon", "TZ": "Etc/UTC", "PORT": "3000",
		"KUBERNETES_SERVICE_HOST": "10.152.183.1", "KUBERNETES_SERVICE_PORT": "443", "KUBERNETES_PORT": "tcp://10.152.183.1:443",
		"MASTODON_WEB_SERVICE_HOST": "10.152.183.77", "MASTODON_WEB_PORT": "tcp://10.152.183.77:3000",
		"DB_PASS": hexes(s.random(kindSecret, 2), 8), "REDIS_PASSWORD": hexes(s.random(kindSecret, 3), 8),
	}
	maps.Copy(all, s.Settings())
	maps.Copy(all, s.Secrets())
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if _, err := fmt.Fprintf(w, "%s=%s\n", name, all[name]); err != nil {
			return fmt.Errorf("write environment: %w", err)
		}
	}
	return nil
}
