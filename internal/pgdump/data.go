package pgdump

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
)

// The reading goroutine runs ahead of the caller by at most this much.
const (
	pieceSize  = 256 << 10
	pieceCount = 4
)

const (
	blockData  = 1
	blockBlobs = 3
)

// piece is what the reading goroutine hands over: the begin of a block, a part of its data, its
// end, or the error that ends everything.
type piece struct {
	begin  *Block
	data   []byte
	offset int64 // in the file, where the reader was
	end    bool
	err    error
}

// Data reads the data blocks in the file's order. A loop over it gets one [Block] for each table,
// and one for each large object, or an error, which is the last thing it gets. What the loop's body
// leaves unread of a block is read, checked and counted before the next one comes. A loop that ends
// without an error has proved the dump whole: every compressed stream was complete and its checksum
// right, every table ended with its marker, no entry was without its data, and nothing came behind.
//
// Cancelling ctx ends the loop with ctx's error; a Read of a stream that blocks is waited for.
func (a *Archive) Data(ctx context.Context) iter.Seq2[*Block, error] {
	return func(yield func(*Block, error) bool) {
		s, err := a.rewind()
		if err != nil {
			yield(nil, err)
			return
		}
		a.deliver(ctx, yield, s, (*walker).walk)
	}
}

// deliver lets read go ahead in a goroutine, and yields the blocks that it comes by.
func (a *Archive) deliver(ctx context.Context, yield func(*Block, error) bool, s *source, read func(*walker) error) {
	ctx, stop := context.WithCancel(ctx)
	p := &pipe{ctx: ctx, full: make(chan piece, pieceCount), free: make(chan []byte, pieceCount)}
	for range pieceCount {
		p.free <- nil // made when first needed: small dumps need one
	}
	go func() {
		defer close(p.full)
		w := &walker{source: s, contents: a.contents, pipe: p, seen: make([]bool, len(a.contents.entries))}
		var err error
		if w.inflater, err = newInflater(s, a.Header.Compression); err == nil {
			err = read(w)
		}
		if err != nil {
			_ = p.send(piece{err: err}) // refused where nobody reads any more
		}
	}()
	defer func() {
		stop()
		for range p.full { // until the goroutine has ended: the file is not touched any more
		}
	}()
	p.deliver(yield)
}

// pipe joins the reading goroutine (send, buffer) to the loop (everything else).
type pipe struct {
	ctx  context.Context
	full chan piece
	free chan []byte
}

func (p *pipe) send(x piece) error {
	select {
	case p.full <- x:
		return nil
	case <-p.ctx.Done():
		return p.ctx.Err()
	}
}

func (p *pipe) buffer() ([]byte, error) {
	select {
	case b := <-p.free:
		if b == nil {
			b = make([]byte, pieceSize)
		}
		return b, nil
	case <-p.ctx.Done():
		return nil, p.ctx.Err()
	}
}

func (p *pipe) receive() (piece, error) {
	if err := p.ctx.Err(); err != nil {
		return piece{}, err
	}
	select {
	case x, ok := <-p.full:
		if !ok {
			return x, io.EOF
		}
		return x, x.err
	case <-p.ctx.Done():
		return piece{}, p.ctx.Err()
	}
}

func (p *pipe) deliver(yield func(*Block, error) bool) {
	for {
		x, err := p.receive()
		if err == io.EOF && p.ctx.Err() == nil {
			return
		}
		if err = cmpError(p.ctx.Err(), err); err != nil {
			yield(nil, err)
			return
		}
		block := x.begin
		block.pipe = p
		if !yield(block, nil) {
			return
		}
		if err := block.finish(); err != nil {
			yield(nil, err)
			return
		}
	}
}

// walker goes from block to block. It runs in the reading goroutine.
type walker struct {
	*source
	contents *contents
	pipe     *pipe
	inflater *inflater
	seen     []bool
	first    int // no entry before it lacks data
}

