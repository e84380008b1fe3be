package backupset

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"mastodon-restore/internal/mastodon"
)

// Options say how a set is read. The zero value reads every byte, looks for a sample of the files
// that the database names, and tells nobody how far it is.
type Options struct {
	// Deep looks for all files that the database names; otherwise a large set's are sampled.
	Deep bool
	// Jobs is how many parts are read side by side; 0 for as many as there are processors.
	Jobs int
	// Progress is called some ten times a second and once at the end, never twice at a time. Read
	// waits for it, so it should only take note.
	Progress func(Progress)
	// Now is the time that ages and due posts are measured against; zero for the clock's.
	Now time.Time
}

// partReading is one part being read, by one goroutine.
type partReading struct {
	part Part
	deep bool
	now  time.Time

	done, files atomic.Int64 // bytes of the file, members or rows: for progress
	over        atomic.Bool

	stream   *stream
	report   PartReport
	findings []Finding
	census   *census
	rows     *rowFacts
	database *Database
	env      mastodon.Env
	envShown *Environment
}

func (p *partReading) find(id, text string) {
	p.findings = append(p.findings, finding(id, p.part.Class, text))
}

func (p *partReading) has(id string) bool {
	return slices.ContainsFunc(p.findings, func(f Finding) bool { return f.ID == id })
}

// Read reads all parts to the end, side by side. The error is ctx's, or that the folder is gone.
func (s *Set) Read(ctx context.Context, o Options) (*Report, error) {
	entries, err := folder(s.Dir)
	if err != nil {
		return nil, fmt.Errorf("read the set: %w", err)
	}
	begun := time.Now()
	if o.Now.IsZero() {
		o.Now = begun
	}
	var parts []*partReading
	for _, p := range look(s.Dir, entries) {
		parts = append(parts, &partReading{part: p, deep: o.Deep, now: o.Now, report: PartReport{Class: p.Class, Name: p.Name, Size: p.Size}})
	}
	stop := report(parts, o.Progress)
	readParts(ctx, parts, o.Jobs)
	stop()
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("read the set: %w", err)
	}
	r := judge(s.Dir, parts, o)
	r.Seconds = time.Since(begun).Seconds()
	return r, nil
}

// readParts reads as many parts side by side as there are jobs, the largest first: it takes the
// longest, and the others fill the time.
func readParts(ctx context.Context, parts []*partReading, jobs int) {
	if jobs <= 0 {
		jobs = runtime.GOMAXPROCS(0)
	}
	queue := make(chan *partReading, len(parts))
	for _, p := range slices.SortedFunc(slices.Values(parts), func(a, b *partReading) int { return int(min(max(b.part.Size-a.part.Size, -1), 1)) }) {
		queue <- p
	}
	close(queue)
	var all sync.WaitGroup
	for range min(jobs, len(parts)) {
		all.Go(func() {
			for p := range queue {
				p.read(ctx)
				p.over.Store(true)
			}
		})
	}
	all.Wait()
}

// read reads the part to its end, whatever it is.
func (p *partReading) read(ctx context.Context) {
	if p.part.Missing || ctx.Err() != nil {
		return
	}
	if len(p.part.Others) > 0 {
		p.find("twice", fmt.Sprintf("%s was read; %s is there too", p.part.Name, strings.Join(p.part.Others, " and ")))
	}
	if p.part.Problem != nil {
		p.find("unreadable", fmt.Sprintf("%s can't be opened: %v", p.part.Name, p.part.Problem))
		return
	}
	var err error
	if p.stream, err = openStream(ctx, p.part.Path, &p.done); err != nil {
		p.find("unreadable", fmt.Sprintf("%s can't be opened: %v", p.part.Name, err))
		return
	}
	defer p.stream.close()
	switch {
	case p.part.Class == Dump:
		p.readDump(ctx)
	case p.part.Class == Env:
		p.readEnvironment()
	default:
		p.readArchive()
	}
	p.sum()
}

// sum reads what nobody wanted to read, and takes the digest of the whole file.
func (p *partReading) sum() {
	digest, err := p.stream.sum()
	switch {
	case err == io.EOF:
		p.report.SHA256 = hex.EncodeToString(digest[:])
	case p.has("unreadable"):
	default:
		p.find("unreadable", fmt.Sprintf("%s can't be read to its end: %v", p.part.Name, err))
	}
}

// identity is one digest over those of the parts that are there; empty if one has none.
func identity(parts []*partReading) string {
	h := sha256.New()
	for _, p := range parts {
		if p.part.Missing {
			continue
		}
		if p.report.SHA256 == "" {
			return ""
		}
		fmt.Fprintf(h, "%s %s\n", p.part.Class, p.report.SHA256)
	}
	return hex.EncodeToString(h.Sum(nil))
}
