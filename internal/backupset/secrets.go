package backupset

import "mastodon-restore/internal/mastodon"

// SecretState is how a variable of the cluster compares with the backup's.
type SecretState string

// The states. "Here" is the cluster, "there" the backup.
const (
	SecretSame         SecretState = "same"
	SecretDiffers      SecretState = "differs"
	SecretMissingHere  SecretState = "missing here"
	SecretMissingThere SecretState = "missing there"
	SecretAbsent       SecretState = "in neither"
)

// SecretComparison is one variable compared. It does not hold the value of a secret.
type SecretComparison struct {
	Name  string      `json:"name"`
	State SecretState `json:"state"`
	// Here and There are fingerprints; for the two domains, which are no secrets, the values.
	Here  string `json:"here,omitempty"`
	There string `json:"there,omitempty"`
	// Breaks says what stops working if they differ, Fix how to put it right.
	Breaks string `json:"breaks"`
	Fix    string `json:"fix"`
}

// CompareSecrets compares what a dump is bound to: the secrets of [mastodon.Secrets], LOCAL_DOMAIN
// and WEB_DOMAIN. key should be random, and thrown away with the result: it keeps the fingerprints
// from being looked up.
func CompareSecrets(cluster, set mastodon.Env, key []byte) []SecretComparison {
	var all []SecretComparison
	for _, secret := range mastodon.Secrets {
		c := SecretComparison{Name: secret.Name, Breaks: secret.Breaks}
		c.Here, _ = cluster.Fingerprint(secret.Name, key)
		c.There, _ = set.Fingerprint(secret.Name, key)
		all = append(all, c.judged())
	}
	for _, domain := range domains {
		c := SecretComparison{Name: domain.Name, Breaks: domain.Breaks}
		c.Here, c.There = domainOf(cluster, domain.Name), domainOf(set, domain.Name)
		all = append(all, c.judged())
	}
	return all
}

var domains = []mastodon.Secret{
	{Name: "LOCAL_DOMAIN", Breaks: "every address of an account changes: to other servers this is a stranger"},
	{Name: "WEB_DOMAIN", Breaks: "links to posts and profiles lead elsewhere, and other servers can't verify this one"},
}

// domainOf reads a domain; Mastodon takes LOCAL_DOMAIN where WEB_DOMAIN is not set.
func domainOf(env mastodon.Env, name string) string {
	if env[name] == "" && name == "WEB_DOMAIN" {
		name = "LOCAL_DOMAIN"
	}
	return legible(env[name])
}

func (c SecretComparison) judged() SecretComparison {
	switch {
	case c.Here == "" && c.There == "":
		c.State, c.Fix = SecretAbsent, "nothing to do: the backup comes from a server without it"
	case c.Here == "":
		c.State, c.Fix = SecretMissingHere, "add "+c.Name+" to the cluster's configuration, with the value in "+Env.Names()[0]
	case c.There == "":
		c.State, c.Fix = SecretMissingThere, "look for the old server's "+c.Name+" and compare it by hand; if it is lost, keep the cluster's"
	case c.Here != c.There:
		c.State, c.Fix = SecretDiffers, "set "+c.Name+" in the cluster's configuration to the value in "+Env.Names()[0]+", before the server is opened"
	default:
		c.State = SecretSame
	}
	return c
}
