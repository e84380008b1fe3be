package tui

import (
	"fmt"
	"strings"
	"time"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/x/ansi"

	"mastodon-restore/workflow"
)

// running shows the run at work: the steps at the left, at the right how far the one at work is,
// and the end of the log.
type running struct{ *scene }

func newRunning(s *scene) *running { return &running{s} }

func (r *running) Press(k tea.KeyMsg) effect {
	if pressed(k, r.keys.follow) {
		r.log.toggle()
		return stay
	}
	return nil
}

func (r *running) Keys() []key.Binding {
	follow := r.keys.follow
	if r.log.held {
		follow = as(follow, "follow the log")
	}
	return []key.Binding{as(r.keys.log, "full log"), r.keys.interrupt, follow, r.keys.explain, r.keys.help}
}

const (
	timeWidth = 8
	// twoPanes is the width from which the steps have a column of their own.
	twoPanes = 72
	// quietAfter is how long nothing may come from a step before the screen says so.
	quietAfter = 15 * time.Second
)

func (r *running) Render(width, height int) []string {
	height-- // the last line is for whoever loses this terminal
	var lines []string
	if width < twoPanes {
		lines = append(lines, " "+r.theme.faint.Render(r.tally()))
		lines = append(lines, indent(r.work(width-2, height-1), 1)...)
	} else {
		left := r.leftWidth(width)
		steps, work := r.steps(left, height), r.work(width-left-5, height)
		bar := r.theme.faint.Render("│")
		for i := range height {
			lines = append(lines, " "+steps[i]+" "+bar+" "+line(work, i))
		}
	}
	for len(lines) < height {
		lines = append(lines, "")
	}
	return append(lines, " "+r.theme.faint.Render(r.assurance(width-2)))
}

func line(lines []string, i int) string {
	if i < len(lines) {
		return lines[i]
	}
	return ""
}

// assurance tells what is lost with this terminal: nothing.
func (r *running) assurance(w int) string {
	if !r.touched {
		return clip("Nothing has been changed yet.", w)
	}
	return clip("If this terminal closes: "+r.opts.Resume, w)
}

func (r *running) tally() string {
	done, left := 0, 0
	for i, s := range r.shot.Steps {
		switch {
		case s.Status.Over():
			done++
		case i != r.shot.Current:
			left++
		}
	}
	return fmt.Sprintf("%s done, %d to come", plural(done, "step", "steps"), left)
}

func (r *running) leftWidth(width int) int {
	titles := 0
	for _, s := range r.shot.Steps {
		titles = max(titles, ansi.StringWidth(oneLine(s.Title)))
	}
	return min(max(titles+3+timeWidth, 22), width*2/5)
}

// steps draws the list, around the step at work where there is no room for all, filled to height.
func (r *running) steps(width, height int) []string {
	from := 0
	if n := len(r.shot.Steps); n > height {
		from = min(max(r.shot.Current-height/2, 0), n-height)
	}
	var lines []string
	for i, s := range r.shot.Steps[from:] {
		if len(lines) == height {
			break
		}
		lines = append(lines, r.stepLine(s, from+i == r.shot.Current, width))
	}
	for len(lines) < height {
		lines = append(lines, spaces(width))
	}
	return lines
}

func (r *running) stepLine(s workflow.StepView, current bool, width int) string {
	sign, style := stepMark(s.Status, r.theme)
	text := style.Render(sign)
	title := ends(oneLine(s.Title), stepTime(s, r.now), width-2)
	switch {
	case current:
		title = r.theme.title.Render(title)
	case s.Status == workflow.StatusPending || s.Status == workflow.StatusSkipped:
		title = r.theme.faint.Render(title)
	}
	return text + " " + title
}

// stepTime is how long a step took, or a word where it took no time worth telling.
func stepTime(s workflow.StepView, now time.Time) string {
	switch s.Status {
	case workflow.StatusPending:
		return ""
	case workflow.StatusSkipped:
		return "skipped"
	case workflow.StatusSatisfied:
		return "was so"
	case workflow.StatusFailed:
		return "failed"
	case workflow.StatusDeclined:
		return "declined"
	case workflow.StatusInterrupted:
		return "cut off"
	}
	return span(s.Took(now))
}

// work draws the step at work.
func (r *running) work(width, height int) []string {
	step, ok := r.step()
	if !ok {
		return []string{r.theme.title.Render("Starting…")}
	}
	title := r.theme.title.Render(fmt.Sprintf("%d of %d  %s", r.shot.Current+1, len(r.shot.Steps), oneLine(step.Title)))
	lines := []string{ends(title, closedWords(r.shot.Closed, r.now), width), r.theme.faint.Render(clip(r.doing(step), width))}
	if bars := progressLines(step.Progress, width, r.theme); len(bars) > 0 {
		lines = append(lines, bars[max(0, len(bars)-height/2):]...)
		lines = append(lines, "")
	}
	if n := min(len(step.Checks), height-len(lines)-4); n > 0 {
		for _, c := range step.Checks[len(step.Checks)-n:] {
			text := clip(mark(c.Severity)+" "+oneLine(c.ID)+"  "+oneLine(c.Evidence), width)
			if c.Severity == workflow.SeverityWarns || c.Severity == workflow.SeverityBlocks {
				text = graded(c.Severity, r.theme).Render(text)
			}
			lines = append(lines, text)
		}
		lines = append(lines, "")
	}
	if r.log.held {
		lines[len(lines)-1] = r.theme.warn.Render(clip(fmt.Sprintf("log held, %s below: space follows",
			plural(r.log.newer(), "line", "lines")), width))
	}
	room := height - len(lines)
	return append(lines, logRows(r.log.tail(room), width, room, briefLines, r.theme)...)
}

// doing says in words what state the step is in, where that is not simply that it works.
func (r *running) doing(s workflow.StepView) string {
	var words []string
	switch s.Status {
	case workflow.StatusChecking:
		words = append(words, "looking whether there is anything to do")
	case workflow.StatusVerifying:
		words = append(words, "looking whether it is as it should be")
	case workflow.StatusInterrupted:
		words = append(words, "was cut off")
	}
	if quiet := r.now.Sub(r.lastNews()); quiet >= quietAfter {
		words = append(words, "no news for "+spanWords(quiet))
	}
	return strings.Join(words, ", ")
}

func (r *running) lastNews() time.Time {
	last := r.shot.Updated
	if n := r.log.len(); n > 0 && r.log.at(n-1).Time.After(last) {
		last = r.log.at(n - 1).Time
	}
	return last
}

// closedWords say how long the server has been closed, or was.
func closedWords(i workflow.Interval, now time.Time) string {
	switch {
	case i.From.IsZero():
		return ""
	case i.Open():
		return "closed for " + spanWords(i.Length(now))
	}
	return "was closed for " + spanWords(i.Length(now))
}
