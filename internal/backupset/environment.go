package backupset

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"mastodon-restore/internal/mastodon"
)

// largestEnvironment is more than Linux gives to a process.
const largestEnvironment = 1 << 20

var errNoEnvironment = errors.New("no line of it reads NAME=value")

// parsed is an environment file and what is odd about it.
type parsed struct {
	env  mastodon.Env
	cut  bool // the last line has no end
	crlf bool // each line ends as a terminal ends it
}

// parseEnvironment reads what env printed. A value may go on over several lines: a line that is no
// NAME=value belongs to the one before it.
func parseEnvironment(text []byte) (parsed, error) {
	p := parsed{env: mastodon.Env{}}
	if len(text) == 0 {
		return p, errors.New("the file is empty: nothing was written into it")
	}
	if bytes.IndexByte(text, 0) >= 0 {
		return p, errors.New("it has zero bytes in it, and is no text")
	}
	p.cut = text[len(text)-1] != '\n'
	p.crlf = !p.cut && terminal(text)
	name, value := "", 0 // where the last variable's value begins
	keep := func(end int) {
		if name != "" {
			v := strings.TrimSuffix(string(text[value:end]), "\n")
			if p.crlf {
				v = strings.TrimSuffix(strings.ReplaceAll(v, "\r\n", "\n"), "\r")
			}
			p.env[name] = v
		}
	}
	for at := 0; at < len(text); {
		line, _, _ := bytes.Cut(text[at:], []byte("\n"))
		if n, _, ok := bytes.Cut(line, []byte("=")); ok && isName(n) {
			keep(at)
			name, value = string(n), at+len(n)+1
		}
		at += len(line) + 1
	}
	keep(len(text))
	if len(p.env) == 0 {
		return p, errNoEnvironment
	}
	return p, nil
}

// terminal says whether every line ends with a carriage return.
func terminal(text []byte) bool {
	return bytes.Count(text, []byte("\n")) == bytes.Count(text, []byte("\r\n"))
}

func isName(s []byte) bool {
	for i, c := range s {
		switch {
		case c == '_', c >= 'A' && c <= 'Z', c >= 'a' && c <= 'z', i > 0 && c >= '0' && c <= '9':
		default:
			return false
		}
	}
	return len(s) > 0
}

// shown are the variables that may be shown.
var shown = []string{
	"LOCAL_DOMAIN", "WEB_DOMAIN", "DB_HOST", "DB_PORT", "DB_NAME", "DB_USER", "RAILS_ENV", "S3_ENABLED", "ES_ENABLED",
	"APP_VERSION", "MASTODON_VERSION", "RUBY_VERSION", "NODE_VERSION",
}

func describe(env mastodon.Env) *Environment {
	e := &Environment{Variables: len(env), Shown: map[string]string{}, Secrets: map[string]bool{}}
	for _, name := range shown {
		if v, there := env[name]; there {
			e.Shown[name] = legible(v)
		}
	}
	for _, secret := range mastodon.Secrets {
		e.Secrets[secret.Name] = env[secret.Name] != ""
	}
	return e
}

// readEnvironment reads the environment file.
func (p *partReading) readEnvironment() {
	text, err := io.ReadAll(io.LimitReader(p.stream, largestEnvironment+1))
	if err != nil {
		return // sum says it
	}
	if len(text) > largestEnvironment {
		p.find("refused", fmt.Sprintf("%s is larger than %d MiB, which no environment is", p.part.Name, largestEnvironment>>20))
		return
	}
	got, err := parseEnvironment(text)
	if err != nil {
		p.find("environment-strange", fmt.Sprintf("%s is no environment: %v", p.part.Name, err))
		return
	}
	p.env, p.envShown = got.env, describe(got.env)
	p.files.Store(int64(len(got.env)))
	if got.cut {
		p.find("environment-cut", fmt.Sprintf("%s ends in the middle of a line, at byte %d", p.part.Name, len(text)))
	}
	if got.crlf {
		p.find("environment-crlf", p.part.Name+" has a carriage return at the end of each line")
	}
	if got.env["LOCAL_DOMAIN"] == "" {
		p.find("environment-domain", fmt.Sprintf("%s has %s, and no LOCAL_DOMAIN among them", p.part.Name, plural(int64(len(got.env)), "variable")))
	}
}
