package kube

import (
	"context"
	"fmt"
	"net/url"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

// Options say which cluster and namespace to work in.
type Options struct {
	// Kubeconfig is a file; empty means kubectl's rules, then MicroK8s's and k3s's own files.
	Kubeconfig string
	// Context is a context of the kubeconfig; empty means its current one.
	Context string
	// Namespace is empty for the context's own.
	Namespace string
	// FirstAnswer is how long Connect waits for a server that does not answer; zero means 15 s.
	FirstAnswer time.Duration
	// Patience is how long any later request waits for it; zero means until its context ends.
	Patience time.Duration
	// Waiting is told why requests wait, and for how long they have; an empty reason says that
	// the server answers again. It is called from several goroutines.
	Waiting func(reason string, since time.Duration)
	// UserAgent names the program in the server's audit log.
	UserAgent string
}

// Cluster is one namespace of one cluster.
type Cluster struct {
	client    kubernetes.Interface
	config    *rest.Config // for exec, which must not go through line
	line      *line
	access    access
	namespace string
	chosen    bool
}

// Connect reads the kubeconfig and asks the server once who we are.
func Connect(ctx context.Context, o Options) (*Cluster, error) {
	a, err := places(o.Kubeconfig).open(o.Context)
	if err != nil {
		return nil, err
	}
	c, err := newCluster(a, o)
	if err != nil {
		return nil, err
	}
	if err := c.greet(ctx, o.FirstAnswer); err != nil {
		return nil, err
	}
	return c, nil
}

func newCluster(a access, o Options) (*Cluster, error) {
	config := rest.CopyConfig(a.config)
	// One request, one connection: HTTP/2 would queue every later request behind a connection
	// that died in silence.
	config.NextProtos = []string{"http/1.1"}
	config.QPS, config.Burst = 40, 80
	config.Timeout = 0 // line bounds each attempt
	config.UserAgent = o.UserAgent
	if config.UserAgent == "" {
		config.UserAgent = "mastodon-restore"
	}
	if config.ExecProvider != nil {
		// A credential plugin must not fight for the keys with whoever reads the terminal.
		config.ExecProvider.StdinUnavailable = true
		config.ExecProvider.StdinUnavailableMessage = "mastodon-restore uses the terminal; log in first"
	}
	client, err := rest.HTTPClientFor(config)
	if err != nil {
		return nil, fmt.Errorf("read kubeconfig %s: %w", a.note, err)
	}
	l := newLine(client.Transport, o.Patience, o.Waiting)
	client.Transport = l
	set, err := kubernetes.NewForConfigAndClient(config, client)
	if err != nil {
		return nil, fmt.Errorf("read kubeconfig %s: %w", a.note, err)
	}
	c := &Cluster{client: set, config: config, line: l, access: a}
	c.namespace, c.chosen = o.Namespace, o.Namespace != ""
	if c.namespace == "" && a.namespace != "" {
		c.namespace, c.chosen = a.namespace, true
	}
	if c.namespace == "" {
		c.namespace = metav1.NamespaceDefault
	}
	return c, nil
}

// Namespace is the one we work in. chosen is false when neither the options nor the kubeconfig
// named one: see [Cluster.FindNamespaces].
func (c *Cluster) Namespace() (name string, chosen bool) { return c.namespace, c.chosen }

// In is the same cluster, another namespace.
func (c *Cluster) In(namespace string) *Cluster {
	other := *c
	other.namespace, other.chosen = namespace, true
	return &other
}

// greet makes sure that somebody answers and knows us.
func (c *Cluster) greet(ctx context.Context, limit time.Duration) error {
	if limit == 0 {
		limit = 15 * time.Second
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	_, err := c.whoami(ctx)
	if err == nil {
		return nil
	}
	where := fmt.Sprintf("%s (context %q of %s)", c.access.config.Host, c.access.context, c.access.note)
	if apierrors.IsUnauthorized(err) {
		return fmt.Errorf("log in to %s: the server does not accept the credentials of user %q; log in again, or name another context with --context: %w", where, c.access.user, err)
	}
	return fmt.Errorf("reach the API server %s: %w; is the address right, the network up, the server running?", where, plain(err))
}

// plain takes the request's address off an error: who reads it knows the server, and a URL in the
// middle of a sentence only hides the cause.
func plain(err error) error {
	if u, ok := err.(*url.Error); ok { //nolint:errorlint // only the outermost
		return u.Err
	}
	return err
}

// whoami is the name the server takes us for. Servers before 1.28 cannot say it; we are known all
// the same when they refuse the question politely.
func (c *Cluster) whoami(ctx context.Context) (string, error) {
	review, err := c.client.AuthenticationV1().SelfSubjectReviews().Create(ctx, &authenticationv1.SelfSubjectReview{}, metav1.CreateOptions{})
	switch {
	case err == nil:
		return review.Status.UserInfo.Username, nil
	case apierrors.IsNotFound(err), apierrors.IsForbidden(err), apierrors.IsMethodNotSupported(err):
		return c.access.user, nil
	}
	return "", err
}
