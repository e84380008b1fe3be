package mastodon

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"log/slog"
	"slices"
)

// Env is the environment of a Mastodon process. Its values are secrets until proven otherwise:
// however it is printed or encoded, only the number of variables shows.
type Env map[string]string

func (e Env) String() string { return fmt.Sprintf("%d variables", len(e)) }

// GoString is String, for %#v.
func (e Env) GoString() string { return e.String() }

// LogValue is String, for structured logs.
func (e Env) LogValue() slog.Value { return slog.StringValue(e.String()) }

// MarshalText is String, for encoders.
func (e Env) MarshalText() ([]byte, error) { return []byte(e.String()), nil }

// MarshalJSON is String, quoted.
func (e Env) MarshalJSON() ([]byte, error) { return []byte(fmt.Sprintf("%q", e.String())), nil }

// Format keeps every verb of package fmt from the values.
func (e Env) Format(s fmt.State, _ rune) { fmt.Fprint(s, e.String()) }

// Secret is a variable that a database dump is bound to.
type Secret struct {
	Name string
	// Breaks says what stops working when the cluster's value differs from the backup's.
	Breaks string
}

// Secrets are compared between a backup's environment and the cluster's.
var Secrets = []Secret{
	{"SECRET_KEY_BASE", "everybody is logged out"},
	{"OTP_SECRET", "two-factor logins of older Mastodon versions fail"},
	{"VAPID_PRIVATE_KEY", "push notifications stop until each browser subscribes again"},
	{"VAPID_PUBLIC_KEY", "push notifications stop until each browser subscribes again"},
	{"ACTIVE_RECORD_ENCRYPTION_PRIMARY_KEY", "two-factor logins and encrypted columns can't be read"},
	{"ACTIVE_RECORD_ENCRYPTION_DETERMINISTIC_KEY", "encrypted columns can't be looked up"},
	{"ACTIVE_RECORD_ENCRYPTION_KEY_DERIVATION_SALT", "two-factor logins and encrypted columns can't be read"},
}

// Fingerprint is a short keyed digest of a value: equal values have equal fingerprints, and
// nobody learns the value from it who does not know key.
func (e Env) Fingerprint(name string, key []byte) (string, bool) {
	v, ok := e[name]
	if !ok || v == "" {
		return "", false
	}
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(name + "\x00" + v))
	return hex.EncodeToString(mac.Sum(nil))[:12], true
}

// Names lists the variables, sorted.
func (e Env) Names() []string {
	names := make([]string, 0, len(e))
	for n := range e {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}
