package transfer

import (
	"context"
	"errors"
	"fmt"
	"hash"
	"io"
	"path"
)

// planVersion changes whenever the same archive would be cut otherwise than before.
const planVersion = 2

// largeFactor times BatchBytes is the largest file that travels inside a tar. Larger ones travel
// in pieces, and cost the far side a second reading.
const largeFactor = 2

// planner cuts an archive into parcels. What it emits is a pure function of the archive's bytes,
// the destination's class and the two limits.
type planner struct {
	archive *archive
	// from gives the current entry's content, read counts the local file's bytes.
	from io.Reader
	read *counted

	batchBytes int64
	batchFiles int64
	pool       *pool
	digest     digesting
	// emit takes a finished parcel; barrier waits until everything emitted has arrived.
	emit    func(*parcel) error
	barrier func(context.Context) error
	sample  *sample
	content *contents
	// wrong names files that a verification found missing or different.
	wrong map[string]bool

	next  int
	seen  *seen
	now   *batch
	late  *batch
	taken int64
}

// batch is a tar parcel in the making.
type batch struct {
	parcel
	made   map[string]bool
	parent string
}

func (p *planner) newBatch() *batch {
	return &batch{parcel: parcel{kind: unpack, payload: payload{pool: p.pool}}, made: map[string]bool{}}
}

// run reads the archive to its end. Where the archive is damaged, what was whole before the
// damage is emitted still.
func (p *planner) run(ctx context.Context) error {
	p.seen, p.now, p.late = newSeen(), p.newBatch(), p.newBatch()
	defer func() { p.now.release(); p.late.release() }()
	for {
		e, err := p.archive.next(ctx)
		if errors.Is(err, io.EOF) {
			return p.finish(ctx)
		}
		if err != nil {
			return p.salvage(ctx, err)
		}
		if err := p.entry(ctx, e); err != nil {
			return err
		}
	}
}

func (p *planner) entry(ctx context.Context, e entry) error {
	switch {
	case e.kind == directory:
		return p.directory(ctx, p.now, e.name)
	case e.kind != regular:
		return p.link(ctx, e)
	case e.size > largeFactor*p.batchBytes:
		return p.large(ctx, e)
	}
	again := p.seen.add(e.name)
	b, err := p.roomFor(ctx, e, again)
	if err != nil {
		return err
	}
	if err := p.file(ctx, b, e); err != nil {
		return p.salvage(ctx, err)
	}
	p.content.add(e, again)
	b.suspect = b.suspect || p.wrong[e.name]
	return nil
}

// roomFor returns the batch that takes a file, after sending the one that has no room for it.
func (p *planner) roomFor(ctx context.Context, e entry, again bool) (*batch, error) {
	if again {
		if p.late.full(e, p.batchBytes, p.batchFiles) {
			return p.late, p.flushLate(ctx)
		}
		return p.late, nil
	}
	if p.now.full(e, p.batchBytes, p.batchFiles) {
		return p.now, p.flush(ctx)
	}
	return p.now, nil
}

// full says whether a file belongs into the next batch. From three quarters on a batch ends where
// the folder ends, so that two lanes seldom create files in one folder, which has one lock.
func (b *batch) full(e entry, maxBytes, maxFiles int64) bool {
	if b.n == 0 {
		return false
	}
	need := b.n + e.size + 8*tarBlock
	if need > maxBytes || b.files+b.links >= maxFiles {
		return true
	}
	nearly := need > maxBytes/4*3 || b.files >= maxFiles/4*3
	return nearly && path.Dir(e.name) != b.parent
}

func (p *planner) file(ctx context.Context, b *batch, e entry) error {
	if err := p.parents(ctx, b, e.name); err != nil {
		return err
	}
	whole, chunks := b.n, len(b.chunks)
	err := b.write(ctx, tarHeader(e))
	if err == nil {
		digest := p.sample.want(e.name)
		if err = p.copy(ctx, &b.payload, e.size, digest); err == nil {
			p.sample.set(e.name, digest)
		}
	}
	if err == nil {
		err = b.pad(ctx, roundUp(b.n, tarBlock)-b.n)
	}
	if err != nil {
		b.cut(whole, chunks)
		return err
	}
	b.parent = path.Dir(e.name)
	b.files++
	b.entries++
	b.bytes += e.size
	return nil
}

