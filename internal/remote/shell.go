package remote

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

// Shell runs scripts for sh in a place and knows how each one ended.
type Shell struct {
	Place Place
	// Timeout bounds one attempt of [Shell.Ask]; zero means 30 s. A stalled stream ends there.
	Timeout time.Duration
	// Waiting is told why Ask tries again, and since when. May be nil.
	Waiting func(reason error, since time.Duration)
}

const (
	maxOutput   = 8 << 20 // bytes of standard output that Do and Ask keep
	maxStderr   = 4 << 10 // bytes of standard error that an ExitError keeps
	firstPause  = 500 * time.Millisecond
	longestWait = 5 * time.Second
)

// endMarker begins the last line a wrapped script prints; the run's nonce and the exit code follow.
const endMarker = "mastodon-restore-end "

// wrapper runs the script $2 with the arguments after it and prints the end marker $1 last.
const wrapper = `marker=$1 script=$2; shift 2
sh -c "$script" sh "$@"
printf '\n%s %d\n' "$marker" $?`

// Do runs script once, with args as $1, $2 …, and returns its standard output.
//
// A nil error means that the end marker said 0. An *[ExitError] means that the script ended with
// another code, or that the far side could not run it. An error wrapping [ErrUnknown] means that
// nobody knows.
func (s Shell) Do(ctx context.Context, script string, args ...string) (string, error) {
	return s.Feed(ctx, nil, script, args...)
}

// Feed is Do with a standard input.
func (s Shell) Feed(ctx context.Context, in io.Reader, script string, args ...string) (string, error) {
	marker, err := newMarker()
	if err != nil {
		return "", err
	}
	source := &reader{r: in}
	streams := Streams{}
	if in != nil {
		streams.In = source
	}
	out, errs := &capture{limit: maxOutput, keepHead: true}, &capture{limit: maxStderr}
	streams.Out, streams.Err = out, errs
	argv := append([]string{"sh", "-c", wrapper, "sh", marker, script}, args...)
	err = s.Place.Exec(ctx, argv, streams)
	if source.err != nil {
		return "", fmt.Errorf("read what is sent to %s: %w", s.Place, source.err)
	}
	return verdict(out, errs, marker, err)
}

// verdict decides how a command ended: by its marker, else by the far side's exit code, else not.
func verdict(out, errs *capture, marker string, err error) (string, error) {
	body, code, ok := cutMarker(out.buf.Bytes(), out.tail, marker)
	var exit *ExitError
	switch {
	case ok && code == 0 && out.cut:
		return "", fmt.Errorf("the command printed more than %d bytes", maxOutput)
	case ok && code == 0:
		return body, nil
	case ok:
		return body, &ExitError{Code: code, Stderr: errs.text()}
	case errors.As(err, &exit):
		return "", &ExitError{Code: exit.Code, Stderr: errs.text()}
	case err != nil:
		return "", fmt.Errorf("%w: %w", ErrUnknown, err)
	}
	return "", fmt.Errorf("%w: the stream was closed early, without an error", ErrUnknown)
}

// Ask is Do for scripts that may run any number of times, such as those that only look: while
// the end is unknown it tries again, until ctx ends.
func (s Shell) Ask(ctx context.Context, script string, args ...string) (string, error) {
	timeout := s.Timeout
	if timeout == 0 {
		timeout = 30 * time.Second
	}
	began, pause := time.Now(), firstPause
	for {
		attempt, cancel := context.WithTimeout(ctx, timeout)
		out, err := s.Do(attempt, script, args...)
		cancel()
		if err == nil || ctx.Err() != nil || !errors.Is(err, ErrUnknown) {
			return out, err
		}
		if s.Waiting != nil {
			s.Waiting(err, time.Since(began))
		}
		select {
		case <-ctx.Done():
			return "", ctx.Err()
		case <-time.After(pause):
		}
		pause = min(2*pause, longestWait)
	}
}

func newMarker() (string, error) {
	nonce := make([]byte, 8)
	if _, err := rand.Read(nonce); err != nil {
		return "", fmt.Errorf("make a nonce: %w", err)
	}
	return endMarker + hex.EncodeToString(nonce), nil
}

// cutMarker takes the end marker off the output. tail is the end of the output where head was cut.
func cutMarker(head, tail []byte, marker string) (body string, code int, ok bool) {
	text := head
	if len(tail) > 0 {
		text = tail
	}
	i := bytes.LastIndex(text, []byte("\n"+marker+" "))
	if i < 0 {
		return "", 0, false
	}
	number := strings.TrimSpace(string(text[i+len(marker)+2:]))
	code, err := strconv.Atoi(number)
	if err != nil || text[len(text)-1] != '\n' {
		return "", 0, false
	}
	if len(tail) > 0 {
		return "", code, true
	}
	return string(text[:i]), code, true
}

// capture keeps the first limit bytes (keepHead) and the last 256, or only the last limit bytes.
type capture struct {
	limit    int
	keepHead bool
	buf      bytes.Buffer
	tail     []byte
	cut      bool
}

func (c *capture) Write(p []byte) (int, error) {
	if !c.keepHead {
		c.buf.Write(p)
		if extra := c.buf.Len() - c.limit; extra > 0 {
			c.buf.Next(extra)
			c.cut = true
		}
		return len(p), nil
	}
	if !c.cut && c.buf.Len()+len(p) <= c.limit {
		return c.buf.Write(p)
	}
	if !c.cut {
		c.cut = true
		c.tail = append([]byte{}, c.buf.Bytes()[max(0, c.buf.Len()-256):]...)
	}
	c.tail = append(c.tail, p...)
	c.tail = c.tail[max(0, len(c.tail)-256):]
	return len(p), nil
}

func (c *capture) text() string { return strings.TrimSpace(c.buf.String()) }

// reader remembers the error of what it reads: transports tend to swallow it and to tell the far
// side that the input ended well.
type reader struct {
	r   io.Reader
	err error
}

func (r *reader) Read(p []byte) (int, error) {
	n, err := r.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		r.err = err
	}
	return n, err
}
