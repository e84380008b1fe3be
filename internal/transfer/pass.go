package transfer

import (
	"context"
	"errors"
	"fmt"
)

// cutter reads the local file and emits its parcels.
type cutter func(ctx context.Context, p *planner) error

func (t *transfer) cutArchive(to Destination) cutter {
	return func(ctx context.Context, p *planner) error {
		a, err := openArchive(t.path, to.Class, t.opt.open)
		if err != nil {
			return err
		}
		defer a.close()
		p.archive, p.from, p.read = a, a, a.read
		err = p.run(ctx)
		if err == nil {
			t.out.SHA256 = a.sum()
		}
		return err
	}
}

// passes sends everything. A second pass is needed only where a part file turned out not to be
// what its pieces were: they are then sent again.
func (t *transfer) passes(ctx context.Context, cut cutter) error {
	const most = 3
	for n := 1; ; n++ {
		err := t.pass(ctx, cut)
		var differs *joinError
		if !errors.As(err, &differs) || n == most {
			return err
		}
		t.distrust[differs.part] = true
		t.crew.say(differs.Error() + "; sending its pieces again")
	}
}

// pass reads the local file once and carries what the ledger does not have.
func (t *transfer) pass(ctx context.Context, cut cutter) error {
	t.reset()
	reading, stop := context.WithCancel(ctx)
	defer stop()
	carrying, halt := context.WithCancelCause(ctx)
	defer halt(nil)
	memory, err := newPool(t.opt.Memory)
	if err != nil {
		return err
	}
	defer memory.close()
	p := &planner{
		batchBytes: t.opt.BatchBytes, batchFiles: int64(t.opt.BatchFiles), pool: memory, digest: t.facts.digest,
		emit: t.take, barrier: t.crew.shelf.idle, sample: t.sample, content: t.content, wrong: t.wrong,
	}
	read := make(chan error, 1)
	go func() {
		err := cut(reading, p)
		if final(err) {
			halt(err)
		}
		t.crew.shelf.close()
		read <- err
	}()
	err = t.crew.run(carrying)
	var full *VolumeFullError
	switch {
	case errors.As(err, &full):
		t.count()
	case err != nil:
		stop()
	}
	if readErr := <-read; err == nil {
		return readErr
	}
	if full != nil {
		t.measure(ctx, full)
	}
	return err
}

// final says whether a reading error leaves nothing worth sending.
func final(err error) bool {
	var unsafe *UnsafeError
	var changed *ChangedError
	return errors.As(err, &unsafe) || errors.As(err, &changed)
}

func (t *transfer) reset() {
	c := t.crew
	c.mu.Lock()
	defer c.mu.Unlock()
	c.shelf, c.placed, c.parcels, c.arrival = newShelf(), tally{}, 0, c.clock()
	t.mu.Lock()
	defer t.mu.Unlock()
	t.planned, t.counting, t.content, t.sample = tally{}, false, newContents(), &sample{digest: t.facts.digest}
	t.out.Parcels, t.out.Resumed = 0, 0
}

// take decides about one parcel of the plan: sent before, to be sent, or only counted.
func (t *transfer) take(p *parcel) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.planned.add(p.tally)
	t.out.Parcels++
	had, err := t.had(p)
	switch {
	case err != nil:
		p.release()
		return err
	case had:
		t.out.Resumed++
		t.crew.count(p)
		t.crew.shelf.skip(p)
		p.release()
	case t.counting:
		p.release()
	default:
		t.crew.shelf.put(p)
	}
	return nil
}

// had says whether the ledger or the far side has a parcel, and refuses one that has become another since.
func (t *transfer) had(p *parcel) (bool, error) {
	r, ok := t.opt.Ledger.Receipt(p.id)
	if !ok {
		if r, ok = t.facts.sent[p.id]; !ok {
			return false, nil
		}
		if err := t.opt.Ledger.Record(p.id, r); err != nil {
			return false, err
		}
	}
	if len(r.Digest) != len(p.digest) {
		return false, nil // the far side took another digest then: its image has changed
	}
	if r.Digest != p.digest || r.Bytes != p.n {
		if t.checked {
			return false, nil // it is the receipt that is wrong: another file stood here for a while
		}
		return false, &ChangedError{File: t.path, What: fmt.Sprintf("part %s of it was another one", p.id)}
	}
	doubtful := p.suspect || p.kind == join && t.single || len(p.words) > 1 && t.distrust[p.words[1]]
	return !doubtful, nil
}

// count goes on reading without sending, to know how much is missing.
func (t *transfer) count() {
	t.mu.Lock()
	t.counting = true
	t.mu.Unlock()
	t.crew.shelf.clear()
}

func (t *transfer) measure(ctx context.Context, full *VolumeFullError) {
	full.FreeBytes, full.FreeInodes = t.far.df(ctx)
	c := t.crew
	c.mu.Lock()
	defer c.mu.Unlock()
	full.PlacedFiles, full.PlacedBytes = c.placed.files, c.placed.bytes
	full.MissingFiles, full.MissingBytes = t.planned.files-c.placed.files, t.planned.bytes-c.placed.bytes
}
