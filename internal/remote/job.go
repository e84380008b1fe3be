package remote

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// ErrGone means that a job's process is not there any more and left no exit code: it was killed,
// or its place was made anew.
var ErrGone = errors.New("the job is gone without an exit code")

// Job is a script that runs detached: it goes on when every stream to its place is cut, and
// whoever knows its folder can follow it. The folder holds script, log, pid and, at the end, rc.
type Job struct {
	Shell Shell
	// Dir is the job's folder in the place; its parent exists. It is the job's identity.
	Dir    string
	Script string
	Args   []string
	// Poll is how often Follow looks; zero means every second.
	Poll time.Duration
}

// startJob makes the folder $1 and sets the script $2 going in it with the arguments after it.
// Making the folder is what decides between two starters. setsid keeps the job from the signals
// of the exec session; where it is missing, nohup does.
const startJob = `dir=$1 script=$2; shift 2
mkdir "$dir.new" 2>/dev/null || [ -d "$dir.new" ] || [ -d "$dir" ] || { echo "cannot make $dir" >&2; exit 1; }
[ -d "$dir" ] && exit 0
printf '%s\n' "$script" >"$dir.new/script" || exit 1
mv "$dir.new" "$dir" 2>/dev/null || exit 0
cd "$dir" || exit 1
away=nohup; command -v setsid >/dev/null && away=setsid
$away sh -c 'echo $$ >pid.new && mv pid.new pid
sh script "$@" >log 2>&1
echo $? >rc.new && mv rc.new rc' sh "$@" </dev/null >/dev/null 2>&1 &`

// Start sets the job going unless it was started before. It may be called again at any time.
func (j Job) Start(ctx context.Context) error {
	if _, err := j.Shell.Ask(ctx, startJob, append([]string{j.Dir, j.Script}, j.Args...)...); err != nil {
		return fmt.Errorf("start a job in %s: %w", j.Shell.Place, err)
	}
	return nil
}

// lookJob prints the state of the job in $1 and its log from byte $2 on. The exit code is read
// before the log: where there is a code, the log is whole.
const lookJob = `cd "$1" 2>/dev/null || { echo absent; exit 0; }
state=starting
if [ -f rc ]; then state="ended $(cat rc)"
elif [ -f pid ]; then
  state=running
  kill -0 "$(cat pid)" 2>/dev/null || { if [ -f rc ]; then state="ended $(cat rc)"; else state=gone; fi; }
fi
echo "$state"
[ ! -f log ] || tail -c "+$2" log | head -c 262144`

const maxChunk = 262144

// Follow hands every line of the job's log to line, from byte offset from on, and returns when
// the job has ended: nil for exit code 0, an *[ExitError] for another, an error wrapping
// [ErrGone] when it vanished. It outlives broken streams; it ends early only with ctx.
func (j Job) Follow(ctx context.Context, from int64, line func(string)) error {
	poll := j.Poll
	if poll == 0 {
		poll = time.Second
	}
	tail := &lines{emit: line}
	for starting := 0; ; {
		out, err := j.Shell.Ask(ctx, lookJob, j.Dir, strconv.FormatInt(from+1, 10))
		if err != nil {
			return fmt.Errorf("look at a job in %s: %w", j.Shell.Place, err)
		}
		state, chunk, _ := strings.Cut(out, "\n")
		tail.write(chunk)
		from += int64(len(chunk))
		if len(chunk) == maxChunk {
			continue
		}
		switch name, code, _ := strings.Cut(state, " "); {
		case name == "ended":
			tail.flush()
			return tail.exit(code)
		case name == "gone", name == "absent", starting > 30:
			tail.flush()
			return fmt.Errorf("%w (%s)", ErrGone, j.Shell.Place)
		case name == "starting":
			starting++
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(poll):
		}
	}
}

// Started says whether the job's folder is there, whoever made it.
func (j Job) Started(ctx context.Context) (bool, error) {
	out, err := j.Shell.Ask(ctx, `[ ! -d "$1" ] || echo yes`, j.Dir)
	return strings.TrimSpace(out) == "yes", err
}

// Stop ends the job's whole process group and returns when it is not there any more.
func (j Job) Stop(ctx context.Context) error {
	_, err := j.Shell.Ask(ctx, `cd "$1" 2>/dev/null && [ -f pid ] && [ ! -f rc ] || exit 0
pid=$(cat pid); kill -TERM "-$pid" 2>/dev/null || kill -TERM "$pid" 2>/dev/null
i=0; while kill -0 "$pid" 2>/dev/null && [ $i -lt 100 ]; do sleep 0.1; i=$((i+1)); done
kill -KILL "-$pid" 2>/dev/null; exit 0`, j.Dir)
	return err
}

// lines cuts a stream into lines and keeps the last ones for an error.
type lines struct {
	emit func(string)
	part string
	last []string
}

func (l *lines) write(chunk string) {
	l.part += chunk
	for {
		line, rest, found := strings.Cut(l.part, "\n")
		if !found {
			return
		}
		l.part = rest
		l.line(line)
	}
}

func (l *lines) flush() {
	if l.part != "" {
		l.line(l.part)
		l.part = ""
	}
}

func (l *lines) line(s string) {
	if l.emit != nil {
		l.emit(s)
	}
	l.last = append(l.last, s)
	if len(l.last) > 20 {
		l.last = l.last[1:]
	}
}

func (l *lines) exit(code string) error {
	n, err := strconv.Atoi(strings.TrimSpace(code))
	if err != nil {
		return fmt.Errorf("%w: its exit code reads %q", ErrGone, code)
	}
	if n == 0 {
		return nil
	}
	return &ExitError{Code: n, Stderr: strings.Join(l.last, "\n")}
}
