package transfer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// checkFiles is how many digests travel in one list.
const checkFiles = 1024

// verify reads back from the far side: what stands in every top folder, and the digests of some
// files or of all. What differs is in t.wrong, to be sent again.
func (t *transfer) verify(ctx context.Context, to Destination) (*DiffersError, error) {
	v := &t.out.Verification
	v.Mode = t.opt.Verify
	v.Folders = t.content.sorted()
	v.Digests, v.Equal = 0, 0
	if err := t.far.count(ctx, v.Folders); err != nil {
		return nil, err
	}
	short := shortFolders(v.Folders)
	if t.opt.Verify == VerifySample && len(short) == 0 {
		wrong, err := t.compare(ctx, t.listSample)
		if err != nil || len(wrong) == 0 {
			return nil, err
		}
	}
	// The digests of all files, also where fewer files than entries stand there: that may be right
	// if the archive names a file twice, and if it is not, it tells which ones to send again.
	wrong, err := t.compare(ctx, t.listArchive(to))
	if err != nil || len(wrong) == 0 {
		return nil, err
	}
	t.wrong = map[string]bool{}
	for _, name := range wrong {
		t.wrong[name] = true
	}
	return &DiffersError{Place: t.crew.where().String(), Folders: short, Files: wrong[:min(listed, len(wrong))], Count: int64(len(wrong))}, nil
}

// shortFolders are the ones that hold less than was sent.
func shortFolders(all []Folder) []Folder {
	var short []Folder
	for _, f := range all {
		if f.FoundFiles < f.Files-f.Repeated || f.FoundBytes < f.Bytes-f.RepeatedBytes {
			short = append(short, f)
		}
	}
	return short
}

// compare sends lists of digests and returns the names of what differs.
func (t *transfer) compare(ctx context.Context, list func(context.Context, *lister) error) ([]string, error) {
	c := t.checkers()
	memory, err := newPool(t.opt.Memory)
	if err != nil {
		return nil, err
	}
	defer memory.close()
	l := &lister{pool: memory, digest: c.digest, emit: func(p *parcel) error { c.shelf.put(p); return nil }}
	reading, stop := context.WithCancel(ctx)
	defer stop()
	read := make(chan error, 1)
	go func() {
		err := list(reading, l)
		if err == nil {
			err = l.flush(reading)
		}
		c.shelf.close()
		read <- err
	}()
	err = c.run(ctx)
	if err != nil {
		stop()
	}
	if readErr := <-read; err == nil {
		err = readErr
	}
	t.crew.sent.Add(c.sent.Load())
	v := &t.out.Verification
	v.Digests += c.checked
	v.Equal += c.checked - int64(len(c.differing))
	return c.differing, err
}

// checkers is a crew of its own for the digests, so that the counts of what was sent stay.
func (t *transfer) checkers() *crew {
	c := &crew{
		opt: t.opt, dir: t.dir, key: t.key, tarFlags: t.crew.tarFlags, digest: t.crew.digest, shelf: newShelf(), bucket: t.crew.bucket,
		ledger: t.opt.Ledger, started: t.began, place: t.crew.where(),
	}
	c.arrival = c.clock()
	return c
}

// lister packs digests into lists for the digest's command to check.
type lister struct {
	pool   *pool
	digest digesting
	emit   func(*parcel) error
	next   int
	now    *parcel
}

func (l *lister) add(ctx context.Context, name, digest string) error {
	if l.now == nil {
		l.now = &parcel{kind: check, payload: payload{pool: l.pool}}
	}
	l.now.entries++
	if err := l.now.write(ctx, []byte(checkLine(name, digest))); err != nil {
		return err
	}
	if l.now.entries < checkFiles {
		return nil
	}
	return l.flush(ctx)
}

func (l *lister) flush(ctx context.Context) error {
	p := l.now
	if p == nil {
		return nil
	}
	l.now = nil
	// The list is filled up with a comment.
	gap := roundUp(p.n+2, blockBytes) - p.n
	if err := p.write(ctx, []byte("#"+strings.Repeat(" ", int(gap-2))+"\n")); err != nil {
		p.release()
		return err
	}
	p.digest = l.digest.of(&p.payload)
	p.id = fmt.Sprintf("c%05d", l.next)
	l.next++
	return l.emit(p)
}

// checkLine is a line as the digest's command writes it: a backslash first if the name has one, or a newline.
func checkLine(name, digest string) string {
	name = "./" + name
	if !strings.ContainsAny(name, "\\\n\r") {
		return digest + "  " + name + "\n"
	}
	return "\\" + digest + "  " + strings.NewReplacer("\\", "\\\\", "\n", "\\n", "\r", "\\r").Replace(name) + "\n"
}

// failedName reads the name out of what that says with -c of a file that differs or is missing.
func failedName(line string) (string, bool) {
	name, bad := strings.CutSuffix(line, ": FAILED")
	if !bad {
		name, bad = strings.CutSuffix(line, ": FAILED open or read")
	}
	if rest, escaped := strings.CutPrefix(name, "\\"); escaped {
		name = strings.NewReplacer("\\\\", "\\", "\\n", "\n", "\\r", "\r").Replace(rest)
	}
	return strings.TrimPrefix(name, "./"), bad
}

func (t *transfer) listSample(ctx context.Context, l *lister) error {
	for _, f := range t.sample.files {
		if err := l.add(ctx, f.name, f.digest); err != nil {
			return err
		}
	}
	return nil
}

// listArchive reads the archive a second time and lists every file. Of a file that is there twice
// the last one counts, so what may be repeated is left out until the end.
func (t *transfer) listArchive(to Destination) func(context.Context, *lister) error {
	return func(ctx context.Context, l *lister) error {
		last := map[string]string{}
		a, err := openArchive(t.path, to.Class, t.opt.open)
		if err != nil {
			return err
		}
		defer a.close()
		for {
			e, err := a.next(ctx)
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				return err
			}
			if e.kind != regular {
				continue
			}
			h := l.digest.new()
			if _, err := io.Copy(h, a); err != nil {
				return err
			}
			digest := inHex(h)
			if t.content.repeated[e.name] {
				last[e.name] = digest
				continue
			}
			if err := l.add(ctx, e.name, digest); err != nil {
				return err
			}
		}
		for name, digest := range last {
			if err := l.add(ctx, name, digest); err != nil {
				return err
			}
		}
		return nil
	}
}

// sizes is the answer to count.
type sizes struct {
	records
	ended bool
}

func (s *sizes) result() (bool, error) { return s.ended, nil }

// count fills in how many files and bytes stand in each folder now.
func (f *farSide) count(ctx context.Context, folders []Folder) error {
	args := []string{f.dir}
	for _, one := range folders {
		depth := "tree"
		if !strings.Contains(one.Name, "/") {
			depth = "flat"
		}
		args = append(args, shellWord(one.Name), depth)
	}
	return f.run(ctx, countScript, args, func(nonce string) reader {
		got, at := &sizes{}, -1
		for i := range folders {
			folders[i].FoundFiles, folders[i].FoundBytes = 0, 0
		}
		got.sep, got.each = '\n', func(line string) {
			rest, ours := strings.CutPrefix(line, nonce+" ")
			switch {
			case ours && rest == "end":
				got.ended = at == len(folders)-1
			case ours && strings.HasPrefix(rest, "folder "):
				at++
			case !ours && at >= 0 && at < len(folders):
				if n, err := strconv.ParseInt(line, 10, 64); err == nil {
					folders[at].FoundFiles++
					folders[at].FoundBytes += n
				}
			}
		}
		return got
	})
}
