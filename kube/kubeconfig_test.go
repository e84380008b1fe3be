package kube

import (
	"crypto/tls"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"k8s.io/client-go/rest"
)

const config = `apiVersion: v1
kind: Config
current-context: home
clusters: [{name: home, cluster: {server: "https://home.example"}}]
users: [{name: me, user: {token: very-secret-token}}]
contexts:
  - {name: home, context: {cluster: home, user: me, namespace: fedi}}
  - {name: away, context: {cluster: home, user: me}}
`

// house has a kubeconfig at each place that is named, and is looked up as by a user of it.
func house(t *testing.T, files ...string) (lookup, func(string) string) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	for _, f := range files {
		require.NoError(t, os.WriteFile(at(f), []byte(config), 0o600))
	}
	return lookup{
		home:   at("home"),
		others: []candidate{{"MicroK8s", at("microk8s")}, {"k3s", at("k3s")}},
	}, at
}

func TestKubeconfigIsLookedForAsKubectlDoes(t *testing.T) {
	l, at := house(t, "home", "microk8s", "k3s", "named", "listed")

	a, err := l.open("")
	require.NoError(t, err)
	require.Equal(t, at("home"), a.note)
	require.Equal(t, "home", a.context)
	require.Equal(t, "fedi", a.namespace)
	require.Equal(t, "https://home.example", a.config.Host)

	l.variable = at("absent") + string(filepath.ListSeparator) + at("listed")
	a, err = l.open("away")
	require.NoError(t, err)
	require.Equal(t, at("listed")+" (KUBECONFIG)", a.note)
	require.Equal(t, "away", a.context)
	require.Empty(t, a.namespace)

	l.explicit = at("named")
	a, err = l.open("")
	require.NoError(t, err)
	require.Equal(t, at("named")+" (--kubeconfig)", a.note)
}

func TestKubeconfigOfADistributionIsTakenWhereThereIsNoOther(t *testing.T) {
	l, at := house(t, "microk8s", "k3s")
	a, err := l.open("")
	require.NoError(t, err)
	require.Equal(t, at("microk8s")+" (MicroK8s, as there is no "+at("home")+")", a.note)

	l, at = house(t, "k3s")
	a, err = l.open("")
	require.NoError(t, err)
	require.Contains(t, a.note, at("k3s")+" (k3s,")
}

func TestKubeconfigErrorsSayWhatToDo(t *testing.T) {
	l, at := house(t)
	_, err := l.open("")
	require.EqualError(t, err, "no kubeconfig found (looked at KUBECONFIG, which is not set, and at "+at("home")+", "+at("microk8s")+", "+at("k3s")+"); name one with --kubeconfig")

	l, at = house(t, "home")
	_, err = l.open("hame")
	require.EqualError(t, err, "kubeconfig "+at("home")+` has no context "hame"; there are: away, home`)

	l.variable = at("absent")
	_, err = l.open("")
	require.EqualError(t, err, "KUBECONFIG names "+at("absent")+", which is not there; correct or unset it, or name a file with --kubeconfig")

	l.explicit = at("absent")
	_, err = l.open("")
	require.ErrorContains(t, err, "--kubeconfig: open "+at("absent"))

	l, at = house(t)
	require.NoError(t, os.WriteFile(at("home"), []byte("apiVersion: v1\nkind: Config\n"), 0o600))
	_, err = l.open("")
	require.ErrorContains(t, err, "has no contexts")

	require.NoError(t, os.WriteFile(at("home"), []byte("\tnot yaml"), 0o600))
	_, err = l.open("")
	require.ErrorContains(t, err, "read kubeconfig "+at("home"))
}

func TestPodOfTheClusterNeedsNoKubeconfig(t *testing.T) {
	l, at := house(t)
	l.inPod = func() (*rest.Config, error) { return &rest.Config{Host: "https://10.0.0.1"}, nil }
	l.podFile = at("namespace")
	require.NoError(t, os.WriteFile(l.podFile, []byte("fedi\n"), 0o600))
	a, err := l.open("")
	require.NoError(t, err)
	require.Equal(t, "fedi", a.namespace)
	require.Equal(t, "https://10.0.0.1", a.config.Host)
}

// dial connects to a server as Connect does.
func dial(t *testing.T, config *rest.Config, limit time.Duration) error {
	c, err := newCluster(access{config: config, note: "file", context: "home", user: "me"}, Options{})
	require.NoError(t, err)
	c.line.first = time.Millisecond
	return c.greet(t.Context(), limit)
}

func TestServerThatCannotBeReachedIsSaidSo(t *testing.T) {
	s := httptest.NewServer(http.NotFoundHandler())
	s.Close()
	err := dial(t, &rest.Config{Host: s.URL}, 50*time.Millisecond)
	require.ErrorContains(t, err, "reach the API server "+s.URL+` (context "home" of file): the API server refuses connections`)
	require.ErrorContains(t, err, "is the address right, the network up, the server running?")
}

func TestServerWithAnotherCertificateIsNotWaitedFor(t *testing.T) {
	s := httptest.NewUnstartedServer(http.NotFoundHandler())
	s.Config.ErrorLog = log.New(discard{}, "", 0)
	s.TLS = &tls.Config{}
	s.StartTLS()
	t.Cleanup(s.Close)
	err := dial(t, &rest.Config{Host: s.URL}, time.Minute)
	require.ErrorContains(t, err, "certificate signed by unknown authority")
}

type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }

func TestCredentialsThatAreNotAcceptedAreSaidSo(t *testing.T) {
	s := newAPIServer(t)
	s.fault = func(w http.ResponseWriter, _ *http.Request) bool {
		say(w, 401, "Unauthorized", "Unauthorized")
		return true
	}
	err := dial(t, &rest.Config{Host: s.http.URL, BearerToken: "very-secret-token"}, time.Minute)
	require.ErrorContains(t, err, `the server does not accept the credentials of user "me"; log in again`)
	require.NotContains(t, err.Error(), "very-secret")
}

func TestNamespaceComesFromTheFlagOrElseTheContext(t *testing.T) {
	for _, test := range []struct {
		flag, context, want string
		chosen              bool
	}{
		{"flag", "context", "flag", true},
		{"", "context", "context", true},
		{"", "", "default", false},
	} {
		c, err := newCluster(access{config: &rest.Config{Host: "https://home.example"}, namespace: test.context}, Options{Namespace: test.flag})
		require.NoError(t, err)
		name, chosen := c.Namespace()
		require.Equal(t, test.want, name)
		require.Equal(t, test.chosen, chosen)
	}
}

func TestIdentity(t *testing.T) {
	s := newAPIServer(t, "chart.yaml")
	id, err := s.cluster(Options{}).Identity(t.Context())
	require.NoError(t, err)
	require.Equal(t, "system:admin", id.User)
	require.Equal(t, "00000000-0000-0000-0000-000000000001", id.ClusterUID)
	require.Equal(t, "00000000-0000-0000-0000-0000000000f1", id.NamespaceUID)

	s.forbidden = []string{"namespaces"}
	s.add("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: kube-root-ca.crt, namespace: fedi, uid: zero}\ndata: {ca.crt: a certificate}")
	id, err = s.cluster(Options{}).Identity(t.Context())
	require.NoError(t, err)
	require.Regexp(t, `^ca-[0-9a-f]{16}$`, id.ClusterUID)
	require.Equal(t, "ca-zero", id.NamespaceUID)

	_, err = newAPIServer(t).cluster(Options{}).Identity(t.Context())
	require.EqualError(t, err, "no such namespace: fedi is not in this cluster")
}
