package transfer

import "context"

const (
	// chunkBytes is the unit in which parcels take memory.
	chunkBytes = 256 << 10
	// blockBytes is the unit in which parcels travel: what client-go copies at a time, so that
	// no frame is smaller than it must be. Every parcel is padded to whole blocks.
	blockBytes = 32 << 10
)

// payload is a parcel's bytes, in chunks of a pool.
type payload struct {
	pool   *pool
	chunks [][]byte
	n      int64
}

// space returns free room of at least one byte behind what was written; fill takes it.
func (p *payload) space(ctx context.Context) ([]byte, error) {
	if used := p.n % chunkBytes; used != 0 {
		return p.chunks[len(p.chunks)-1][used:], nil
	}
	c, err := p.pool.get(ctx)
	if err != nil {
		return nil, err
	}
	p.chunks = append(p.chunks, c)
	return c, nil
}

func (p *payload) fill(n int) { p.n += int64(n) }

// write appends b. Between space and fill nothing may be written.
func (p *payload) write(ctx context.Context, b []byte) error {
	for len(b) > 0 {
		room, err := p.space(ctx)
		if err != nil {
			return err
		}
		n := copy(room, b)
		p.fill(n)
		b = b[n:]
	}
	return nil
}

// pad appends n zero bytes.
func (p *payload) pad(ctx context.Context, n int64) error {
	for n > 0 {
		room, err := p.space(ctx)
		if err != nil {
			return err
		}
		room = room[:min(int64(len(room)), n)]
		clear(room)
		p.fill(len(room))
		n -= int64(len(room))
	}
	return nil
}

// seal pads to whole blocks.
func (p *payload) seal(ctx context.Context) error {
	return p.pad(ctx, roundUp(p.n, blockBytes)-p.n)
}

func (p *payload) blocks() int64 { return p.n / blockBytes }

// from returns what follows the first off bytes, as far as it lies in one chunk.
func (p *payload) from(off int64) []byte {
	if off >= p.n {
		return nil
	}
	c := p.chunks[off/chunkBytes]
	end := min(chunkBytes, p.n-off/chunkBytes*chunkBytes)
	return c[off%chunkBytes : end]
}

// release gives the memory back; the payload is empty afterwards.
func (p *payload) release() {
	for _, c := range p.chunks {
		p.pool.put(c)
	}
	p.chunks, p.n = nil, 0
}
