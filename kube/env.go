package kube

import (
	"context"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"mastodon-restore/internal/mastodon"
)

// environment is what a container's env and envFrom come to.
type environment struct {
	values mastodon.Env
	// sources say where each variable is from, so that another pod can have it without our
	// copying its value.
	sources map[string]corev1.EnvVar
	// problems name ConfigMaps, Secrets and keys that could not be had, never a value.
	problems []string
}

// resolver reads ConfigMaps and Secrets, each once. It is for one goroutine.
type resolver struct {
	cluster *Cluster
	read    map[string]object
}

// object is a ConfigMap's or Secret's data, or why we have none.
type object struct {
	data    map[string]string
	problem string
	// hidden says that it may be there, but that we may not read it.
	hidden bool
}

func (c *Cluster) resolver() *resolver { return &resolver{c, make(map[string]object)} }

const (
	configMap = "ConfigMap"
	secret    = "Secret"
)

// get reads an object once. It fails only when the server does.
func (r *resolver) get(ctx context.Context, kind, name string) (object, error) {
	key := kind + " " + name
	if o, ok := r.read[key]; ok {
		return o, nil
	}
	o := object{data: make(map[string]string)}
	var err error
	if kind == secret {
		var s *corev1.Secret
		if s, err = r.cluster.client.CoreV1().Secrets(r.cluster.namespace).Get(ctx, name, metav1.GetOptions{}); err == nil {
			for k, v := range s.Data {
				o.data[k] = string(v)
			}
		}
	} else {
		var m *corev1.ConfigMap
		if m, err = r.cluster.client.CoreV1().ConfigMaps(r.cluster.namespace).Get(ctx, name, metav1.GetOptions{}); err == nil {
			o.data = m.Data
		}
	}
	switch {
	case apierrors.IsNotFound(err):
		o.problem = key + " is not there"
	case apierrors.IsForbidden(err):
		o.problem, o.hidden = key+" may not be read by us", true
	case err != nil:
		return object{}, fmt.Errorf("read %s: %w", key, err)
	}
	r.read[key] = o
	return o, nil
}

// environment resolves a container's variables as the kubelet does: envFrom first, env over it,
// $(NAME) from what came before.
func (r *resolver) environment(ctx context.Context, container corev1.Container) (environment, error) {
	e := environment{values: make(mastodon.Env), sources: make(map[string]corev1.EnvVar)}
	for _, from := range container.EnvFrom {
		if err := r.addAll(ctx, &e, from); err != nil {
			return environment{}, err
		}
	}
	for _, v := range container.Env {
		if err := r.add(ctx, &e, v); err != nil {
			return environment{}, err
		}
	}
	return e, nil
}

func (r *resolver) addAll(ctx context.Context, e *environment, from corev1.EnvFromSource) error {
	kind, name, optional := configMap, "", false
	switch {
	case from.ConfigMapRef != nil:
		name, optional = from.ConfigMapRef.Name, yes(from.ConfigMapRef.Optional)
	case from.SecretRef != nil:
		kind, name, optional = secret, from.SecretRef.Name, yes(from.SecretRef.Optional)
	default:
		return nil
	}
	o, err := r.get(ctx, kind, name)
	if err != nil {
		return err
	}
	if o.problem != "" && !optional {
		e.problems = append(e.problems, o.problem)
	}
	for key, value := range o.data {
		e.values[from.Prefix+key] = value
		e.sources[from.Prefix+key] = corev1.EnvVar{Name: from.Prefix + key, ValueFrom: keyOf(kind, name, key)}
	}
	return nil
}

func (r *resolver) add(ctx context.Context, e *environment, v corev1.EnvVar) error {
	if v.ValueFrom == nil {
		e.values[v.Name], e.sources[v.Name] = expand(v.Value, e.values), v
		return nil
	}
	var kind, name, key string
	var optional bool
	switch from := v.ValueFrom; {
	case from.SecretKeyRef != nil:
		kind, name, key, optional = secret, from.SecretKeyRef.Name, from.SecretKeyRef.Key, yes(from.SecretKeyRef.Optional)
	case from.ConfigMapKeyRef != nil:
		kind, name, key, optional = configMap, from.ConfigMapKeyRef.Name, from.ConfigMapKeyRef.Key, yes(from.ConfigMapKeyRef.Optional)
	case from.FieldRef != nil && from.FieldRef.FieldPath == "metadata.namespace":
		e.values[v.Name], e.sources[v.Name] = r.cluster.namespace, v
		return nil
	default: // names, addresses and limits of a pod: nothing a restore asks about
		return nil
	}
	o, err := r.get(ctx, kind, name)
	if err != nil {
		return err
	}
	value, ok := o.data[key]
	if ok || o.hidden {
		e.sources[v.Name] = v
	}
	switch {
	case ok:
		e.values[v.Name] = value
	case optional:
	case o.problem != "":
		e.problems = append(e.problems, o.problem)
	default:
		e.problems = append(e.problems, fmt.Sprintf("%s %s has no key %s", kind, name, key))
	}
	return nil
}

func yes(b *bool) bool { return b != nil && *b }

func keyOf(kind, name, key string) *corev1.EnvVarSource {
	ref := corev1.LocalObjectReference{Name: name}
	if kind == secret {
		return &corev1.EnvVarSource{SecretKeyRef: &corev1.SecretKeySelector{LocalObjectReference: ref, Key: key}}
	}
	return &corev1.EnvVarSource{ConfigMapKeyRef: &corev1.ConfigMapKeySelector{LocalObjectReference: ref, Key: key}}
}

// expand puts known variables for $(NAME); $$ is a dollar, and an unknown name stays as it is.
func expand(text string, known mastodon.Env) string {
	var b strings.Builder
	for {
		i := strings.IndexByte(text, '$')
		if i < 0 || i+1 == len(text) {
			return b.String() + text
		}
		b.WriteString(text[:i])
		rest := text[i+1:]
		end := strings.IndexByte(rest, ')')
		switch {
		case rest[0] == '$':
			b.WriteByte('$')
			text = rest[1:]
		case rest[0] == '(' && end > 0:
			if value, ok := known[rest[1:end]]; ok {
				b.WriteString(value)
			} else {
				b.WriteString("$" + rest[:end+1])
			}
			text = rest[end+1:]
		default:
			b.WriteByte('$')
			text = rest
		}
	}
}
