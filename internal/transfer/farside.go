package transfer

import (
	"bytes"
	"context"
	_ "embed" // the far side's scripts
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"mastodon-restore/internal/remote"
)

//go:embed probe.sh
var probeScript string

//go:embed census.sh
var censusScript string

//go:embed count.sh
var countScript string

// farTries is how often a short command on the far side is tried.
const farTries = 5

// farSide runs the short commands around a transfer, again where a stream breaks.
type farSide struct {
	place   remote.Place
	dir     string
	nice    int
	stall   time.Duration
	backoff time.Duration
	gone    func(error) bool
	say     func(string)
}

// run starts a script with a fresh nonce as its first argument. out makes what reads the
// output; its result says whether that was whole, or what another try would not mend.
func (f *farSide) run(ctx context.Context, script string, args []string, out func(nonce string) reader) error {
	var last error
	wait := f.backoff
	for range farTries {
		nonce := newNonce()
		r := out(nonce)
		argv := append([]string{"sh", "-c", script, "mastodon-restore", nonce}, args...)
		if f.nice > 0 {
			argv = append([]string{"nice", "-n", strconv.Itoa(f.nice)}, argv...)
		}
		said, err := f.exec(ctx, argv, r)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		whole, bad := r.result()
		if bad != nil || whole {
			return bad
		}
		if err == nil {
			err = remote.ErrUnknown
		}
		last = fmt.Errorf("%w %s", err, said)
		if f.gone != nil && f.gone(err) {
			break
		}
		f.say("asked again: " + err.Error())
		if !pause(ctx, wait) {
			return ctx.Err()
		}
		wait = min(2*wait, longestBackoff)
	}
	return fmt.Errorf("ask %s: %w", f.place, last)
}

// exec runs argv and cancels it when it shows no sign of life.
func (f *farSide) exec(ctx context.Context, argv []string, r reader) (string, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var life atomic.Int64
	began := time.Now()
	done := make(chan struct{})
	defer close(done)
	go func() {
		tick := time.NewTicker(max(time.Millisecond, f.stall/8))
		defer tick.Stop()
		for {
			select {
			case <-done:
				return
			case <-tick.C:
				if time.Since(began)-time.Duration(life.Load()) > f.stall {
					cancel(errStalled)
				}
			}
		}
	}()
	sign := func() { life.Store(int64(time.Since(began))) }
	var stderr tailWriter
	err := f.place.Exec(ctx, argv, remote.Streams{Out: signWriter{r, sign}, Err: &stderr})
	if errors.Is(context.Cause(ctx), errStalled) {
		err = errStalled
	}
	return stderr.String(), err
}

// reader takes a script's output and knows at the end whether it was all of it.
type reader interface {
	Write(p []byte) (int, error)
	result() (whole bool, bad error)
}

type signWriter struct {
	reader
	sign func()
}

func (w signWriter) Write(p []byte) (int, error) {
	w.sign()
	return w.reader.Write(p)
}

// tailWriter keeps the last 2 KiB.
type tailWriter struct{ b []byte }

func (t *tailWriter) Write(p []byte) (int, error) {
	const keep = 2 << 10
	t.b = append(t.b, p...)
	t.b = t.b[max(0, len(t.b)-keep):]
	return len(p), nil
}

func (t *tailWriter) String() string {
	return clean(strings.Split(strings.TrimSpace(string(t.b)), "\n"), 5)
}

// records cuts output into records and hands each to a function.
type records struct {
	sep     byte
	partial []byte
	each    func(record string)
}

func (r *records) Write(p []byte) (int, error) {
	n := len(p)
	for {
		i := bytes.IndexByte(p, r.sep)
		if i < 0 {
			if len(r.partial) < longestLine {
				r.partial = append(r.partial, p...)
			}
			return n, nil
		}
		r.each(string(r.partial) + string(p[:i]))
		r.partial = r.partial[:0]
		p = p[i+1:]
	}
}

// facts is what the far side says of itself.
type facts struct {
	records
	place string
	gnu   bool
	// digest is the cheapest one that it can take.
	digest digesting
	lacks  string
	ended  bool
	// sent holds what arrived in earlier runs, as the lanes noted it on the volume.
	sent map[string]Receipt
}

