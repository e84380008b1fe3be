package restore

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"mastodon-restore/internal/backupset"
	"mastodon-restore/internal/mastodon"
	"mastodon-restore/internal/postgres"
	"mastodon-restore/workflow"
)

func TestEachSecretThatDiffersIsNamedWithWhatItBreaks(t *testing.T) {
	here, there := mastodon.Env{}, mastodon.Env{}
	for _, secret := range mastodon.Secrets {
		here[secret.Name], there[secret.Name] = "the same value", "the same value"
	}
	all := compared(here, there)
	require.Equal(t, workflow.SeverityOK, judgeSecrets(all).Severity)

	here["OTP_SECRET"] = "hush-hush-here"
	delete(here, "VAPID_PUBLIC_KEY")
	delete(here, "VAPID_PRIVATE_KEY")
	c := judgeSecrets(compared(here, there))
	require.Equal(t, workflow.SeverityWarns, c.Severity)
	for _, secret := range mastodon.Secrets {
		switch secret.Name {
		case "OTP_SECRET":
			require.Contains(t, c.Meaning, "OTP_SECRET: "+secret.Breaks)
		case "VAPID_PUBLIC_KEY", "VAPID_PRIVATE_KEY":
			require.Contains(t, c.Meaning, secret.Breaks)
			require.Contains(t, c.Fix, "add "+secret.Name)
		default:
			require.NotContains(t, c.Meaning, secret.Name)
		}
	}
	require.NotContains(t, fmt.Sprintf("%+v", c), "hush")
}

func TestPostgreSQLMustBeAsNewAsTheDumpsMastodonNeeds(t *testing.T) {
	for server, blocked := range map[int]bool{120019: true, 130000: false, 170006: false} {
		s := &survey{Restore: &Restore{}, look: &postgres.Look{Server: server}}
		s.Facts.Backup = &backupset.Report{Database: &backupset.Database{Release: "4.5.0", PostgresMinimum: 13}}
		c := checkMastodonNeeds(t.Context(), s)
		require.Equal(t, blocked, c != nil)
		if !blocked {
			continue
		}
		require.Equal(t, workflow.SeverityBlocks, c.Severity)
		require.Contains(t, c.Evidence, "Mastodon 4.5.0 needs PostgreSQL 13 or newer, the server is 12")
	}
}
