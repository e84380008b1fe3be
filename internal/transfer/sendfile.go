package transfer

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"path"

	"mastodon-restore/internal/remote"
)

// SendFile stages one local file at the absolute path to behind place. The file grows as to.part,
// is digested as a whole when it is complete, and only then gets its name. Its folder must exist.
//
// It ends as [Send] does. That a ledger knows the file is not enough: it is looked for and digested
// again, since a volume for staging may be gone with its pod.
func SendFile(ctx context.Context, place remote.Place, local, to string, opt Options) (Report, error) {
	t := newTransfer(place, local, path.Dir(to), opt)
	t.single = true
	return t.report(ctx, func(ctx context.Context) error { return t.sendFile(ctx, path.Base(to)) })
}

func (t *transfer) sendFile(ctx context.Context, name string) error {
	if !path.IsAbs(t.dir) || name == "/" {
		return fmt.Errorf("send %s: %q is no absolute path of a file", t.path, path.Join(t.dir, name))
	}
	src, err := t.opt.open(t.path)
	if err != nil {
		return fmt.Errorf("open file: %w", err)
	}
	defer src.Close()
	if err := t.bind(ctx, src, t.dir, name); err != nil {
		return err
	}
	if err := t.probe(ctx); err != nil {
		return err
	}
	part := name + ".part"
	there, err := t.far.exists(ctx, part, name)
	if err != nil {
		return err
	}
	t.distrust[shellWord(part)] = !there
	t.phase.Store(Sending)
	if err := t.passes(ctx, t.cutFile(name, part)); err != nil {
		return err
	}
	if err := t.sameDigest(); err != nil {
		return err
	}
	return t.far.forget(ctx, t.key)
}

// cutFile emits one file as pieces.
func (t *transfer) cutFile(name, part string) cutter {
	return func(ctx context.Context, p *planner) error {
		src, err := t.opt.open(t.path)
		if err != nil {
			return fmt.Errorf("open file: %w", err)
		}
		defer src.Close()
		p.read = &counted{r: src, h: sha256.New()}
		p.from = p.read
		_, err = p.pieces(ctx, entry{name: name, size: src.Size()}, part)
		switch {
		case p.read.err != nil || errors.Is(err, io.EOF):
			return fmt.Errorf("read %s at byte %d: %w", t.path, p.read.n, err)
		case err != nil:
			return err
		}
		t.out.SHA256 = inHex(p.read.h)
		return nil
	}
}

// exists says whether one of two files below the directory is there.
func (f *farSide) exists(ctx context.Context, one, other string) (bool, error) {
	const script = `cd -- "$2" || exit 1; if [ -e "./$3" ] || [ -e "./$4" ]; then printf '%s there\n' "$1"; fi; printf '%s end\n' "$1"`
	there := false
	err := f.run(ctx, script, []string{f.dir, one, other}, func(nonce string) reader {
		got := &facts{}
		got.sep, got.each = '\n', func(line string) {
			switch line {
			case nonce + " there":
				there = true
			case nonce + " end":
				got.ended = true
			}
		}
		return got
	})
	return there, err
}
