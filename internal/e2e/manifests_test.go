//go:build e2e

package e2e

import (
	"bytes"
	"cmp"
	"os"
	"path/filepath"
	"testing"
	"text/template"

	"github.com/stretchr/testify/require"

	"mastodon-restore/internal/sample"
)

// root is the top of the source tree, seen from this package.
const root = "../.."

// media says what the claims of the media are to be.
type media struct {
	Class  string // storage class; none: volumes made for this test
	Access string
}

// values fill in the manifests of testdata/e2e.
type values struct {
	Namespace, Images, Data                        string
	Media                                          media
	StartupDelay                                   int
	Linger                                         string
	DatabasePassword, AdminPassword, RedisPassword string
	Settings, Secrets                              map[string]string
	Workers                                        map[string][]string
}

func newValues(namespace string, size sample.Size) values {
	return values{
		Namespace: namespace, Images: cmp.Or(os.Getenv("E2E_IMAGES"), "127.0.0.1:5001/"), Data: "lab",
		Media: media{"lab", "ReadWriteMany"}, StartupDelay: 1,
		// Made up, and awkward in a shell on purpose.
		DatabasePassword: `pa$s'word`, AdminPassword: "admin-password", RedisPassword: "redis-password",
		Settings: size.Settings(), Secrets: size.Secrets(),
		Workers: map[string][]string{
			"all-queues": {"default,8", "push,6", "ingress,4", "mailers,2", "pull"},
			"scheduler":  {"scheduler"},
		},
	}
}

func (v values) manifest(t testing.TB, name string) string {
	t.Helper()
	parsed, err := template.New(name).Option("missingkey=error").
		Funcs(template.FuncMap{"list": func(items ...string) []string { return items }}).
		ParseFiles(filepath.Join(root, "testdata/e2e/manifests", name))
	require.NoError(t, err)
	var out bytes.Buffer
	require.NoError(t, parsed.Execute(&out, v))
	return out.String()
}
