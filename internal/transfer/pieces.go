package transfer

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"path"
	"strconv"
	"sync/atomic"
)

// large sends one file in pieces, to a part file beside its place, and joins them.
func (p *planner) large(ctx context.Context, e entry) error {
	again := p.seen.add(e.name)
	if again {
		if err := p.flush(ctx); err != nil {
			return err
		}
		if err := p.barrier(ctx); err != nil {
			return err
		}
	}
	whole, err := p.pieces(ctx, e, partName(e.name))
	if err != nil {
		return p.salvage(ctx, err)
	}
	p.sample.set(e.name, whole)
	p.content.add(e, again)
	if again {
		return p.barrier(ctx)
	}
	return nil
}

// pieces cuts one file into pieces and the join that follows them.
func (p *planner) pieces(ctx context.Context, e entry, part string) (hash.Hash, error) {
	step := roundUp(p.batchBytes, blockBytes)
	left := new(atomic.Int64)
	left.Store(max(1, (e.size+step-1)/step))
	h := p.digest.new()
	for off := int64(0); off == 0 || off < e.size; off += step {
		piece := &parcel{kind: place, payload: payload{pool: p.pool}, whole: left, suspect: p.wrong[e.name]}
		piece.words = []string{strconv.FormatInt(off/blockBytes, 10), shellWord(part)}
		if err := p.copy(ctx, &piece.payload, min(step, e.size-off), h); err != nil {
			piece.release()
			return nil, err
		}
		if err := piece.seal(ctx); err != nil {
			piece.release()
			return nil, err
		}
		piece.digest = p.digest.of(&piece.payload)
		if err := p.number(piece); err != nil {
			return nil, err
		}
	}
	last := &parcel{kind: join, whole: left, suspect: p.wrong[e.name], digest: inHex(h)}
	last.files, last.bytes, last.entries = 1, e.size, 1
	last.words = []string{strconv.FormatInt(e.size, 10), shellWord(part), shellWord(e.name)}
	return h, p.number(last)
}

// partName is where a large file grows: beside its place, under a name that is always short.
func partName(name string) string {
	sum := sha256.Sum256([]byte(name))
	return path.Join(path.Dir(name), ".mastodon-restore-"+hex.EncodeToString(sum[:8])+".part")
}
