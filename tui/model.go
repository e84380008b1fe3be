package tui

import (
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/x/ansi"

	"mastodon-restore/workflow"
)

// model is the whole program: the scene, the main screen that fits the newest snapshot, and at
// most one screen over it.
type model struct {
	scene
	watch         *watcher
	width, height int

	main screen
	over screen
	// shows is what main was made for.
	shows subject
	// closed counts the questions that were open and no longer are, so that a question asked
	// again under the same ID is seen as a new one.
	closed int
	// sent says that the question on screen has its answer, which the run has not taken yet.
	sent    bool
	notice  string
	leaving bool // the person wants to go as soon as the run has ended
	fault   error
}

// subject tells main screens apart.
type subject struct {
	ended    bool
	question string
	closed   int
}

type tick time.Time

func newModel(o Options) *model {
	m := &model{scene: scene{
		theme: newTheme(o.Out, o.NoColor),
		keys:  newKeymap(),
		opts:  o,
		now:   o.now(),
		log:   newLogView(),
		shot:  workflow.Snapshot{Current: -1},
	}}
	m.main = newRunning(&m.scene)
	return m
}

// Init starts the two things that come by themselves: frames and the clock.
func (m *model) Init() tea.Cmd { return tea.Batch(m.watch.wait, everySecond()) }

func everySecond() tea.Cmd {
	return tea.Tick(time.Second, func(t time.Time) tea.Msg { return tick(t) })
}

// Update never waits and never talks to the run but through the desk and the two functions of
// the options, which return at once.
func (m *model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.width, m.height = msg.Width, msg.Height
	case tick:
		m.now = m.opts.now()
		return m, everySecond()
	case frame:
		if m.take(msg) {
			return m, tea.Quit
		}
		return m, m.watch.wait
	case copied:
		m.notice = "Sent to the terminal's clipboard, if it allows that."
		if msg.err != nil {
			m.notice = "Not copied: " + oneLine(msg.err.Error())
		}
	case fault:
		m.fault = msg.err
		return m, tea.Quit
	case tea.KeyMsg:
		return m, m.press(msg)
	}
	return m, nil
}

// take folds a frame in and says whether it is time to go.
func (m *model) take(f frame) bool {
	m.now = m.opts.now()
	m.shot = f.shot
	m.log.add(f.lines)
	for _, e := range f.events {
		m.learn(e)
	}
	m.touched = m.touched || !f.shot.Closed.From.IsZero()
	m.settle()
	return m.shot.Exit != nil && (m.leaving || stoppedByHand(m.shot.Exit.Code))
}

func stoppedByHand(e workflow.Exit) bool {
	return e == workflow.ExitInterrupted || e == workflow.ExitCancelled
}

// learn takes from an event what the snapshot does not keep.
func (m *model) learn(e workflow.Event) {
	switch e.Type {
	case workflow.EventAnswer:
		m.closed++
		m.touched = m.touched || e.Answer.Text != ""
	case workflow.EventQuestion:
		if e.Question == nil {
			m.closed++
		}
	case workflow.EventExit:
		m.last = e.Message
	}
}

// settle makes the main screen fit the snapshot. A question that only changed its contents keeps
// its screen, with cursor and filter.
func (m *model) settle() {
	is := subject{ended: m.shot.Exit != nil}
	if q := m.shot.Question; q != nil && !is.ended {
		is.question, is.closed = q.ID, m.closed
	}
	if is == m.shows {
		if r, ok := m.main.(refresher); ok && m.shot.Question != nil {
			r.refresh(*m.shot.Question)
		}
		return
	}
	m.shows, m.sent, m.notice = is, false, ""
	switch {
	case is.ended:
		m.main = newEnded(&m.scene)
	case is.question != "":
		if m.leaving { // the run has more to ask before it lets go
			m.leaving, m.stopping = false, ""
		}
		m.main = newQuestion(&m.scene, *m.shot.Question)
	default:
		m.main = newRunning(&m.scene)
	}
	if _, ok := m.over.(*menu); ok {
		m.over = nil // its choices were about something that is over
	}
	if m.over != nil && (is.ended || is.question != "") {
		m.notice = "There is news: esc goes to it."
	}
}