// cut takes back what was written of an entry that turned out to be damaged.
func (b *batch) cut(n int64, chunks int) {
	for _, c := range b.chunks[chunks:] {
		b.pool.put(c)
	}
	b.chunks, b.n = b.chunks[:chunks], n
}

// copy copies n bytes of the current entry, digesting them if h is given.
func (p *planner) copy(ctx context.Context, to *payload, n int64, h hash.Hash) error {
	for n > 0 {
		room, err := to.space(ctx)
		if err != nil {
			return err
		}
		got, err := p.from.Read(room[:min(n, int64(len(room)))])
		if h != nil {
			h.Write(room[:got])
		}
		to.fill(got)
		n -= int64(got)
		if n > 0 && err != nil {
			return err
		}
	}
	return nil
}

// parents writes an entry for every folder above name that this batch has not named yet.
func (p *planner) parents(ctx context.Context, b *batch, name string) error {
	if dir := path.Dir(name); dir != "." {
		return p.directory(ctx, b, dir)
	}
	return nil
}

func (p *planner) directory(ctx context.Context, b *batch, name string) error {
	if b.made[name] {
		return nil
	}
	if err := p.parents(ctx, b, name); err != nil {
		return err
	}
	b.made[name] = true
	b.entries++
	if !p.seen.add(name + "/") {
		b.dirs++
	}
	return b.write(ctx, tarHeader(entry{kind: directory, name: name}))
}

// link puts a link into the late batch: what it points to must be there first, and no file may
// be written through it.
func (p *planner) link(ctx context.Context, e entry) error {
	p.seen.add(e.name)
	if p.late.full(e, p.batchBytes, p.batchFiles) {
		if err := p.flushLate(ctx); err != nil {
			return err
		}
	}
	if err := p.parents(ctx, p.late, e.name); err != nil {
		return err
	}
	p.late.links++
	p.late.entries++
	return p.late.write(ctx, tarHeader(e))
}

// flush sends the current batch, if it holds anything.
func (p *planner) flush(ctx context.Context) error {
	b := p.now
	p.now = p.newBatch()
	return p.send(ctx, b)
}

// flushLate sends what must come after everything before it.
func (p *planner) flushLate(ctx context.Context) error {
	b := p.late
	p.late = p.newBatch()
	if b.n == 0 {
		return nil
	}
	if err := p.flush(ctx); err != nil {
		b.release()
		return err
	}
	if err := p.barrier(ctx); err != nil {
		b.release()
		return err
	}
	if err := p.send(ctx, b); err != nil {
		return err
	}
	return p.barrier(ctx)
}

func (p *planner) send(ctx context.Context, b *batch) error {
	if b.n == 0 {
		return nil
	}
	err := b.pad(ctx, 2*tarBlock)
	if err == nil {
		err = b.seal(ctx)
	}
	if err != nil {
		b.release()
		return err
	}
	b.digest = p.digest.of(&b.payload)
	return p.number(&b.parcel)
}

func (p *planner) number(out *parcel) error {
	out.id = fmt.Sprintf("%06d", p.next)
	p.next++
	read := p.read.n
	out.source, p.taken = read-p.taken, read
	return p.emit(out)
}

func (p *planner) finish(ctx context.Context) error {
	if err := p.flush(ctx); err != nil {
		return err
	}
	return p.flushLate(ctx)
}

// salvage sends what was whole before the archive went bad, and returns what is bad.
func (p *planner) salvage(ctx context.Context, bad error) error {
	var damaged *DamagedError
	if p.read.err == nil && !errors.As(bad, &damaged) {
		return bad
	}
	if err := p.finish(ctx); err != nil {
		return errors.Join(bad, err)
	}
	return bad
}
