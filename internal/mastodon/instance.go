package mastodon

import "slices"

// Identity tells one cluster and namespace from every other, whatever their names.
type Identity struct {
	Context      string `json:"context"`
	Server       string `json:"server"`
	ClusterUID   string `json:"cluster_uid"`
	Namespace    string `json:"namespace"`
	NamespaceUID string `json:"namespace_uid"`
	// Kubeconfig says which file was taken and why.
	Kubeconfig string `json:"kubeconfig,omitempty"`
	// User is who the cluster takes us for.
	User string `json:"user,omitempty"`
}

// Flavour is what installed an instance.
type Flavour string

// The flavours that are known.
const (
	FlavourChart      Flavour = "mastodon/chart"
	FlavourHelmCharts Flavour = "mastodon/helm-charts"
	FlavourBitnami    Flavour = "bitnami/mastodon"
	FlavourManifests  Flavour = "manifests"
)

// Instance is one Mastodon server found in a namespace.
type Instance struct {
	// Name is the release, or the web workload's name where there is none.
	Name    string  `json:"name"`
	Flavour Flavour `json:"flavour"`
	Domain  string  `json:"domain"`
	// Image is what the web workload runs; Version is Mastodon's, where the tag tells.
	Image   string `json:"image"`
	Version string `json:"version,omitempty"`

	Web Workload `json:"web"`
	// MoreWeb are further web workloads of the same server, such as a canary.
	MoreWeb   []Workload `json:"more_web,omitempty"`
	Sidekiq   []Workload `json:"sidekiq"`
	Streaming []Workload `json:"streaming"`
	CronJobs  []CronJob  `json:"cron_jobs"`

	// SystemPath is where the web pod has public/system, such as /opt/mastodon/public/system.
	SystemPath string  `json:"system_path"`
	Claims     []Claim `json:"claims"`
	// S3 says that media live in an object store: there are no files to restore.
	S3 bool `json:"s3"`
	// Elasticsearch says that ES_ENABLED is true.
	Elasticsearch bool `json:"elasticsearch"`

	Database Database `json:"database"`
	// Managers are the GitOps controllers and autoscalers that may undo a scale-down.
	Managers []string `json:"managers,omitempty"`
	// Problems are observations on what the instance is made of, such as a Secret that is not
	// there.
	Problems []string `json:"problems,omitempty"`

	// Env is the web container's environment, ConfigMaps and Secrets resolved. It is never
	// written anywhere.
	Env Env `json:"-"`
}

// Workloads returns everything that writes to the database or the volumes, in the order it is
// closed: web, Sidekiq, streaming.
func (i Instance) Workloads() []Workload {
	return slices.Concat([]Workload{i.Web}, i.MoreWeb, i.Sidekiq, i.Streaming)
}

// SystemClaim is the claim that holds public/system.
func (i Instance) SystemClaim() (Claim, bool) {
	for _, c := range i.Claims {
		if c.System {
			return c, true
		}
	}
	return Claim{}, false
}

// Component is a workload's part in the server.
type Component string

// The parts that write, or are seen by visitors.
const (
	Web       Component = "web"
	Sidekiq   Component = "sidekiq"
	Streaming Component = "streaming"
)

// Workload names a Deployment or StatefulSet.
type Workload struct {
	Kind      string    `json:"kind"`
	Name      string    `json:"name"`
	Component Component `json:"component"`
	// Container is the one that runs Mastodon.
	Container string `json:"container"`
}

func (w Workload) String() string { return w.Name }

// WorkloadState is a workload as it is now.
type WorkloadState struct {
	Replicas int      `json:"replicas"`
	Ready    int      `json:"ready"`
	Pods     []string `json:"pods"` // every pod that is not gone, terminating ones too
	// Annotations are those of mastodon-restore's own prefix, the prefix taken off.
	Annotations map[string]string `json:"annotations,omitempty"`
	// Problems are observations from pods and events, in words.
	Problems []string `json:"problems,omitempty"`
}

