package restore_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"mastodon-restore/internal/mastodon"
	"mastodon-restore/internal/postgres"
	"mastodon-restore/internal/remote"
	"mastodon-restore/internal/transfer"
	"mastodon-restore/workflow/restore"
)

// world is a server in memory. It outlives the processes that work on it, and can end a process
// before or after any effect on it.
type world struct {
	mu       sync.Mutex
	instance mastodon.Instance
	dump     contentsOfDump

	replicas  map[string]int
	notes     map[string]map[string]string
	suspended map[string]bool
	lock      *mastodon.Holder
	pod       *mastodon.PodState
	pods      int
	databases map[string]*fakeDatabase
	files     map[string]int // archives placed whole, by class
	jobs      map[string]string
	chores    []string
	ill       bool
	closings  int // how often web was scaled from more than 0 to 0

	effects []string
	cutAt   int // the effect at which the process dies; 0: none
	after   bool
	die     context.CancelFunc
}

// contentsOfDump is what a database holds that the dump was loaded into.
type contentsOfDump struct {
	contents mastodon.Contents
	rows     map[string]int64
	counts   mastodon.Counts
}

type fakeDatabase struct {
	comment  string
	sections []string
	of       contentsOfDump
	loads    int // how often the data section went in
}

var errDied = errors.New("the process died")

// effect is one change of the world, at which the process may die.
func (w *world) effect(ctx context.Context, name string, do func()) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	w.effects = append(w.effects, name)
	dies := len(w.effects) == w.cutAt
	if dies && !w.after {
		w.die()
		return errDied
	}
	do()
	if dies {
		w.die()
		return errDied
	}
	return nil
}

func (w *world) Identity(context.Context) (mastodon.Identity, error) {
	return mastodon.Identity{Context: "lab", Namespace: "mastodon", ClusterUID: "cluster", NamespaceUID: "namespace"}, nil
}

func (w *world) Instances(context.Context) ([]mastodon.Instance, error) {
	return []mastodon.Instance{w.instance}, nil
}

func (w *world) Workload(_ context.Context, k mastodon.Workload) (mastodon.WorkloadState, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := mastodon.WorkloadState{Replicas: w.replicas[k.Name], Ready: w.replicas[k.Name], Annotations: maps.Clone(w.notes[k.Name])}
	if w.ill {
		s.Ready = 0
	}
	for i := range s.Replicas {
		s.Pods = append(s.Pods, fmt.Sprintf("%s-%d", k.Name, i))
	}
	return s, nil
}

func (w *world) Scale(ctx context.Context, k mastodon.Workload, n int) error {
	return w.effect(ctx, fmt.Sprintf("scale %s to %d", k.Name, n), func() {
		if k.Component == mastodon.Web && n == 0 && w.replicas[k.Name] > 0 {
			w.closings++
		}
		w.replicas[k.Name] = n
	})
}

func (w *world) Annotate(ctx context.Context, k mastodon.Workload, notes map[string]string) error {
	return w.effect(ctx, "annotate "+k.Name, func() {
		for key, value := range notes {
			if w.notes[k.Name] == nil {
				w.notes[k.Name] = map[string]string{}
			}
			w.notes[k.Name][key] = value
			if value == "" {
				delete(w.notes[k.Name], key)
			}
		}
	})
}

func (w *world) CronJob(_ context.Context, c mastodon.CronJob) (mastodon.CronJobState, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return mastodon.CronJobState{Suspended: w.suspended[c.Name], Annotations: maps.Clone(w.notes[c.Name])}, nil
}

func (w *world) Suspend(ctx context.Context, c mastodon.CronJob, on bool, notes map[string]string) error {
	return w.effect(ctx, fmt.Sprintf("suspend %s %v", c.Name, on), func() {
		w.suspended[c.Name], w.notes[c.Name] = on, notes
	})
}

func (w *world) RunningJobs(context.Context, mastodon.Instance) ([]string, error) { return nil, nil }

func (w *world) Holder(context.Context) (mastodon.Holder, bool, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.lock == nil {
		return mastodon.Holder{}, false, nil
	}
	return *w.lock, true, nil
}

