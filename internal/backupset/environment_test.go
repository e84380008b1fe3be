package backupset

import (
	"testing"

	"github.com/stretchr/testify/require"

	"mastodon-restore/internal/mastodon"
)

func TestParseEnvironment(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       mastodon.Env
		cut, crlf  bool
	}{
		{"lines", "A=1\nB=two words\nEMPTY=\n", mastodon.Env{"A": "1", "B": "two words", "EMPTY": ""}, false, false},
		{"equals signs in a value", "A=b=c==\n", mastodon.Env{"A": "b=c=="}, false, false},
		{"a value of several lines", "A=1\nKEY=-----BEGIN\nabc+/\n\n-----END\nB=2\n", mastodon.Env{"A": "1", "KEY": "-----BEGIN\nabc+/\n\n-----END", "B": "2"}, false, false},
		{"a terminal's line ends", "A=1\r\nKEY=x\r\ny y\r\n", mastodon.Env{"A": "1", "KEY": "x\ny y"}, false, true},
		{"a last line without an end", "A=1\nB=2", mastodon.Env{"A": "1", "B": "2"}, true, false},
		{"a message before it", "Defaulted container \"web\"\nA=1\n", mastodon.Env{"A": "1"}, false, false},
		{"a name twice", "A=1\nA=2\n", mastodon.Env{"A": "2"}, false, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := parseEnvironment([]byte(c.text))
			require.NoError(t, err)
			require.Equal(t, parsed{c.want, c.cut, c.crlf}, got)
		})
	}
}

func TestSecretsAreComparedWithoutShowingOne(t *testing.T) {
	key := []byte("thrown away afterwards")
	there := mastodon.Env{"LOCAL_DOMAIN": "example.social"}
	for _, s := range mastodon.Secrets {
		there[s.Name] = "secret value of " + s.Name
	}
	here := mastodon.Env{"LOCAL_DOMAIN": "example.social", "WEB_DOMAIN": "social.example"}
	for n, v := range there {
		here[n] = v
	}
	here["OTP_SECRET"] = "another"
	delete(here, "VAPID_PUBLIC_KEY")
	delete(there, "SECRET_KEY_BASE")
	delete(here, "ACTIVE_RECORD_ENCRYPTION_PRIMARY_KEY")
	delete(there, "ACTIVE_RECORD_ENCRYPTION_PRIMARY_KEY")

	all := CompareSecrets(here, there, key)
	require.Len(t, all, len(mastodon.Secrets)+2)
	states := map[string]SecretState{}
	for _, c := range all {
		states[c.Name] = c.State
		require.NotEmpty(t, c.Breaks, c.Name)
		require.NotContains(t, c.Here+c.There+c.Fix, "secret value", c.Name)
		require.Equal(t, c.State == SecretSame, c.Fix == "", c.Name)
	}
	require.Equal(t, map[string]SecretState{
		"SECRET_KEY_BASE": SecretMissingThere, "OTP_SECRET": SecretDiffers, "VAPID_PRIVATE_KEY": SecretSame, "VAPID_PUBLIC_KEY": SecretMissingHere,
		"ACTIVE_RECORD_ENCRYPTION_PRIMARY_KEY": SecretAbsent, "ACTIVE_RECORD_ENCRYPTION_DETERMINISTIC_KEY": SecretSame,
		"ACTIVE_RECORD_ENCRYPTION_KEY_DERIVATION_SALT": SecretSame, "LOCAL_DOMAIN": SecretSame, "WEB_DOMAIN": SecretDiffers,
	}, states)
	for _, c := range CompareSecrets(here, there, []byte("another key")) {
		for _, old := range all {
			if old.Name == c.Name && c.There != "" && c.Name != "LOCAL_DOMAIN" && c.Name != "WEB_DOMAIN" {
				require.NotEqual(t, old.There, c.There, "a fingerprint is of use with its key only")
			}
		}
	}
}
