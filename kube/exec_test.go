package kube

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/require"

	"mastodon-restore/internal/remote"
)

// transports runs a test over WebSocket and over SPDY, against a far side that runs command.
func transports(t *testing.T, command func(*far), test func(t *testing.T, p remote.Place)) {
	t.Helper()
	for _, name := range []string{"WebSocket", "SPDY"} {
		t.Run(name, func(t *testing.T) {
			s := newAPIServer(t)
			s.exec = execHandler(t, command)
			p := s.cluster(Options{}).Place("utility", "mastodon")
			if name == "SPDY" {
				p = p.(*Container).Bulk()
			}
			test(t, p)
			require.Equal(t, name == "SPDY", s.requests("POST", "/exec") == 1)
		})
	}
}

func TestExecCarriesStreamsAndArguments(t *testing.T) {
	transports(t, func(f *far) {
		sent, _ := io.ReadAll(f.in)
		fmt.Fprintf(f.out, "%q %d", f.argv, len(sent))
		fmt.Fprint(f.err, "to stderr")
	}, func(t *testing.T, p remote.Place) {
		var out, errs bytes.Buffer
		in := strings.NewReader(strings.Repeat("x", 100_000))
		require.NoError(t, p.Exec(t.Context(), []string{"sh", "-c", "a b"}, remote.Streams{In: in, Out: &out, Err: &errs}))
		require.Equal(t, `["sh" "-c" "a b"] 100000`, out.String())
		require.Equal(t, "to stderr", errs.String())
	})
}

func TestExecWithoutStreamsRuns(t *testing.T) {
	transports(t, func(f *far) { fmt.Fprint(f.out, "nobody listens") }, func(t *testing.T, p remote.Place) {
		require.NoError(t, p.Exec(t.Context(), []string{"true"}, remote.Streams{}))
	})
}

func TestExitCodeIsTheFarSidesOwnWord(t *testing.T) {
	transports(t, func(f *far) { f.exit(3) }, func(t *testing.T, p remote.Place) {
		err := p.Exec(t.Context(), []string{"false"}, remote.Streams{})
		var exit *remote.ExitError
		require.ErrorAs(t, err, &exit)
		require.Equal(t, 3, exit.Code)
	})
}

// A stream that is closed in good order before any status looks like success: this is why nil
// proves nothing.
func TestCleanCloseBeforeTheStatusIsNil(t *testing.T) {
	transports(t, func(f *far) {
		fmt.Fprint(f.out, "half of")
		f.close()
	}, func(t *testing.T, p remote.Place) {
		var out bytes.Buffer
		require.NoError(t, p.Exec(t.Context(), []string{"cat"}, remote.Streams{Out: &out}))
	})
}

func TestTornConnectionIsNoExit(t *testing.T) {
	s := newAPIServer(t)
	s.exec = execHandler(t, func(f *far) {
		fmt.Fprint(f.out, "half of")
		f.reset()
	})
	err := s.cluster(Options{}).Place("utility", "mastodon").Exec(t.Context(), []string{"cat"}, remote.Streams{})
	require.ErrorContains(t, err, "exec in pod utility, container mastodon")
	var exit *remote.ExitError
	require.NotErrorAs(t, err, &exit)
	require.Equal(t, 1, s.requests("GET", "/exec"), "what may have begun is not tried again")
}

func TestInputThatCannotBeReadIsAnError(t *testing.T) {
	broken := errors.New("the archive is broken")
	transports(t, func(f *far) {
		_, _ = io.Copy(io.Discard, f.in)
		f.exit(0) // the far side is content: it saw the input end
	}, func(t *testing.T, p remote.Place) {
		in := io.MultiReader(strings.NewReader(strings.Repeat("x", 50_000)), iotest.ErrReader(broken))
		err := p.Exec(t.Context(), []string{"cat"}, remote.Streams{In: in})
		require.ErrorIs(t, err, broken)
		var exit *remote.ExitError
		require.NotErrorAs(t, err, &exit)
	})
}

func TestTruncatedArchiveIsNotTheEndOfTheInput(t *testing.T) {
	s := newAPIServer(t)
	s.exec = execHandler(t, func(f *far) { _, _ = io.Copy(io.Discard, f.in) })
	in := io.MultiReader(strings.NewReader("some bytes"), iotest.ErrReader(io.ErrUnexpectedEOF))
	err := s.cluster(Options{}).Place("utility", "mastodon").Exec(t.Context(), []string{"cat"}, remote.Streams{In: in})
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
}