func (w *world) Acquire(ctx context.Context, h mastodon.Holder) error {
	w.mu.Lock()
	held := w.lock
	w.mu.Unlock()
	if held != nil && held.Run != h.Run {
		return &restore.HeldError{Namespace: "mastodon", Holder: *held}
	}
	if held != nil {
		return ctx.Err() // renewing is no effect that matters
	}
	return w.effect(ctx, "lock", func() { w.lock = &h })
}

func (w *world) Release(ctx context.Context, _ string) error {
	return w.effect(ctx, "unlock", func() { w.lock = nil })
}

func (w *world) DryRun(context.Context, mastodon.Instance, mastodon.UtilityPod) error { return nil }

func (w *world) Ensure(ctx context.Context, _ mastodon.Instance, p mastodon.UtilityPod) error {
	return w.effect(ctx, "make pod", func() {
		w.pods++
		w.pod = &mastodon.PodState{Exists: true, Ready: true, Run: p.Run, UID: fmt.Sprintf("pod-%d", w.pods)}
	})
}

func (w *world) Pod(context.Context, string) (mastodon.PodState, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.pod == nil {
		return mastodon.PodState{}, nil
	}
	return *w.pod, nil
}

func (w *world) Remove(ctx context.Context, _ string) error {
	return w.effect(ctx, "remove pod", func() { w.pod, w.jobs = nil, map[string]string{} })
}

func (w *world) Denied(context.Context) ([]string, int, error) { return nil, 12, nil }

func (w *world) ImageNodes(context.Context, string) (having, ready []string, err error) {
	return []string{"node1"}, []string{"node1"}, nil
}

func (w *world) Place(pod, container string) remote.Place { return &fakePlace{w, pod, container} }

// fakePlace answers the scripts a restore runs in a pod.
type fakePlace struct {
	world          *world
	pod, container string
}

func (p *fakePlace) String() string { return p.pod }

func (p *fakePlace) Exec(ctx context.Context, argv []string, s remote.Streams) error {
	marker, script, args := argv[4], argv[5], argv[6:]
	out := ""
	switch {
	case strings.Contains(script, "cannot make"):
		_, started := p.world.jobs[args[0]]
		if !started {
			err := p.world.effect(ctx, "start "+args[0], func() {
				p.world.jobs[args[0]] = args[1]
				p.world.chores = append(p.world.chores, lastLine(args[1]))
			})
			if err != nil {
				return err
			}
		}
	case strings.Contains(script, "state=starting"):
		if out = "absent\n"; p.world.jobs[args[0]] != "" {
			out = "ended 0\nOK\n"
		}
	case strings.Contains(script, "df -Pk"):
		out = "100000000\n1000000\n"
	}
	fmt.Fprintf(s.Out, "%s\n%s 0\n", out, marker)
	return ctx.Err()
}

func lastLine(s string) string { return s[strings.LastIndex(s, "\n")+1:] }

func (w *world) Send(ctx context.Context, _ remote.Place, _ string, to transfer.Destination, _ transfer.Options) (transfer.Report, error) {
	err := w.effect(ctx, "send "+to.Class, func() { w.files[to.Class]++ })
	return transfer.Report{Files: 1}, err
}

func (w *world) SendFile(ctx context.Context, _ remote.Place, _, _ string, _ transfer.Options) (transfer.Report, error) {
	return transfer.Report{}, w.effect(ctx, "send dump", func() {})
}

// fakeDB is the world's PostgreSQL.
type fakeDB struct{ *world }

func (d fakeDB) Look(_ context.Context, name string) (postgres.Look, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	l := postgres.Look{Server: 150000, Client: 150000, User: "mastodon", CreateDB: true, Owns: true, Databases: map[string]string{}}
	for n, db := range d.databases {
		l.Databases[n] = db.comment
	}
	if db, ok := d.databases[name]; ok {
		l.Exists, l.Owner, l.Encoding, l.Comment, l.Bytes = true, "mastodon", "UTF8", db.comment, 1000
	}
	return l, nil
}

func (d fakeDB) find(name string) (*fakeDatabase, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if db, ok := d.databases[name]; ok {
		return db, nil
	}
	return nil, fmt.Errorf("database %q does not exist", name)
}

