package pgdump

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"iter"
	"sync/atomic"
)

// DataOf reads the data of one entry and leaves the others alone. A loop over it gets what one over
// [Archive.Data] gets: a [Block] for a table, one for each large object of an entry that has those,
// or an error, which is the last thing it gets. A loop that ends without an error has proved these
// data whole, and says nothing of the rest of the file.
//
// The data begin at the entry's Offset. A dump that pg_dump wrote to a pipe has no offsets: there
// the blocks before it are stepped over by the lengths of their chunks, without decompressing them.
// That takes some dozens of small reads for a table however large it is, if its chunks have one
// length, as pg_dump's gzip makes them; with the other compressions it takes one for each chunk (of
// some 10 to 100 KiB), and without compression it reads all of the file up to the data. What was
// learnt on the way is kept for the next call.
//
// The archive must come from [OpenFile], of a plain file, or [Open]; otherwise the error is
// [ErrStream]. Data and DataOf do not disturb each other, and Offset does not count what DataOf
// reads. Cancelling ctx ends the loop, and the search before it, with ctx's error.
func (a *Archive) DataOf(ctx context.Context, e *Entry) iter.Seq2[*Block, error] {
	return func(yield func(*Block, error) bool) {
		at, err := a.locate(ctx, e)
		if err != nil {
			yield(nil, err)
			return
		}
		s := a.source(io.NewSectionReader(a.at, 0, a.contents.size), at, readAhead, new(atomic.Int64))
		a.deliver(ctx, yield, s, func(w *walker) error { return w.only(e) })
	}
}

// only reads the block that begins where the source stands.
func (w *walker) only(e *Entry) error {
	at := w.pos
	kind, err := w.byte()
	if err != nil {
		return w.damage(e.Label(), err)
	}
	found, err := w.head(kind, at)
	if err == nil && found.ID != e.ID {
		err = fmt.Errorf("the data of %s stand here", found.Label())
	}
	if err != nil {
		return w.damage("the head of a data block (expected "+e.Label()+")", err)
	}
	return w.block(found)
}

func (a *Archive) locate(ctx context.Context, e *Entry) (int64, error) {
	switch {
	case a.at == nil:
		return 0, ErrStream
	case !e.HasData:
		return 0, fmt.Errorf("%s has no data", e.Label())
	case e.Offset >= 0:
		return e.Offset, nil
	}
	if a.finder == nil {
		a.finder = a.newFinder()
	}
	at, err := a.finder.find(ctx, e)
	if err != nil && a.finder.leapt && ctx.Err() == nil {
		// A leap may have led from one table into another: look at every chunk.
		a.finder = a.newFinder()
		a.finder.careful = true
		at, err = a.finder.find(ctx, e)
	}
	if err != nil {
		a.finder = nil
	}
	return at, err
}

// finder goes from block to block by the lengths of their chunks.
type finder struct {
	walker  // without a pipe: for its source, and its checks of what it comes by
	file    *io.SectionReader
	begins  map[int]int64 // where blocks begin, by dump id
	inside  *Entry        // the block whose head was read last
	careful bool          // never leap
	leapt   bool
}

func (a *Archive) newFinder() *finder {
	const ahead = 4 << 10
	f := &finder{file: io.NewSectionReader(a.at, 0, a.contents.size), begins: make(map[int]int64)}
	f.walker = walker{contents: a.contents, seen: make([]bool, len(a.contents.entries)),
		source: a.source(f.file, a.contents.start, ahead, new(atomic.Int64))}
	return f
}

func (f *finder) find(ctx context.Context, e *Entry) (int64, error) {
	for {
		if at, found := f.begins[e.ID]; found {
			return at, nil
		}
		if err := f.leave(ctx); err != nil {
			return 0, err
		}
		at := f.pos
		kind, err := f.byte()
		if err != nil {
			return 0, f.damage(e.Label(), f.tooShort(err))
		}
		if f.inside, err = f.head(kind, at); err != nil {
			return 0, f.damage("the head of a data block", err)
		}
		f.begins[f.inside.ID] = at
	}
}

// leave goes behind the block that it is in.
func (f *finder) leave(ctx context.Context) error {
	e := f.inside
	if e == nil {
		return nil
	}
	if e.Kind != KindLargeObjects {
		return f.step(ctx, e)
	}
	for {
		oid, err := f.oid()
		if err != nil {
			return f.damage(e.Label(), err)
		}
		if oid == 0 {
			return nil
		}
		if err := f.step(ctx, e); err != nil {
			return err
		}
	}
}

// So many chunks of one length in a row, and such a length, are a compressor's doing.
const (
	alike       = 4
	alikeLength = 1 << 10
)

// step goes behind a stream of chunks.
func (f *finder) step(ctx context.Context, e *Entry) error {
	for last, times := int64(0), 0; ; times++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, err := f.chunk()
		if err != nil {
			return f.damage(e.Label(), err)
		}
		if n == 0 {
			return nil
		}
		if n != last {
			last, times = n, 0
		}
		if times == alike && n >= alikeLength && !f.careful {
			f.leap(n)
		}
		f.seek(f.pos + n)
	}
}

// leap goes on from the beginning of a chunk's bytes to that of another one's, as far as there are
// chunks of the same length: twice as far each time that it lands on the head of one, and then
// closer. That a chunk's own bytes look like such a head happens once in 2^40 times; that it lands
// in the next table, and in step with it, happens.
func (f *finder) leap(n int64) {
	head := binary.LittleEndian.AppendUint64([]byte{0}, uint64(n))[:1+f.intSize]
	stride := int64(len(head)) + n
	there := make([]byte, len(head))
	lands := func(far int64) bool {
		at := f.pos + far*stride
		if at+n > f.size {
			return false
		}
		if _, err := f.file.ReadAt(there, at-int64(len(head))); err != nil || string(there) != string(head) {
			return false
		}
		f.leapt = true
		f.seek(at)
		return true
	}
	far := int64(1)
	for lands(far) {
		far *= 2
	}
	for ; far > 0; far /= 2 {
		lands(far)
	}
}

func (f *finder) seek(to int64) {
	if ahead := to - f.pos; ahead <= int64(f.in.Buffered()) {
		_, _ = f.in.Discard(int(ahead))
	} else {
		_, _ = f.file.Seek(to, io.SeekStart)
		f.in.Reset(&failing{r: f.file, pos: to})
	}
	f.pos = to
}
