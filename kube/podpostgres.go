package kube

import (
	"context"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"mastodon-restore/internal/mastodon"
)

// The variables that only the postgres container has.
const (
	adminPassword = "RESTORE_ADMIN_PASSWORD"
	adminUser     = "RESTORE_ADMIN_USER"
)

// postgresClient is what the postgres container has of the server.
type postgresClient struct {
	super admin
	path  string // the server's PATH, where its own pod says one
}

func (c *Cluster) postgresClient(ctx context.Context, i mastodon.Instance) (postgresClient, error) {
	s, err := c.serverOf(ctx, i.Database)
	if err != nil || s == nil {
		return postgresClient{}, err
	}
	client := postgresClient{}
	for _, v := range s.container.Env {
		if v.Name == "PATH" {
			client.path = v.Value
		}
	}
	if i.Database.Admin {
		client.super, err = c.admin(ctx, c.resolver(), *s)
	}
	return client, err
}

// postgresContainer has PostgreSQL's client, the app's environment, and none of its files. Its
// DB_… name the server itself, whatever the app calls it and whatever pooler it goes through.
func postgresContainer(spec corev1.PodSpec, web corev1.Container, i mastodon.Instance, p mastodon.UtilityPod, client postgresClient) corev1.Container {
	db := i.Database
	env := environmentOf(web)
	env = slices.DeleteFunc(env, func(v corev1.EnvVar) bool { return v.Name == "PATH" }) // of the app's image
	for _, v := range []corev1.EnvVar{
		{Name: "DB_HOST", Value: db.Host}, {Name: "DB_PORT", Value: db.Port},
		{Name: "DB_NAME", Value: db.Name}, {Name: "DB_USER", Value: db.User},
		{Name: "PATH", Value: client.path},
	} {
		if v.Value != "" {
			env = set(env, v)
		}
	}
	if client.super.source != nil {
		env = set(env, corev1.EnvVar{Name: adminUser, Value: client.super.user})
		env = set(env, adminVariable(*client.super.source))
	}
	c := corev1.Container{
		Name: mastodon.PostgresContainer, Image: p.PostgresImage, ImagePullPolicy: corev1.PullIfNotPresent,
		Command: asleep, Env: env, EnvFrom: web.EnvFrom,
		VolumeMounts:    append(settingsMounts(spec, web), corev1.VolumeMount{Name: scratch, MountPath: p.Scratch}),
		SecurityContext: postgresSecurity(spec, web, i.Flavour),
		Resources:       modest(web.Resources, true),
	}
	return withTmp(c)
}

// set puts v where a variable of its name is, as later ones may refer to it, or at the end.
func set(env []corev1.EnvVar, v corev1.EnvVar) []corev1.EnvVar {
	if n := slices.IndexFunc(env, func(old corev1.EnvVar) bool { return old.Name == v.Name }); n >= 0 {
		env[n] = v
		return env
	}
	return append(env, v)
}

// adminVariable is the superuser's password by reference, and optional: a Secret that has gone must
// not keep the pod from starting.
func adminVariable(source corev1.EnvVar) corev1.EnvVar {
	v, optional := *source.DeepCopy(), true
	v.Name = adminPassword
	if v.ValueFrom != nil && v.ValueFrom.SecretKeyRef != nil {
		v.ValueFrom.SecretKeyRef.Optional = &optional
	}
	if v.ValueFrom != nil && v.ValueFrom.ConfigMapKeyRef != nil {
		v.ValueFrom.ConfigMapKeyRef.Optional = &optional
	}
	return v
}

// settingsMounts are the web container's mounts of Secrets and the like, such as the certificate
// that the database is to be trusted by.
func settingsMounts(spec corev1.PodSpec, web corev1.Container) []corev1.VolumeMount {
	var mounts []corev1.VolumeMount
	for _, m := range web.VolumeMounts {
		if v, ok := volumeOf(spec, m.Name); ok && (v.Secret != nil || v.ConfigMap != nil || v.Projected != nil) {
			mounts = append(mounts, m)
		}
	}
	return mounts
}