// walk reads all blocks.
func (w *walker) walk() error {
	for {
		missing := w.missing()
		at := w.pos
		w.advance(0)
		kind, err := w.byte()
		if errors.Is(err, io.ErrUnexpectedEOF) && missing == nil {
			return nil
		}
		if err != nil {
			return w.damage(w.label(missing), w.tooShort(err))
		}
		if missing == nil {
			w.pos = at
			return w.damage("what follows the last data", ErrTrailing)
		}
		entry, err := w.head(kind, at)
		if err != nil {
			return w.damage("the head of a data block (expected "+missing.Label()+")", err)
		}
		if err := w.block(entry); err != nil {
			return err
		}
	}
}

// block reads what follows a block's head.
func (w *walker) block(e *Entry) error {
	if e.Kind == KindLargeObjects {
		return w.objects(e)
	}
	return w.stream(&Block{Entry: e})
}

func (w *walker) label(e *Entry) string {
	if e == nil {
		return "what follows the last data"
	}
	return e.Label()
}

// tooShort counts what a dump that ends between two blocks lacks.
func (w *walker) tooShort(err error) error {
	if !errors.Is(err, io.ErrUnexpectedEOF) {
		return err
	}
	n := 0
	for i := range w.seen {
		if w.contents.entries[i].HasData && !w.seen[i] {
			n++
		}
	}
	return fmt.Errorf("the file ends, and the data of %d entries are missing: %w", n, io.ErrUnexpectedEOF)
}

// missing is the first entry whose data have not come yet.
func (w *walker) missing() *Entry {
	for ; w.first < len(w.seen); w.first++ {
		if e := &w.contents.entries[w.first]; e.HasData && !w.seen[w.first] {
			return e
		}
	}
	return nil
}

// head reads and checks the block's dump id.
func (w *walker) head(kind byte, at int64) (*Entry, error) {
	if kind != blockData && kind != blockBlobs {
		return nil, fmt.Errorf("unknown type %d of a data block", kind)
	}
	id, err := w.int()
	if err != nil {
		return nil, err
	}
	i, ok := w.contents.index[int(id)]
	if !ok {
		return nil, fmt.Errorf("dump id %d is not in the table of contents", id)
	}
	e := &w.contents.entries[i]
	switch {
	case !e.HasData:
		return nil, fmt.Errorf("%s should have no data", e.Label())
	case w.seen[i]:
		return nil, fmt.Errorf("the data of %s come twice", e.Label())
	case (kind == blockBlobs) != (e.Kind == KindLargeObjects):
		return nil, fmt.Errorf("type %d of a data block does not fit %s", kind, e.Label())
	case e.Offset >= 0 && e.Offset != at:
		return nil, fmt.Errorf("the data of %s are at byte %d, not at %d as the table of contents says", e.Label(), at, e.Offset)
	}
	w.seen[i] = true
	return e, nil
}

// objects reads the large objects of one block.
func (w *walker) objects(e *Entry) error {
	for {
		oid, err := w.oid()
		if err != nil {
			return w.damage(e.Label(), err)
		}
		if oid == 0 {
			return nil
		}
		if err := w.stream(&Block{Entry: e, Object: oid}); err != nil {
			return err
		}
	}
}

// stream hands over one compressed stream.
func (w *walker) stream(b *Block) error {
	b.hint = w.hint
	if err := w.pipe.send(piece{begin: b}); err != nil {
		return err
	}
	if err := w.inflater.begin(); err != nil {
		return w.failed(b, err)
	}
	for {
		buffer, err := w.pipe.buffer()
		if err != nil {
			return err
		}
		n, err := w.inflater.Read(buffer[:pieceSize])
		if err != nil && err != io.EOF {
			return w.failed(b, err)
		}
		if err := w.pipe.send(piece{data: buffer[:n], offset: w.pos, end: err == io.EOF}); err != nil {
			return err
		}
		if err == io.EOF {
			return nil
		}
	}
}

func (w *walker) failed(b *Block, err error) error {
	if err == errBomb || err == errWindow {
		return &LimitError{w.pos, b.label(), err.Error()}
	}
	var chunk *brokenError
	if !errors.As(err, &chunk) && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) && !speaksForItself(err) {
		err = fmt.Errorf("its compressed data are corrupt: %w", err)
	}
	return w.damage(b.label(), err)
}
