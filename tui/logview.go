package tui

import (
	"slices"
	"sort"
	"strings"

	"mastodon-restore/workflow"
)

// logLines is how many lines are kept for the screen; the file has them all.
const logLines = 2000

// logView is the end of the log and where a person looks at it. It follows the newest line
// until held.
type logView struct {
	lines  []workflow.Line // a ring once it is full
	oldest int             // index of the oldest line
	held   bool
	anchor int64 // Seq of the last line shown while held
	filter typing
}

func newLogView() *logView { return &logView{} }

func (v *logView) add(lines []workflow.Line) {
	for _, l := range lines {
		if len(v.lines) < logLines {
			v.lines = append(v.lines, l)
			continue
		}
		v.lines[v.oldest] = l
		v.oldest = (v.oldest + 1) % logLines
	}
}

func (v *logView) len() int { return len(v.lines) }

func (v *logView) at(i int) workflow.Line { return v.lines[(v.oldest+i)%len(v.lines)] }

// matches says whether line i is shown.
func (v *logView) matches(i int, want string) bool {
	return want == "" || strings.Contains(strings.ToLower(v.at(i).Text), want)
}

// bottom is the index of the last line to show.
func (v *logView) bottom() int {
	if !v.held {
		return v.len() - 1
	}
	i := sort.Search(v.len(), func(i int) bool { return v.at(i).Seq > v.anchor })
	return max(i-1, 0)
}

// newer counts the lines that came after the last one shown.
func (v *logView) newer() int {
	if !v.held || v.len() == 0 {
		return 0
	}
	return int(v.at(v.len()-1).Seq - v.anchor)
}

// tail returns the last lines to show, at most n, oldest first. A view that is held while its
// lines fall out of the ring shows the oldest there are.
func (v *logView) tail(n int) []workflow.Line {
	if n <= 0 || v.len() == 0 {
		return nil
	}
	want := strings.ToLower(v.filter.text)
	bottom := v.bottom()
	if v.held {
		bottom = max(bottom, v.first(n, want))
	}
	out := make([]workflow.Line, 0, n)
	for i := bottom; i >= 0 && len(out) < n; i-- {
		if v.matches(i, want) {
			out = append(out, v.at(i))
		}
	}
	slices.Reverse(out)
	return out
}

// hold stops following, at the newest line.
func (v *logView) hold() {
	if v.held || v.len() == 0 {
		return
	}
	v.held, v.anchor = true, v.at(v.len()-1).Seq
}

func (v *logView) follow() { v.held = false }

func (v *logView) toggle() {
	if v.held {
		v.follow()
	} else {
		v.hold()
	}
}

// move goes by lines that match, up to where the oldest fills a screen of page lines. Moving
// past the newest line does not follow again: following is asked for.
func (v *logView) move(by, page int) {
	v.hold()
	if v.len() == 0 {
		return
	}
	want := strings.ToLower(v.filter.text)
	at, step := v.bottom(), 1
	for at > 0 && !v.matches(at, want) {
		at-- // to the line that is shown last
	}
	if by < 0 {
		by, step = -by, -1
	}
	for i := at + step; by > 0 && i >= 0 && i < v.len(); i += step {
		if v.matches(i, want) {
			at = i
			by--
		}
	}
	if step < 0 {
		at = max(at, v.first(page, want))
	}
	v.anchor = v.at(at).Seq
}

// first is the lowest bottom there may be: the one with page lines above it.
func (v *logView) first(page int, want string) int {
	last := 0
	for i := range v.len() {
		if v.matches(i, want) {
			last = i
			if page--; page <= 0 {
				break
			}
		}
	}
	return last
}