func TestOutputThatCannotBeWrittenIsAnError(t *testing.T) {
	full := errors.New("no space left on device")
	transports(t, func(f *far) { fmt.Fprint(f.out, "a line") }, func(t *testing.T, p remote.Place) {
		err := p.Exec(t.Context(), []string{"cat"}, remote.Streams{Out: failing{full}})
		require.ErrorIs(t, err, full)
	})
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

func TestInputIsSentInFullBlocks(t *testing.T) {
	sizes := make(chan int, 100)
	s := newAPIServer(t)
	s.exec = execHandler(t, func(f *far) {
		block := make([]byte, 1<<20)
		for {
			n, err := f.in.Read(block)
			if n > 0 {
				sizes <- n
			}
			if err != nil {
				close(sizes)
				return
			}
		}
	})
	in := iotest.HalfReader(iotest.OneByteReader(strings.NewReader(strings.Repeat("x", 80*1024))))
	require.NoError(t, s.cluster(Options{}).Place("utility", "mastodon").Exec(t.Context(), []string{"cat"}, remote.Streams{In: in}))
	var got []int
	for n := range sizes {
		got = append(got, n)
	}
	require.Equal(t, []int{32 * 1024, 32 * 1024, 16 * 1024}, got)
}

func TestTerminalHasAFixedSize(t *testing.T) {
	transports(t, func(f *far) {
		size := f.window()
		fmt.Fprintf(f.out, "%t %dx%d", f.tty, size.Width, size.Height)
	}, func(t *testing.T, p remote.Place) {
		var out bytes.Buffer
		require.NoError(t, p.Exec(t.Context(), []string{"tootctl"}, remote.Streams{Out: &out, TTY: true}))
		require.Equal(t, "true 120x40", out.String())
	})
}

func TestCancelEndsAStreamThatHangs(t *testing.T) {
	hang := make(chan struct{})
	defer close(hang)
	transports(t, func(f *far) {
		fmt.Fprint(f.out, "begun")
		<-hang
	}, func(t *testing.T, p remote.Place) {
		ctx, cancel := context.WithCancel(t.Context())
		out := &signal{on: cancel}
		err := p.Exec(ctx, []string{"sleep"}, remote.Streams{Out: out})
		require.ErrorIs(t, err, context.Canceled)
	})
}

// signal calls on at the first byte.
type signal struct{ on func() }

func (s *signal) Write(p []byte) (int, error) {
	s.on()
	return len(p), nil
}

func TestServerWithoutOneTransportIsReachedOverTheOther(t *testing.T) {
	for refused, first := range map[string]func(*Container) remote.Place{
		http.MethodGet:  func(p *Container) remote.Place { return p },
		http.MethodPost: (*Container).Bulk,
	} {
		for _, code := range []int{400, 403, 404, 500} {
			s := newAPIServer(t)
			serve := execHandler(t, func(f *far) { fmt.Fprint(f.out, f.spdy) })
			s.exec = func(w http.ResponseWriter, r *http.Request) {
				if r.Method == refused {
					http.Error(w, "what is that?", code)
					return
				}
				serve(w, r)
			}
			var out bytes.Buffer
			p := first(s.cluster(Options{}).Place("utility", "mastodon").(*Container))
			require.NoError(t, p.Exec(t.Context(), []string{"true"}, remote.Streams{Out: &out}))
			require.Equal(t, fmt.Sprint(refused == http.MethodGet), out.String())
		}
	}
}

func TestPlaceGoesOverTheTransportItNames(t *testing.T) {
	s := newAPIServer(t)
	s.exec = execHandler(t, func(f *far) { fmt.Fprint(f.out, f.spdy) })
	p := s.cluster(Options{}).Place("utility", "mastodon").(*Container)
	bulk := p.Bulk().(*Container)
	for _, p := range []*Container{p, bulk, p.Other().(*Container), bulk.Other().(*Container)} {
		var out bytes.Buffer
		require.NoError(t, p.Exec(t.Context(), []string{"true"}, remote.Streams{Out: &out}))
		require.Equal(t, map[string]string{"SPDY": "true", "WebSocket": "false"}[p.Transport()], out.String())
	}
	require.NotEqual(t, p.Transport(), bulk.Transport())
}

func TestExecWaitsForAServerThatIsStarting(t *testing.T) {
	for _, old := range []bool{false, true} {
		s := newAPIServer(t)
		serve := execHandler(t, func(f *far) { fmt.Fprint(f.out, "ran") })
		var turn atomic.Int32
		s.exec = func(w http.ResponseWriter, r *http.Request) {
			if turn.Add(1) < 3 {
				say(w, 503, "ServiceUnavailable", "starting")
				return
			}
			serve(w, r)
		}
		var said waits
		var out bytes.Buffer
		p := s.cluster(Options{Waiting: said.hear}).Place("utility", "mastodon")
		if old {
			p = p.(*Container).Bulk()
		}
		require.NoError(t, p.Exec(t.Context(), []string{"true"}, remote.Streams{Out: &out}))
		require.Equal(t, "ran", out.String())
		starting := "the API server says 503 Service Unavailable"
		require.Equal(t, []string{starting, ""}, said.reasons())
	}
}

func TestExecWaitsForAServerThatIsAwayUntilTheContextEnds(t *testing.T) {
	for _, old := range []bool{false, true} {
		s := newAPIServer(t)
		p := s.cluster(Options{}).Place("utility", "mastodon")
		if old {
			p = p.(*Container).Bulk()
		}
		s.http.Close()
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		err := p.Exec(ctx, []string{"true"}, remote.Streams{In: strings.NewReader("never read")})
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.ErrorContains(t, err, "the API server refuses connections")
	}
}

func TestPodThatIsNotThereIsSaidSo(t *testing.T) {
	s := newAPIServer(t)
	s.exec = func(w http.ResponseWriter, _ *http.Request) { say(w, 404, "NotFound", `pods "utility" not found`) }
	err := s.cluster(Options{}).Place("utility", "mastodon").Exec(t.Context(), []string{"true"}, remote.Streams{})
	require.ErrorContains(t, err, `pods "utility" not found`)
}