func (d fakeDB) Counts(_ context.Context, name string) (mastodon.Counts, []string, error) {
	db, err := d.find(name)
	if err != nil {
		return mastodon.Counts{}, nil, err
	}
	return db.of.counts, nil, nil
}

func (d fakeDB) Contents(_ context.Context, name string) (mastodon.Contents, error) {
	db, err := d.find(name)
	if err != nil {
		return mastodon.Contents{}, err
	}
	return db.of.contents, nil
}

func (d fakeDB) Rows(_ context.Context, name string, _ []string) (map[string]int64, error) {
	db, err := d.find(name)
	if err != nil {
		return nil, err
	}
	rows := map[string]int64{}
	for table, n := range db.of.rows {
		rows[table] = n * int64(db.loads)
	}
	return rows, nil
}

func (d fakeDB) Media(context.Context, string, int) ([]string, error) { return nil, nil }

func (d fakeDB) Create(ctx context.Context, n postgres.NewDatabase) error {
	return d.effect(ctx, "create database", func() { d.databases[n.Name] = &fakeDatabase{comment: n.Comment} })
}

func (d fakeDB) Load(ctx context.Context, l postgres.Load, _ func(postgres.Item), _ func(string)) error {
	job := fmt.Sprintf("%s-%d", l.Section, l.Attempt)
	if d.jobs[job] != "" {
		return ctx.Err()
	}
	return d.effect(ctx, "load "+string(l.Section), func() {
		d.jobs[job] = "done"
		db := d.databases[l.Database]
		db.sections = append(db.sections, string(l.Section))
		if db.of = d.dump; l.Section == postgres.Data {
			db.loads++
		}
	})
}

func (d fakeDB) InPlace(ctx context.Context, name, _ string, attempt int, _ func(postgres.Item), _ func(string)) error {
	job := fmt.Sprintf("in-place-%d", attempt)
	if d.jobs[job] != "" {
		return ctx.Err()
	}
	return d.effect(ctx, "restore in place", func() {
		d.jobs[job] = "done"
		d.databases[name].of, d.databases[name].loads = d.dump, 1
	})
}

func (d fakeDB) Save(ctx context.Context, _ string, _ int, _ func(string)) (string, error) {
	return "", errors.Join(ctx.Err(), errors.New("the disk of the pod is full"))
}

func (d fakeDB) Analyze(ctx context.Context, _ string, _ int) error {
	return d.effect(ctx, "analyze", func() {})
}

func (d fakeDB) Swap(ctx context.Context, w postgres.Swap) error {
	d.mu.Lock()
	live, fresh := d.databases[w.Live], d.databases[w.New]
	d.mu.Unlock()
	if fresh == nil && live != nil && live.comment == w.LiveComment {
		return nil
	}
	if fresh == nil {
		return fmt.Errorf("database %s is not there", w.New)
	}
	return d.effect(ctx, "swap", func() {
		d.databases[w.Kept], d.databases[w.Live] = live, fresh
		live.comment, fresh.comment = w.Comment, w.LiveComment
		delete(d.databases, w.New)
	})
}

func (d fakeDB) Drop(ctx context.Context, name string) error {
	return d.effect(ctx, "drop "+name, func() { delete(d.databases, name) })
}

var (
	_ restore.Cluster  = (*world)(nil)
	_ restore.Files    = (*world)(nil)
	_ restore.Database = fakeDB{}
)

// outcome is what must be the same however often a run was cut.
func (w *world) outcome() map[string]any {
	chores := slices.Clone(w.chores)
	slices.Sort(chores)
	live := w.databases[w.instance.Database.Name]
	names := slices.Sorted(maps.Keys(w.databases))
	for _, kept := range w.notes {
		maps.DeleteFunc(kept, func(_, v string) bool { return v == "" })
	}
	notes := map[string]map[string]string{}
	for name, n := range w.notes {
		if len(n) > 0 {
			notes[name] = n
		}
	}
	return map[string]any{
		"replicas": w.replicas, "suspended": w.suspended, "notes": notes, "locked": w.lock != nil, "pod": w.pod != nil,
		"databases": names, "loads": live.loads, "sections": live.sections, "comment": live.comment,
		"files": slices.Sorted(maps.Keys(w.files)), "chores": slices.Compact(chores), "closings": w.closings,
	}
}