// note reads a line of the far side's notes; a torn one is none.
func (f *facts) note(words []string) {
	if len(words) != 3 || !isDigest(words[1]) {
		return
	}
	if blocks, err := strconv.ParseInt(words[2], 10, 64); err == nil {
		f.sent[words[0]] = Receipt{Bytes: blocks * blockBytes, Digest: words[1]}
	}
}

func (f *facts) result() (bool, error) {
	if f.lacks != "" {
		return true, &UnfitError{Place: f.place, Lacks: f.lacks}
	}
	return f.ended, nil
}

// sentName is the file in the destination in which the lanes note what has arrived. It lets another
// machine go on, or this one after it died between the arrival and its own note.
func sentName(key string) string { return ".mastodon-restore-" + key + ".sent" }

// probe checks the tools and the directory, ends what earlier runs left behind, and reads what
// they noted.
func (f *farSide) probe(ctx context.Context, key string) (*facts, error) {
	var got *facts
	err := f.run(ctx, probeScript, []string{f.dir, key + ".", sentName(key)}, func(nonce string) reader {
		got = &facts{place: f.place.String(), digest: sha2, sent: map[string]Receipt{}}
		got.sep, got.each = '\n', func(line string) {
			rest, _ := strings.CutPrefix(line, nonce+" ")
			switch {
			case rest == "tar gnu":
				got.gnu = true
			case rest == "sum "+blake2.command:
				got.digest = blake2
			case rest == "end":
				got.ended = true
			case strings.HasPrefix(rest, "lacks "):
				got.lacks = rest[len("lacks "):]
			case strings.HasPrefix(rest, "sent "):
				got.note(strings.Fields(rest)[1:])
			}
		}
		return got
	})
	return got, err
}

// newer is the list of files that are newer than the backup.
type newer struct {
	records
	count   int64
	names   []string
	ended   bool
	timeout bool
}

func (n *newer) result() (bool, error) { return n.ended, nil }

// census lists files below a folder that are newer than a time.
func (f *farSide) census(ctx context.Context, folder string, since time.Time, limit time.Duration) (*newer, error) {
	var got *newer
	args := []string{f.dir, folder, strconv.FormatInt(since.Unix(), 10), strconv.Itoa(int(limit.Seconds()))}
	err := f.run(ctx, censusScript, args, func(nonce string) reader {
		got = &newer{}
		got.sep, got.each = 0, func(name string) {
			if code, last := strings.CutPrefix(name, nonce+" end "); last {
				got.ended, got.timeout = true, code == "124"
				return
			}
			if name == "" {
				return
			}
			got.count++
			if len(got.names) < listed {
				got.names = append(got.names, strings.TrimPrefix(folder+"/"+name, "/"))
			}
		}
		return got
	})
	return got, err
}

// forget removes the notes of what has arrived.
func (f *farSide) forget(ctx context.Context, key string) error {
	const script = `rm -f -- "$2/$3" && printf '%s end\n' "$1"`
	return f.run(ctx, script, []string{f.dir, sentName(key)}, func(nonce string) reader {
		got := &facts{}
		got.sep, got.each = '\n', func(line string) { got.ended = got.ended || line == nonce+" end" }
		return got
	})
}

// df asks for free bytes and inodes; -1 where there is no answer.
func (f *farSide) df(ctx context.Context) (free, inodes int64) {
	const script = `cd -- "$2" && df -Pk . | { read -r _; read -r _ _ _ a _; printf '%s k %s\n' "$1" "$a"; } &&
df -Pi . | { read -r _; read -r _ _ _ a _; printf '%s i %s\n' "$1" "$a"; }; printf '%s end\n' "$1"`
	free, inodes = -1, -1
	ctx, cancel := context.WithTimeout(ctx, f.stall)
	defer cancel()
	// Without an answer the message says less; it is an error already.
	_ = f.run(ctx, script, []string{f.dir}, func(nonce string) reader {
		got := &facts{}
		got.sep, got.each = '\n', func(line string) {
			var n int64
			switch {
			case line == nonce+" end":
				got.ended = true
			case scan(line, nonce+" k %d", &n):
				free = n << 10
			case scan(line, nonce+" i %d", &n):
				inodes = n
			}
		}
		return got
	})
	return free, inodes
}

func scan(line, format string, n *int64) bool {
	_, err := fmt.Sscanf(line, format, n)
	return err == nil
}