// refresher is a screen whose question may change while it is read.
type refresher interface{ refresh(q workflow.Question) }

func newQuestion(s *scene, q workflow.Question) screen {
	switch q.Kind {
	case workflow.KindReview:
		return newReview(s, q)
	case workflow.KindConsent:
		return newConsent(s, q)
	case workflow.KindDecide:
		return newDecide(s, q)
	}
	return newChoose(s, q)
}

// reply sends an answer; press keeps further keys from the question until it was taken.
func (m *model) reply(a workflow.Answer) {
	if m.shot.Question == nil {
		return
	}
	a.Question = m.shot.Question.ID
	m.sent = true
	m.opts.Desk.Reply(a)
}

// press finds what a key does: everywhere, then in the screen on top. Without room to show what
// it would do, it does nothing.
func (m *model) press(k tea.KeyMsg) tea.Cmd {
	if m.tooSmall() {
		return nil
	}
	m.notice = ""
	switch {
	case pressed(k, m.keys.redraw):
		return tea.ClearScreen
	case pressed(k, m.keys.interrupt):
		return m.askToLeave()
	case pressed(k, m.keys.suspend):
		return m.suspend()
	}
	top := m.main
	if m.over != nil {
		top = m.over
	} else if m.sent {
		return nil // the answer is on its way
	}
	if e := top.Press(k); e != nil {
		return e(m)
	}
	if m.over != nil {
		if pressed(k, m.keys.back) || pressed(k, m.keys.leave) || pressed(k, m.keys.help) {
			m.over = nil
		}
		return nil
	}
	return m.common(k)
}

// common is what a key does on every main screen that has no other use for it.
func (m *model) common(k tea.KeyMsg) tea.Cmd {
	switch {
	case pressed(k, m.keys.help):
		m.over = newHelp(&m.scene, m.main)
	case pressed(k, m.keys.explain):
		m.over = newExplanation(&m.scene)
	case pressed(k, m.keys.log):
		m.over = newLogScreen(&m.scene)
	case pressed(k, m.keys.leave):
		return m.askToLeave()
	default:
		m.notice = "That key does nothing here. ? shows the keys."
	}
	return nil
}

// suspend lets the shell have the terminal while nothing has been changed yet. Later it would
// stop the run itself, in the middle of a stream.
func (m *model) suspend() tea.Cmd {
	if m.touched && m.shot.Exit == nil {
		m.notice = "Not now: it would freeze the run itself. Open a second terminal instead."
		return nil
	}
	return tea.Suspend
}

func quit(*model) tea.Cmd { return tea.Quit }

const (
	minWidth  = 60
	minHeight = 15
)

func (m *model) tooSmall() bool { return m.width < minWidth || m.height < minHeight }

// View draws header, screen, notice and footer.
func (m *model) View() string {
	switch {
	case m.width == 0:
		return ""
	case m.tooSmall():
		return m.compose(m.small())
	}
	top := m.main
	if m.over != nil {
		top = m.over
	}
	room := m.height - 4
	lines := m.header()
	body := top.Render(m.width, room)
	body = body[:min(len(body), room)]
	lines = append(lines, body...)
	for range room - len(body) {
		lines = append(lines, "")
	}
	return m.compose(append(lines, m.noticeLine(), m.footer(top.Keys())))
}

// compose is the last guard of the layout: no line is wider than the terminal, none too many.
func (m *model) compose(lines []string) string {
	lines = lines[:min(len(lines), m.height)]
	n := 0
	for _, l := range lines {
		n += len(l) + 1
	}
	out := make([]byte, 0, n)
	for i, l := range lines {
		if ansi.StringWidth(l) > m.width {
			l = ansi.Truncate(l, m.width, "…")
		}
		if i > 0 {
			out = append(out, '\n')
		}
		out = append(out, l...)
	}
	return string(out)
}
