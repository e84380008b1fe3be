package tui

import (
	"strings"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/x/ansi"

	"mastodon-restore/workflow"
)

// ended says how the run turned out, and stays until the person leaves.
type ended struct {
	*scene
	scroll scroll
}

func newEnded(s *scene) *ended { return &ended{scene: s} }

func (e *ended) Press(k tea.KeyMsg) effect {
	switch {
	case pressed(k, e.keys.take):
		return quit
	case pressed(k, e.keys.copy) && e.shot.Failure != nil:
		return copyText(cardText(*e.shot.Failure))
	case pressed(k, e.keys.evidence) && e.shot.Failure != nil:
		return open(newEvidence(e.scene, *e.shot.Failure))
	case e.scroll.press(k, e.keys):
		return stay
	}
	return nil
}

func (e *ended) Keys() []key.Binding {
	out := []key.Binding{as(e.keys.take, "leave"), e.keys.log}
	if e.shot.Failure != nil {
		out = append(out, e.keys.evidence, e.keys.copy)
	} else {
		out = append(out, e.keys.explain)
	}
	return append(out, choosing("scroll"), e.keys.help)
}

func (e *ended) Render(width, height int) []string {
	width = min(width, readable)
	var lines []string
	if e.shot.Report != nil {
		lines = e.report(*e.shot.Report, width)
	} else {
		lines = e.stopped(width)
	}
	return e.scroll.window(append(lines, e.paths(width)...), height, e.theme)
}

// stopped tells of a run that ended without a report.
func (e *ended) stopped(width int) []string {
	lines := indent(wrap(ending(e.shot), width-2), 1)
	for i := range lines {
		lines[i] = e.theme.title.Render(lines[i])
	}
	lines = append(lines, "")
	if f := e.shot.Failure; f != nil {
		lines = append(lines, cardLines(*f, width, e.theme)...)
		lines = append(lines, "")
	} else if e.last != "" && !stoppedByHand(e.shot.Exit.Code) {
		lines = append(lines, indent(wrap(e.last, width-5), 3)...)
		lines = append(lines, "")
	}
	return append(lines, indent(wrap(doors(e.shot, e.now), width-2), 1)...)
}

// report draws the figures before, in the backup, and now, then what is still to know.
func (e *ended) report(r workflow.Report, width int) []string {
	style := e.theme.good
	if e.shot.Exit.Code != workflow.ExitDone {
		style = e.theme.warn
	}
	var lines []string
	for _, l := range wrap(r.Headline, width-2) {
		lines = append(lines, " "+style.Render(l))
	}
	if e.shot.Exit.Code != workflow.ExitDone {
		lines = append(lines, indent(wrap(ending(e.shot), width-2), 1)...)
	}
	if e.shot.Closed.Open() {
		lines = append(lines, indent(wrap(doors(e.shot, e.now), width-2), 1)...)
	}
	if len(r.Rows) > 0 {
		lines = append(append(lines, ""), e.figures(r.Rows, width)...)
	}
	if len(r.Notes) > 0 {
		lines = append(lines, "", " "+e.theme.title.Render("Still to know"))
		lines = append(lines, fields(r.Notes, width, e.theme)...)
	}
	if len(r.Kept) > 0 {
		lines = append(lines, "", " "+e.theme.title.Render("Kept"))
		lines = append(lines, fields(r.Kept, width, e.theme)...)
	}
	return lines
}

func (e *ended) figures(rows []workflow.ReportRow, width int) []string {
	head := []string{"", "before", "backup", "now"}
	cells := make([][]string, len(rows))
	for i, r := range rows {
		cells[i] = []string{oneLine(r.Name), oneLine(r.Before), oneLine(r.Backup), oneLine(r.Now)}
	}
	remarks := max(20, width/4)
	g := newGrid(head, cells, width-6)
	beside := 2+g.width()+4+remarks <= width
	for i := 1; i < len(g.right); i++ {
		g.right[i] = true
	}
	lines := []string{"  " + e.theme.faint.Render(g.row(head))}
	for i, r := range rows {
		text := "  " + g.row(cells[i]) + "  "
		left := ansi.StringWidth(text) + 2
		if !beside {
			left = 5
		}
		remark := wrap(oneLine(r.Remark), width-left-1)
		text += graded(r.Level, e.theme).Render(mark(r.Level))
		if beside {
			text = strings.TrimRight(text+" "+remark[0], " ")
			remark = remark[1:]
		}
		lines = append(lines, text)
		if r.Remark != "" {
			lines = append(lines, indent(remark, left)...)
		}
	}
	return lines
}

func (e *ended) paths(width int) []string {
	lines := []string{""}
	report := ""
	if e.shot.Report != nil {
		report = e.shot.Report.Path
	}
	for _, p := range []struct{ name, text string }{
		{"Report", report},
		{"Journal", e.opts.JournalPath},
		{"Log", e.opts.LogPath},
		{"Go on with", e.shot.Exit.Resume},
	} {
		if p.text != "" {
			lines = append(lines, indent(labelled(p.name, 13, p.text, width-2), 1)...)
		}
	}
	return lines
}
