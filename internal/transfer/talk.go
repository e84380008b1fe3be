package transfer

import (
	"strconv"
	"strings"
	"sync"
	"unicode"
)

const (
	longestLine = 4 << 10
	mostSaid    = 4 << 10
	// placedMark begins the lines in which tar says how far it is.
	placedMark = "tar: placed "
)

// answer is one of our own lines from the far side, with what was said since the one before.
type answer struct {
	word string
	id   string
	// code is tar's, or -1 where none was told.
	code    int
	bytes   int64
	entries int64
	digest  string
	said    []string
}

// talk reads a lane's output. It never blocks: what nobody fetches is dropped.
type talk struct {
	nonce   string
	answers chan answer
	// sign is told of every sign of life.
	sign func()

	mu      sync.Mutex
	partial []byte
	said    []string
}

func newTalk(nonce string, sign func()) *talk {
	return &talk{nonce: nonce, sign: sign, answers: make(chan answer, 16)}
}

func (t *talk) Write(p []byte) (int, error) {
	t.sign()
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, c := range p {
		if c != '\n' && c != '\r' {
			if len(t.partial) < longestLine {
				t.partial = append(t.partial, c)
			}
			continue
		}
		if len(t.partial) > 0 {
			t.line(string(t.partial))
		}
		t.partial = t.partial[:0]
	}
	return len(p), nil
}

func (t *talk) line(s string) {
	if rest, ours := strings.CutPrefix(s, t.nonce+" "); ours {
		a := parseAnswer(rest)
		a.said, t.said = t.said, nil
		select {
		case t.answers <- a:
		default:
		}
		return
	}
	if strings.HasPrefix(s, placedMark) || strings.HasSuffix(s, ": OK") || strings.Contains(s, " copied, ") {
		return
	}
	if len(t.said) < mostSaid {
		t.said = append(t.said, s)
	}
}

// last returns what was said after the last answer.
func (t *talk) last() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.said
}

// clean makes the far side's words fit for a screen: the last n lines, no control characters.
func clean(lines []string, n int) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return -1
		}
		return r
	}, strings.Join(lines[max(0, len(lines)-n):], "; "))
}

// parseAnswer reads "end ID" and, in any order, dd's count of bytes, the digest's line, rc=N, n=N.
func parseAnswer(s string) answer {
	words := strings.Fields(s)
	a := answer{code: -1}
	if len(words) > 0 {
		a.word = words[0]
	}
	if len(words) > 1 {
		a.id = words[1]
	}
	for i, w := range words {
		switch {
		case strings.HasPrefix(w, "rc="):
			if n, err := strconv.Atoi(w[3:]); err == nil {
				a.code = n
			}
		case strings.HasPrefix(w, "n="):
			a.entries, _ = strconv.ParseInt(w[2:], 10, 64)
		case w == "bytes" && i > 0:
			a.bytes, _ = strconv.ParseInt(words[i-1], 10, 64)
		case isDigest(w) && i+1 < len(words) && words[i+1] == "-":
			a.digest = w
		}
	}
	return a
}
