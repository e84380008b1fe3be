package restore

import (
	"context"
	"fmt"
	"time"

	"mastodon-restore/internal/backupset"
	"mastodon-restore/internal/mastodon"
	"mastodon-restore/internal/postgres"
	"mastodon-restore/internal/remote"
	"mastodon-restore/workflow"
)

// World is what a restore works in; cmd puts it together.
type World struct {
	Cluster Cluster
	// Files carries archives and the dump; nil sends them over the places' streams.
	Files Files
	// Database makes a Database of a way to reach PostgreSQL; nil takes psql and pg_restore.
	Database func(postgres.Server) Database
	// Scratch is the folder that the containers of a utility pod share.
	Scratch string
	// Who is the operator, as user@machine.
	Who string
	// Resume is the command that goes on with a run, "%s" standing for its name.
	Resume string
	// Patience is how long a wait for pods may last before it becomes a failure.
	Patience time.Duration
	// StreamPatience is how long a transfer may get nothing across before it is a failure; zero
	// leaves it to package transfer.
	StreamPatience time.Duration
	// BatchBytes bounds the parcels of a transfer; zero leaves it to package transfer.
	BatchBytes int64
	// Poll is how often the cluster is looked at while waiting.
	Poll time.Duration
}

// CacheMode says when system_cache goes in.
type CacheMode string

// The cache modes.
const (
	CacheAfter  CacheMode = "after"  // after reopening
	CacheBefore CacheMode = "before" // with the other files
	CacheSkip   CacheMode = "skip"   // not at all; what is on the volume stays
)

// DatabaseMode says how the database is restored.
type DatabaseMode string

// The database modes.
const (
	DatabaseSwap    DatabaseMode = "swap"
	DatabaseInPlace DatabaseMode = "in-place"
)

// How much is read back of the files at the end.
const (
	VerifySample = "sample"
	VerifyFull   = "full"
)

// Options are the operator's choices, from flags; a resumed run has those it was begun with.
type Options struct {
	Set           string       `json:"set,omitempty"`
	Sets          string       `json:"sets,omitempty"`
	Instance      string       `json:"instance,omitempty"`
	Cache         CacheMode    `json:"cache"`
	Database      DatabaseMode `json:"database"`
	PostgresImage string       `json:"postgres_image,omitempty"`
	// Lanes, BytesPerSecond and Verify tune the transfer of files.
	Lanes          int    `json:"lanes,omitempty"`
	BytesPerSecond int64  `json:"bytes_per_second,omitempty"`
	Verify         string `json:"verify,omitempty"`
}

// Facts is all that one process of a run hands to the next: typed, in the journal, no secrets.
type Facts struct {
	Options  Options           `json:"options"`
	Identity mastodon.Identity `json:"identity"`
	Instance mastodon.Instance `json:"instance"`
	Backup   *backupset.Report `json:"backup,omitempty"`
	Before   Figures           `json:"before"`
	Checks   []workflow.Check  `json:"checks,omitempty"`
	Look     *postgres.Look    `json:"look,omitempty"`
	Admin    bool              `json:"admin"` // connect as the superuser
	Quiesced *Quiesced         `json:"quiesced,omitempty"`
	Files    map[string]Placed `json:"files,omitempty"` // by class
	Restored *Restored         `json:"restored,omitempty"`
	Settled  []Chore           `json:"settled,omitempty"`
	Reopened bool              `json:"reopened"`
	Warnings []string          `json:"warnings,omitempty"`
}

// Figures are a database's counts, and what could not be had.
type Figures struct {
	Known   bool            `json:"known"`
	Counts  mastodon.Counts `json:"counts"`
	Missing []string        `json:"missing,omitempty"`
	// Reason says why nothing is known.
	Reason string `json:"reason,omitempty"`
}

// Restore is one run of the twelve steps.
type Restore struct {
	World World
	Facts Facts
	// Run is the run's name.
	Run string

	instance mastodon.Instance // with its environment
	set      *backupset.Set
}

// New prepares a restore; Facts are empty but for the options.
func New(run string, world World, options Options) *Restore {
	if world.Database == nil {
		world.Database = func(s postgres.Server) Database { return &s }
	}
	if world.Files == nil {
		world.Files = overStreams{}
	}
	if world.Patience == 0 {
		world.Patience = 10 * time.Minute
	}
	if world.Poll == 0 {
		world.Poll = time.Second
	}
	return &Restore{World: world, Run: run, Facts: Facts{Options: options}}
}

