package kube

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"
)

// lookup is where a kubeconfig is looked for. Tests fill it; others call places.
type lookup struct {
	explicit string
	variable string // the value of KUBECONFIG
	home     string
	// others are files that distributions leave behind, with their owners' names.
	others  []candidate
	inPod   func() (*rest.Config, error)
	podFile string // holds the namespace, inside a pod
}

type candidate struct{ owner, path string }

func places(explicit string) lookup {
	return lookup{
		explicit: explicit,
		variable: os.Getenv(clientcmd.RecommendedConfigPathEnvVar),
		home:     clientcmd.RecommendedHomeFile,
		others: []candidate{
			{"MicroK8s", "/var/snap/microk8s/current/credentials/client.config"},
			{"k3s", "/etc/rancher/k3s/k3s.yaml"},
		},
		inPod:   rest.InClusterConfig,
		podFile: "/var/run/secrets/kubernetes.io/serviceaccount/namespace",
	}
}

// origin is a kubeconfig that was found.
type origin struct {
	// note says which file was taken, and why.
	note  string
	paths []string
}

// find picks the file as kubectl does, and only where kubectl would have none, a distribution's.
// A file that somebody named and that is not there is an error: another one may be another
// cluster.
func (l lookup) find() (origin, error) {
	if l.explicit != "" {
		if err := readable(l.explicit); err != nil {
			return origin{}, fmt.Errorf("open the kubeconfig of --kubeconfig: %w", err)
		}
		return origin{l.explicit + " (--kubeconfig)", []string{l.explicit}}, nil
	}
	if l.variable != "" {
		return l.listed()
	}
	looked := []string{l.home}
	if err := readable(l.home); err == nil {
		return origin{l.home, []string{l.home}}, nil
	} else if !errors.Is(err, fs.ErrNotExist) {
		return origin{}, fmt.Errorf("open the kubeconfig: %w", err)
	}
	for _, c := range l.others {
		looked = append(looked, c.path)
		err := readable(c.path)
		if err == nil {
			return origin{fmt.Sprintf("%s (%s, as there is no %s)", c.path, c.owner, l.home), []string{c.path}}, nil
		}
		if errors.Is(err, fs.ErrPermission) {
			return origin{}, fmt.Errorf("read the kubeconfig of %s: %w; run this with sudo, or name a file with --kubeconfig", c.owner, err)
		}
	}
	return origin{}, &noKubeconfigError{looked}
}

func (l lookup) listed() (origin, error) {
	var there []string
	for _, p := range filepath.SplitList(l.variable) {
		if err := readable(p); err == nil {
			there = append(there, p)
		} else if !errors.Is(err, fs.ErrNotExist) && p != "" {
			return origin{}, fmt.Errorf("open the kubeconfig of KUBECONFIG: %w", err)
		}
	}
	if len(there) == 0 {
		return origin{}, fmt.Errorf("KUBECONFIG names %s, which is not there; correct or unset it, or name a file with --kubeconfig", l.variable)
	}
	return origin{strings.Join(there, ", ") + " (KUBECONFIG)", there}, nil
}

func readable(path string) error {
	if path == "" {
		return fs.ErrNotExist
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return f.Close()
}

type noKubeconfigError struct{ looked []string }

func (e *noKubeconfigError) Error() string {
	return "no kubeconfig found (looked at KUBECONFIG, which is not set, and at " +
		strings.Join(e.looked, ", ") + "); name one with --kubeconfig"
}

// access is a way to a cluster.
type access struct {
	config    *rest.Config
	note      string
	context   string
	namespace string // what the context names; may be empty
	user      string
}

// open reads the kubeconfig and picks a context.
func (l lookup) open(context string) (access, error) {
	o, err := l.find()
	if err != nil {
		var none *noKubeconfigError
		if errors.As(err, &none) && context == "" {
			if a, ok := l.pod(); ok {
				return a, nil
			}
		}
		return access{}, err
	}
	rules := &clientcmd.ClientConfigLoadingRules{Precedence: o.paths}
	loader := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, &clientcmd.ConfigOverrides{CurrentContext: context})
	raw, err := loader.RawConfig()
	if err != nil {
		return access{}, fmt.Errorf("read kubeconfig %s: %w", o.note, err)
	}
	if context == "" {
		context = raw.CurrentContext
	}
	chosen, err := pick(raw, context, o.note)
	if err != nil {
		return access{}, err
	}
	config, err := loader.ClientConfig()
	if err != nil {
		return access{}, fmt.Errorf("read kubeconfig %s: %w", o.note, err)
	}
	return access{config, o.note, context, chosen.Namespace, chosen.AuthInfo}, nil
}

func pick(raw api.Config, context, note string) (*api.Context, error) {
	if c, ok := raw.Contexts[context]; ok {
		return c, nil
	}
	names := slices.Sorted(maps.Keys(raw.Contexts))
	switch {
	case len(names) == 0:
		return nil, fmt.Errorf("kubeconfig %s has no contexts; name another file with --kubeconfig", note)
	case context == "":
		return nil, fmt.Errorf("kubeconfig %s has no current context; name one with --context: %s", note, strings.Join(names, ", "))
	}
	return nil, fmt.Errorf("kubeconfig %s has no context %q; there are: %s", note, context, strings.Join(names, ", "))
}

// pod is the way to the API server from inside one of its pods.
func (l lookup) pod() (access, bool) {
	if l.inPod == nil {
		return access{}, false
	}
	config, err := l.inPod()
	if err != nil {
		return access{}, false
	}
	namespace, err := os.ReadFile(l.podFile)
	if err != nil {
		namespace = nil
	}
	return access{config, "this pod's service account", "in-cluster", strings.TrimSpace(string(namespace)), "service account"}, true
}