// CronJob names a CronJob and what it did when it was found.
type CronJob struct {
	Name      string `json:"name"`
	Schedule  string `json:"schedule"`
	Suspended bool   `json:"suspended"`
}

// CronJobState is a CronJob as it is now.
type CronJobState struct {
	Suspended   bool              `json:"suspended"`
	Annotations map[string]string `json:"annotations,omitempty"`
}

// Claim is a PersistentVolumeClaim of the web pod.
type Claim struct {
	Name        string   `json:"name"`
	MountPath   string   `json:"mount_path"`
	AccessModes []string `json:"access_modes"`
	Class       string   `json:"class"`
	Phase       string   `json:"phase"`
	Capacity    string   `json:"capacity"`
	// System marks the claim that holds public/system.
	System bool `json:"system"`
	// Source is what the volume is, such as "nfs", "csi driver.longhorn.io", "hostPath".
	Source string `json:"source,omitempty"`
	// Nodes are the only nodes that can mount the volume; empty means any.
	Nodes []string `json:"nodes,omitempty"`
	// AttachedTo is the node a ReadWriteOnce volume is attached to now.
	AttachedTo string `json:"attached_to,omitempty"`
	// Users are the pods that mount the claim now.
	Users []string `json:"users,omitempty"`
}

// SingleNode says that only one node at a time can mount the claim.
func (c Claim) SingleNode() bool {
	return !slices.Contains(c.AccessModes, "ReadWriteMany") && len(c.AccessModes) > 0
}

// Database is where the instance's PostgreSQL is.
type Database struct {
	Host string `json:"host"`
	Port string `json:"port"`
	Name string `json:"name"`
	User string `json:"user"`
	// Via is the pooler the app goes through; Host is then the server behind it.
	Via string `json:"via,omitempty"`
	// StatefulSet, Pod and Container hold the server inside the namespace; empty: External.
	StatefulSet string `json:"stateful_set,omitempty"`
	Pod         string `json:"pod,omitempty"`
	Container   string `json:"container,omitempty"`
	// Image is the server's own image, which has PostgreSQL's client.
	Image    string `json:"image,omitempty"`
	External bool   `json:"external"`
	// Admin says that the superuser's password can be had by a pod of ours.
	Admin bool `json:"admin"`
	// AdminUser is the superuser's name where Admin is true.
	AdminUser string `json:"admin_user,omitempty"`
	// StartupProbe says that the server's container has one.
	StartupProbe bool `json:"startup_probe"`
}

// Holder is who holds a namespace's lock.
type Holder struct {
	Run     string `json:"run"`
	Who     string `json:"who"` // user@machine
	Step    string `json:"step,omitempty"`
	Since   string `json:"since,omitempty"`   // RFC 3339
	Renewed string `json:"renewed,omitempty"` // RFC 3339
}

// UtilityPod asks for the pod a restore works in: a copy of the web pod that only sleeps, and a
// second container with PostgreSQL's client.
type UtilityPod struct {
	Name string `json:"name"`
	Run  string `json:"run"`
	// PostgresImage has pg_restore and psql.
	PostgresImage string `json:"postgres_image"`
	// Scratch is a directory both containers share, gone with the pod.
	Scratch string `json:"scratch"`
}

// The containers of a utility pod.
const (
	AppContainer      = "mastodon"
	PostgresContainer = "postgres"
)

// PodState is a pod as it is now, and why it is not ready, in words.
type PodState struct {
	Exists bool   `json:"exists"`
	Ready  bool   `json:"ready"`
	Ended  bool   `json:"ended"` // it has run to an end and will not be ready again
	Node   string `json:"node,omitempty"`
	Run    string `json:"run,omitempty"` // the run it was made for
	UID    string `json:"uid,omitempty"`
	// Problems are observations from conditions and events, each with what to do.
	Problems []string `json:"problems,omitempty"`
}
