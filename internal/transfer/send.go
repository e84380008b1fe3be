package transfer

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"path"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"mastodon-restore/internal/remote"
)

// censusLimit bounds the search for files newer than the backup.
const censusLimit = time.Minute

// Names of the receipts about a transfer as a whole.
const (
	planReceipt  = "plan"
	newerReceipt = "newer"
)

// Send unpacks a tar archive (plain, gzip or zstd) into a directory behind place, and verifies it.
//
// It goes on until everything has arrived, or ctx ends, or something stands in the way that
// trying again does not mend: [VolumeFullError], [ChangedError], [DamagedError], [UnsafeError],
// [StalledError], [UnpackError], [UnfitError], [DiffersError]. After any of these the same call
// with the same ledger sends only what has not arrived. The report is filled as far as it came.
func Send(ctx context.Context, place remote.Place, archive string, to Destination, opt Options) (Report, error) {
	t := newTransfer(place, archive, to.Dir, opt)
	return t.report(ctx, func(ctx context.Context) error { return t.send(ctx, to) })
}

// transfer is one call of Send or SendFile.
type transfer struct {
	opt   Options
	path  string
	dir   string
	far   *farSide
	facts *facts
	key   string
	began time.Time
	total int64

	phase atomic.Value
	crew  *crew
	mu    sync.Mutex
	out   Report
	// planned is all that the plan emitted so far; counting goes on without sending.
	planned  tally
	counting bool
	content  *contents
	sample   *sample
	// distrust names part files whose receipts are not to be believed.
	distrust map[string]bool
	// wrong names files that a verification found missing or different.
	wrong map[string]bool
	// checked says that the whole file was found to be the one that an earlier check knows.
	checked bool
	// single says that one file is sent as it is; its being there is never taken from the ledger.
	single bool
}

func newTransfer(place remote.Place, archive, dir string, opt Options) *transfer {
	opt = opt.withDefaults()
	t := &transfer{opt: opt, path: archive, dir: dir, began: time.Now(), distrust: map[string]bool{}}
	t.out.Archive = archive
	t.crew = &crew{opt: opt, dir: dir, place: forBulk(place), bucket: newBucket(opt.BytesPerSecond), ledger: opt.Ledger, started: t.began}
	t.far = &farSide{place: place, dir: dir, nice: opt.Nice, stall: opt.StallAfter, backoff: opt.backoff, gone: opt.Gone, say: t.crew.say}
	t.phase.Store(Looking)
	return t
}

// report runs the transfer while a goroutine shows its progress, and fills the report.
func (t *transfer) report(ctx context.Context, run func(context.Context) error) (Report, error) {
	stop := t.show()
	err := run(ctx)
	stop()
	c := t.crew
	c.mu.Lock()
	defer c.mu.Unlock()
	r := &t.out
	r.Files, r.Dirs, r.Links, r.Bytes = c.placed.files, c.placed.dirs, c.placed.links, c.placed.bytes
	r.SentBytes, r.AgainBytes = c.sent.Load(), c.again.Load()
	r.Lanes, r.Restarts, r.Notes = c.mostOpen, c.restarts, c.notes
	r.Took = time.Since(t.began)
	return *r, err
}

func (t *transfer) send(ctx context.Context, to Destination) error {
	if err := t.look(ctx, to); err != nil {
		return err
	}
	for again := false; ; again = true {
		t.phase.Store(Sending)
		if err := t.passes(ctx, t.cutArchive(to)); err != nil {
			return err
		}
		if err := t.sameDigest(); err != nil {
			return err
		}
		if t.opt.Verify == VerifyNone {
			return t.far.forget(ctx, t.key)
		}
		t.phase.Store(Verifying)
		differs, err := t.verify(ctx, to)
		if err != nil {
			return err
		}
		if differs == nil {
			return t.far.forget(ctx, t.key)
		}
		if again || len(t.wrong) == 0 {
			return differs
		}
		t.crew.say(fmt.Sprintf("%d files are missing or differ; sending them again", differs.Count))
	}
}

func (t *transfer) sameDigest() error {
	if t.opt.SHA256 != "" && !strings.EqualFold(t.opt.SHA256, t.out.SHA256) {
		return &ChangedError{File: t.path, What: "its digest is another one"}
	}
	return nil
}

// look binds the ledger to the file, and looks at the far side before anything is written there.
func (t *transfer) look(ctx context.Context, to Destination) error {
	src, err := t.opt.open(t.path)
	if err != nil {
		return fmt.Errorf("open archive: %w", err)
	}
	defer src.Close()
	if err := t.bind(ctx, src, to.Dir, to.Class); err != nil {
		return err
	}
	if err := t.probe(ctx); err != nil {
		return err
	}
	since := t.opt.BackupTime
	if since.IsZero() {
		since = src.ModTime()
	}
	return t.census(ctx, to.Class, since)
}

