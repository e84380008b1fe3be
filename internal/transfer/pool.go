package transfer

import (
	"context"
	"fmt"
	"syscall"
)

// pool lends the memory of all parcels; whoever wants more than there is waits.
//
// It lies outside the collector's heap, which would otherwise be let grow to twice its size. Memory
// that was never lent costs nothing.
type pool struct {
	memory []byte
	chunks chan []byte
}

func newPool(bytes int64) (*pool, error) {
	n := max(1, bytes/chunkBytes)
	memory, err := syscall.Mmap(-1, 0, int(n*chunkBytes), syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		return nil, fmt.Errorf("take %s of memory: %w", humanBytes(bytes), err)
	}
	p := &pool{memory: memory, chunks: make(chan []byte, n)}
	for i := range n {
		p.chunks <- memory[i*chunkBytes : (i+1)*chunkBytes : (i+1)*chunkBytes]
	}
	return p, nil
}

// close gives the memory back to the system. Nobody may use a payload any more: the planner and
// all lanes have ended, and a lane that ends lets go of its feed.
func (p *pool) close() { _ = syscall.Munmap(p.memory) }

func (p *pool) get(ctx context.Context) ([]byte, error) {
	select {
	case c := <-p.chunks:
		return c, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (p *pool) put(c []byte) { p.chunks <- c }