// Plan is the runbook.
func (r *Restore) Plan() workflow.Plan {
	return workflow.Plan{
		r.target(),
		r.chooseSet(),
		r.preflight(),
		r.plan(),
		r.quiesce(),
		r.utility(),
		r.files(),
		r.database(),
		r.settle(),
		r.reopen(),
		r.after(),
		r.report(),
	}
}

// Look is the part of the runbook that changes nothing: everything up to the plan.
func (r *Restore) Look() workflow.Plan {
	return workflow.Plan{r.target(), r.chooseSet(), r.preflight(), r.forecast()}
}

// Rejoin prepares to go on with a run whose facts came from its journal: it finds the instance
// and the set again, and refuses others of the same name.
func (r *Restore) Rejoin(ctx context.Context) error {
	if r.Facts.Identity.NamespaceUID == "" {
		return nil // cut off before a target was chosen
	}
	id, err := r.World.Cluster.Identity(ctx)
	if err != nil {
		return err
	}
	if was := r.Facts.Identity; id.ClusterUID != was.ClusterUID || id.NamespaceUID != was.NamespaceUID {
		return fmt.Errorf("run %s belongs to namespace %s of context %s (cluster %s); this is namespace %s of context %s, another one: pass the --context and -n of the run",
			r.Run, was.Namespace, was.Context, short(was.ClusterUID), id.Namespace, id.Context)
	}
	if r.instance, err = r.find(ctx, r.Facts.Instance.Name); err != nil {
		return err
	}
	return r.reopenSet()
}

// reopenSet opens the set of an earlier process and makes sure that it is the one that was read.
func (r *Restore) reopenSet() error {
	backup := r.Facts.Backup
	if backup == nil {
		return nil
	}
	set, err := backupset.Open(backup.Dir)
	if err != nil {
		return fmt.Errorf("open the backup set of run %s again: %w", r.Run, err)
	}
	for _, p := range backup.Parts {
		if now := set.Part(p.Class); p.Verdict != backupset.Missing && now.Size != p.Size {
			return fmt.Errorf("%s/%s is not the file this run began with: %d bytes then, %d now; bring the first one back, or start a new run", backup.Dir, p.Name, p.Size, now.Size)
		}
	}
	r.set = set
	return nil
}

func (r *Restore) find(ctx context.Context, name string) (mastodon.Instance, error) {
	instances, err := r.World.Cluster.Instances(ctx)
	if err != nil {
		return mastodon.Instance{}, err
	}
	for _, i := range instances {
		if i.Name == name {
			return i, nil
		}
	}
	return mastodon.Instance{}, fmt.Errorf("instance %s is not in the namespace any more", name)
}

// app and client are the two containers of the utility pod; server is the database's own pod.
func (r *Restore) app() remote.Place {
	return r.World.Cluster.Place(PodOf(r.Run), mastodon.AppContainer)
}

func (r *Restore) client() remote.Place {
	return r.World.Cluster.Place(PodOf(r.Run), mastodon.PostgresContainer)
}

// shell runs scripts in a place and says on the log when it has to wait.
func (r *Restore) shell(t *workflow.Task, p remote.Place) remote.Shell {
	return remote.Shell{Place: p, Waiting: func(reason error, since time.Duration) {
		t.LogAt(workflow.SeverityWarns, "%s does not answer (%s), waiting: %v", p, since.Round(time.Second), reason)
	}}
}

// db is the database as the utility pod reaches it.
func (r *Restore) db(t *workflow.Task) Database {
	s := postgres.Server{Shell: r.shell(t, r.client()), Login: postgres.LoginApp, Scratch: r.World.Scratch}
	d := r.Facts.Instance.Database
	if r.Facts.Admin {
		s.Login, s.Role = postgres.LoginAdmin(d.AdminUser), d.User
	}
	if d.Via != "" {
		s.Login += postgres.At(d.Host, d.Port)
	}
	return r.World.Database(s)
}

// serverDB is the database as its own pod reaches it; ok is false for one outside the namespace.
func (r *Restore) serverDB(t *workflow.Task) (Database, bool) {
	d := r.Facts.Instance.Database
	if d.Pod == "" {
		return nil, false
	}
	place := r.World.Cluster.Place(d.Pod, d.Container)
	return r.World.Database(postgres.Server{Shell: r.shell(t, place), Login: postgres.LoginServer, Scratch: "/tmp"}), true
}

func short(uid string) string {
	if len(uid) > 8 {
		return uid[:8]
	}
	return uid
}