// bind ties the ledger to this file, this destination and this way of cutting.
func (t *transfer) bind(ctx context.Context, src source, dir, class string) error {
	print, err := fingerprint(src)
	if err != nil {
		return fmt.Errorf("read %s: %w", t.path, err)
	}
	t.crew.mu.Lock() // the progress is shown already
	t.total = src.Size()
	t.crew.mu.Unlock()
	old, begun := t.opt.Ledger.Receipt(planReceipt)
	if begun {
		if err := t.rebind(old, print, dir, class); err != nil {
			return err
		}
		return t.unchanged(ctx, src, old)
	}
	plan := fmt.Sprintf("%d %d %d %q %q", planVersion, t.opt.BatchBytes, t.opt.BatchFiles, class, dir)
	t.key = transferKey(print, plan)
	return t.opt.Ledger.Record(planReceipt, Receipt{Bytes: t.total, Digest: print, Plan: plan, Modified: src.ModTime()})
}

func (t *transfer) rebind(old Receipt, print, dir, class string) error {
	var version, files int
	var bytes int64
	var oldClass, oldDir string
	_, err := fmt.Sscanf(old.Plan, "%d %d %d %q %q", &version, &bytes, &files, &oldClass, &oldDir)
	switch {
	case old.Bytes != t.total:
		return &ChangedError{File: t.path, What: fmt.Sprintf("it had %d bytes, now %d", old.Bytes, t.total)}
	case old.Digest != print:
		return &ChangedError{File: t.path, What: "its beginning or end is another one"}
	case err != nil || version != planVersion:
		return fmt.Errorf("resume %s: the ledger was written by another version of this program; finish with that one, or start a new run", t.path)
	case oldDir != dir || oldClass != class:
		return fmt.Errorf("resume %s: the ledger belongs to a transfer into %s; start a new run for %s", t.path, path.Join(oldDir, oldClass), path.Join(dir, class))
	}
	t.opt.BatchBytes, t.opt.BatchFiles = bytes, files
	t.opt.Memory = max(t.opt.Memory, leastBatches*bytes)
	t.key = transferKey(print, old.Plan)
	return nil
}

// unchanged reads a file that was written to since the transfer began, before anything of it is
// sent: copied anew it may be the same, and what changed in its middle would show at the end only.
// Every process looks for itself, as the one before may not have got as far as it.
func (t *transfer) unchanged(ctx context.Context, src source, old Receipt) error {
	if t.opt.SHA256 == "" || src.ModTime().Equal(old.Modified) {
		return nil
	}
	h := sha256.New()
	for off := int64(0); off < t.total; off += 64 * mib {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if _, err := io.Copy(h, io.NewSectionReader(src, off, min(64*mib, t.total-off))); err != nil {
			return fmt.Errorf("read %s: %w", t.path, err)
		}
	}
	t.out.SHA256 = inHex(h)
	if err := t.sameDigest(); err != nil {
		return err
	}
	t.checked = true
	return nil
}

// transferKey names what is the same whoever carries this file to this directory: the processes
// and the notes that are left there.
func transferKey(print, plan string) string {
	return fmt.Sprintf("%016x", rank(print+" "+plan).rank)
}

func (t *transfer) probe(ctx context.Context) error {
	facts, err := t.far.probe(ctx, t.key)
	if err != nil {
		return err
	}
	t.facts = facts
	t.crew.key, t.crew.digest = t.key, facts.digest
	t.crew.tarFlags = []string{"-m", "-o"}
	if facts.gnu {
		t.crew.tarFlags = append(t.crew.tarFlags, "--no-same-permissions", "--keep-directory-symlink",
			"--blocking-factor=64", "--checkpoint=32", "--checkpoint-action=echo=placed %u")
	}
	return nil
}

// census lists what is newer than the backup, once: later such files are our own.
func (t *transfer) census(ctx context.Context, class string, since time.Time) error {
	if r, done := t.opt.Ledger.Receipt(newerReceipt); done {
		t.out.Newer, t.out.NewerNames, t.out.NewerUnknown = r.Entries, r.Names, r.Plan != ""
		return nil
	}
	far := *t.far
	far.stall += censusLimit
	n, err := far.census(ctx, class, since, censusLimit)
	if err != nil {
		return err
	}
	r := Receipt{Entries: n.count, Names: n.names}
	if n.timeout {
		r.Plan = "gave up"
	}
	t.out.Newer, t.out.NewerNames, t.out.NewerUnknown = n.count, n.names, n.timeout
	return t.opt.Ledger.Record(newerReceipt, r)
}

// show calls Progress a few times a second until the returned function is called, and then once
// more.
func (t *transfer) show() (stop func()) {
	if t.opt.Progress == nil {
		return func() {}
	}
	quit := make(chan struct{})
	var shown sync.WaitGroup
	shown.Go(func() {
		tick := time.NewTicker(200 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-quit:
				t.opt.Progress(t.now())
				return
			case <-tick.C:
				t.opt.Progress(t.now())
			}
		}
	})
	return func() { close(quit); shown.Wait() }
}

func (t *transfer) now() Progress {
	c := t.crew
	c.mu.Lock()
	defer c.mu.Unlock()
	phase, _ := t.phase.Load().(Phase)
	return Progress{
		Phase: phase, Done: c.placed.source, Total: t.total, Files: c.placed.files, Bytes: c.placed.bytes,
		Sent: c.sent.Load(), Lanes: c.open, Restarts: c.restarts, Note: c.note,
	}
}
