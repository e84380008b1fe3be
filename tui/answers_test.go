package tui

import (
	"context"
	"fmt"
	"slices"
	"testing"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/stretchr/testify/require"

	"mastodon-restore/workflow"
)

// said returns what lies on the desk for the question on screen.
func said(t *testing.T, m *model) (workflow.Answer, bool) {
	t.Helper()
	if !m.sent {
		return workflow.Answer{}, false
	}
	a, err := m.opts.Desk.Ask(context.Background(), *m.shot.Question)
	require.NoError(t, err)
	return a, true
}

func TestAnswers(t *testing.T) {
	nothing := workflow.Answer{}
	tests := []struct {
		name   string
		at     func() *story
		keys   []string
		want   workflow.Answer // the zero one: nothing is said
		notice string
	}{
		{"enter takes the row under the cursor", atChoose, []string{"enter"}, workflow.Answer{Question: "set", Option: "19"}, ""},
		{"the arrows move the cursor", atChoose, []string{"down", "enter"}, workflow.Answer{Question: "set", Option: "12"}, ""},
		{"the cursor stops at the last row", atChoose, []string{"down", "down", "down", "down", "down", "enter"}, workflow.Answer{Question: "set", Option: "29"}, ""},
		{"an option with a key is taken by it", atChoose, []string{"o"}, workflow.Answer{Question: "set", Option: "folder"}, ""},
		{"a row that can't be taken says why", atChoose, []string{"down", "down", "enter"}, nothing, "ends in the middle of a file"},
		{"letters belong to the filter while it is typed", atChoose, []string{"/", "o"}, nothing, ""},
		{"enter ends the filter and takes nothing", atChoose, []string{"/", "4.4", "enter"}, nothing, ""},
		{"a filtered row is taken by a second enter", atChoose, []string{"/", "not read", "enter", "enter"}, workflow.Answer{Question: "set", Option: "29"}, ""},
		{"nothing is taken where no row matches", atChoose, []string{"/", "zzz", "enter", "enter"}, nothing, "nothing to take"},
		{"a second answer to the same question is not heard", atChoose, []string{"enter", "down", "enter"}, workflow.Answer{Question: "set", Option: "19"}, ""},

		{"enter does not pass a check that blocks", atReview, []string{"enter"}, nothing, "db-createdb blocks"},
		{"a check is accepted by its whole name", atReview, []string{"a", "db-createdb", "enter", "enter"},
			workflow.Answer{Question: "preflight", Option: "go", Accept: []string{"db-createdb"}}, ""},
		{"half a name accepts nothing", atReview, []string{"a", "db", "enter", "enter"}, nothing, "blocks"},
		{"esc accepts nothing", atReview, []string{"a", "db-createdb", "esc", "enter"}, nothing, "blocks"},
		{"a check that only warns can't be accepted in place of the one that blocks", atReview, []string{"a", "gitops", "enter", "enter"}, nothing, "blocks"},
		{"checking again is one key", atReview, []string{"r"}, workflow.Answer{Question: "preflight", Option: "again"}, ""},
		{"esc goes back", atReview, []string{"esc"}, workflow.Answer{Question: "preflight", Option: "back"}, ""},

		{"the expected text and enter consent", atConsent, []string{"example.social", "enter"}, workflow.Answer{Question: "plan", Text: "example.social"}, ""},
		{"the text alone does not", atConsent, []string{"example.social"}, nothing, ""},
		{"enter alone does not", atConsent, []string{"enter", "enter", "enter"}, nothing, "Nothing happens"},
		{"other text does not", atConsent, []string{"example.com", "enter"}, nothing, `"example.com" is not "example.social"`},
		{"the beginning of the text does not", atConsent, []string{"example.socia", "enter"}, nothing, "Nothing happens"},
		{"text with capitals does not", atConsent, []string{"Example.social", "enter"}, nothing, "Nothing happens"},
		{"text with a space behind it does not", atConsent, []string{"example.social", "space", "enter"}, nothing, "Nothing happens"},
		{"a typing error can be mended", atConsent, []string{"example.socil", "backspace", "al", "enter"}, workflow.Answer{Question: "plan", Text: "example.social"}, ""},
		{"the line can be emptied", atConsent, []string{"yes", "ctrl+u", "example.social", "enter"}, workflow.Answer{Question: "plan", Text: "example.social"}, ""},
		{"letters that are keys elsewhere are letters here", atConsent, []string{"qels", "enter"}, nothing, `"qels" is not`},
		{"saving the plan has a key that is no letter", atConsent, []string{"ctrl+s"}, workflow.Answer{Question: "plan", Option: "save"}, ""},
		{"esc goes back from the plan", atConsent, []string{"exam", "esc"}, workflow.Answer{Question: "plan", Option: "back"}, ""},

		{"a number alone does nothing", atFailure, []string{"2"}, nothing, "enter does 2"},
		{"enter alone does nothing", atFailure, []string{"enter"}, nothing, "Choose first"},
		{"a number and enter do it", atFailure, []string{"2", "enter"}, workflow.Answer{Question: "failure", Option: "reopen"}, ""},
		{"the last number counts", atFailure, []string{"2", "3", "1", "enter"}, workflow.Answer{Question: "failure", Option: "mend"}, ""},
		{"esc takes the number back", atFailure, []string{"2", "esc", "enter"}, nothing, "Choose first"},
		{"a number without an action is refused", atFailure, []string{"7", "enter"}, nothing, "Choose first"},

		{"leaving is asked for, and staying is the default", atReview, []string{"q", "enter"}, nothing, ""},
		{"leaving before anything changed declines the question", atReview, []string{"q", "down", "enter"}, workflow.Answer{Question: "preflight", Option: "quit"}, ""},
		{"ctrl+c pressed in panic changes nothing", atConsent, []string{"ctrl+c", "ctrl+c", "ctrl+c", "ctrl+c"}, nothing, "Choose"},
		{"leaving at a failure declines its question", atFailure, []string{"ctrl+c", "2", "enter"}, workflow.Answer{Question: "failure", Option: "quit"}, ""},
		{"a key with no meaning says so", atReview, []string{"z"}, nothing, "does nothing here"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := drawn(tt.at(), 80, 24)
			m.View()
			m.typed(tt.keys...)
			got, ok := said(t, m)
			require.Equal(t, tt.want.Question != "", ok)
			require.Equal(t, tt.want, got)
			require.Contains(t, m.notice, tt.notice)
			requireFits(t, m)
		})
	}
}

// No key pressed once on a screen consents, stops the run, or chooses what to do about a failure.
func TestOneKeyIsHarmless(t *testing.T) {
	keys := []string{
		"enter", "esc", "space", "tab", "up", "down", "left", "right", "pgup", "pgdown", "home", "end", "backspace", "delete",
		"f1", "ctrl+c", "ctrl+s", "ctrl+u", "ctrl+l",
	}
	for r := '!'; r <= '~'; r++ {
		keys = append(keys, string(r))
	}
	points := []struct {
		name string
		at   func() *story
		may  []string // options one key may take: none of them changes anything
	}{
		{"choose", atChoose, []string{"19", "folder"}},
		{"review", atReview, []string{"role", "again", "back"}},
		{"consent", atConsent, []string{"back", "save"}},
		{"running", atDatabase, nil},
		{"decide", atFailure, nil},
	}
	for _, p := range points {
		for _, k := range keys {
			m := drawn(p.at(), 80, 24)
			for _, f := range []*func(){&m.opts.StopAfterStep, &m.opts.Interrupt} {
				*f = func() { t.Errorf("%s: %s stopped the run", p.name, k) }
			}
			m.View()
			m.typed(k)
			if a, ok := said(t, m); ok {
				require.True(t, slices.Contains(p.may, a.Option), "%s: %s answered %+v", p.name, k, a)
				require.Empty(t, a.Text)
			}
			require.False(t, m.leaving, "%s: %s leaves", p.name, k)
		}
	}
}

func TestStopping(t *testing.T) {
	tests := []struct {
		name       string
		keys       []string
		after, now bool
		notice     string
	}{
		{"going on is the default", []string{"ctrl+c", "enter"}, false, false, ""},
		{"esc goes on", []string{"ctrl+c", "3", "esc"}, false, false, ""},
		{"stopping after this step", []string{"ctrl+c", "2", "enter"}, true, false, "stops after this step"},
		{"stopping now", []string{"q", "down", "down", "enter"}, false, true, "Stopping"},
		{"a number alone stops nothing", []string{"ctrl+c", "3"}, false, false, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := drawn(atDatabase(), 80, 24)
			var after, now bool
			m.opts.StopAfterStep, m.opts.Interrupt = func() { after = true }, func() { now = true }
			m.typed(tt.keys...)
			require.Equal(t, tt.after, after)
			require.Equal(t, tt.now, now)
			require.Contains(t, m.noticeLine(), tt.notice)
		})
	}
}

func TestAPersonIsNotTrappedByARunThatWillNotStop(t *testing.T) {
	m := drawn(atDatabase(), 80, 24)
	m.typed("ctrl+c", "3", "enter", "ctrl+c", "enter")
	require.Nil(t, m.over, "waiting is the default")
	m.typed("ctrl+c", "2")
	_, cmd := m.Update(tea.KeyMsg{Type: tea.KeyEnter})
	require.NotNil(t, cmd)
	require.Equal(t, tea.QuitMsg{}, cmd())
}

func TestLeavingWaitsForTheEndAndThenGoes(t *testing.T) {
	s := atDatabase()
	m := drawn(s, 80, 24)
	require.False(t, m.take(frame{shot: s.shot}))
	s.happen(workflow.Event{Type: workflow.EventExit, Exit: &workflow.ExitStatus{Code: workflow.ExitInterrupted}})
	require.True(t, m.take(frame{shot: s.shot}))
	require.False(t, drawn(atDone(), 80, 24).take(frame{shot: atDone().shot}), "a run that is done stays to be read")
}

func TestQuestionAskedAgainIsANewOne(t *testing.T) {
	s := atConsent()
	m := drawn(s, 80, 24)
	m.typed("example.soc", "ctrl+s")
	require.True(t, m.sent)
	m.take(frame{shot: s.shot, events: []workflow.Event{{Type: workflow.EventAnswer, Answer: &workflow.Answer{Question: "plan", Option: "save"}}}})
	require.False(t, m.sent)
	require.NotContains(t, m.View(), "example.soc█")
}

func TestQuestionThatIsStillReadKeepsItsCursor(t *testing.T) {
	s := atChoose()
	m := drawn(s, 80, 24).typed("down")
	q := sets()
	q.Options = append([]workflow.Option{{ID: "20", Label: "newer", Cells: []string{"2026-11-20 03:00", "1 h", "1 GB", "no", "4.5.1", "sound"}}}, q.Options...)
	s.happen(workflow.Event{Type: workflow.EventQuestion, Question: &q})
	m.take(frame{shot: s.shot})
	require.Contains(t, m.View(), "> 2026-11-12")
	require.Contains(t, m.View(), "  2026-11-20")
}

func TestNoKeyPassesACheckThatBlocks(t *testing.T) {
	s := atReview()
	q := checks()
	q.Options[0].Key = "c"
	s.happen(workflow.Event{Type: workflow.EventQuestion, Question: &q})
	m := drawn(s, 80, 24).typed("c")
	require.False(t, m.sent)
	m.typed("a", "db-createdb", "enter", "c")
	a, ok := said(t, m)
	require.True(t, ok)
	require.Equal(t, workflow.Answer{Question: "preflight", Option: "go", Accept: []string{"db-createdb"}}, a)
}

func TestACheckNothingCanGoOnWithoutIsNotAccepted(t *testing.T) {
	s := atReview()
	q := checks()
	for i := range q.Checks {
		q.Checks[i].Firm = q.Checks[i].Severity == workflow.SeverityBlocks
	}
	s.happen(workflow.Event{Type: workflow.EventQuestion, Question: &q})
	m := drawn(s, 80, 24).typed("a")
	require.Contains(t, m.notice, "can't be accepted")
	q.Checks = append(q.Checks, workflow.Check{ID: "room", Severity: workflow.SeverityBlocks, Evidence: "1 GB free"})
	m.take(frame{shot: s.happen(workflow.Event{Type: workflow.EventQuestion, Question: &q}).shot})
	m.typed("a", "db-createdb", "enter")
	require.Contains(t, m.notice, "db-createdb can't be accepted")
	m.typed("a", "room", "enter", "enter")
	require.Contains(t, m.notice, "db-createdb blocks. It can't be accepted")
	require.False(t, m.sent)
}

func TestAnotherQuestionAfterLeavingIsNoReasonToGo(t *testing.T) {
	s := atReview()
	m := drawn(s, 80, 24).typed("q", "2", "enter")
	require.True(t, m.leaving)
	m.take(frame{shot: s.shot, events: []workflow.Event{{Type: workflow.EventAnswer, Answer: &workflow.Answer{Question: "preflight", Option: "quit"}}}})
	require.False(t, m.leaving)
	require.False(t, m.take(frame{shot: atDone().shot}), "the end is there to be read")
}

func TestForecastIsReadBeforeItIsConsentedTo(t *testing.T) {
	m := drawn(atConsent(), 60, 20)
	m.View()
	m.typed("example.social", "enter")
	require.False(t, m.sent)
	require.Contains(t, m.notice, "more to read")
	require.Contains(t, m.View(), "mastodon-restore undo k7q2")
	m.typed("enter")
	require.True(t, m.sent)
}

func TestPastedTextConsentsOnlyWithEnter(t *testing.T) {
	m := drawn(atConsent(), 80, 24)
	m.View()
	m.Update(tea.KeyMsg{Type: tea.KeyRunes, Paste: true, Runes: []rune("example.social\n")})
	require.False(t, m.sent)
	m.typed("enter")
	require.True(t, m.sent)
}

func TestNothingIsAnsweredOnATerminalTooSmallToReadTheQuestion(t *testing.T) {
	m := drawn(atReview(), 59, 24)
	m.typed("r", "esc", "enter", "ctrl+c")
	require.False(t, m.sent)
	require.Nil(t, m.over)
	require.Contains(t, m.View(), "A question is waiting.")
}

func TestSuspendingIsRefusedOnceSomethingChanged(t *testing.T) {
	press := func(at *story) tea.Cmd {
		_, cmd := drawn(at, 80, 24).Update(tea.KeyMsg{Type: tea.KeyCtrlZ})
		return cmd
	}
	require.NotNil(t, press(atReview()))
	require.Nil(t, press(atDatabase()))
	consented := drawn(atReview(), 80, 24)
	consented.learn(workflow.Event{Type: workflow.EventAnswer, Answer: &workflow.Answer{Text: "example.social"}})
	_, cmd := consented.Update(tea.KeyMsg{Type: tea.KeyCtrlZ})
	require.Nil(t, cmd)
	require.Contains(t, consented.notice, "Not now")
}

func TestFootersNameOnlyKeysThatWork(t *testing.T) {
	for name, at := range map[string]func() *story{
		"choose": atChoose, "review": atReview, "consent": atConsent, "running": atDatabase, "decide": atFailure, "done": atDone,
	} {
		for _, b := range drawn(at(), 80, 24).main.Keys() {
			for _, k := range b.Keys() {
				msgs := keyMsgs(k)
				if len(msgs) != 1 {
					continue // names a key this test can't press
				}
				m := drawn(at(), 80, 24)
				m.View()
				m.Update(msgs[0])
				require.NotContains(t, m.notice, "does nothing", fmt.Sprintf("%s: %s", name, k))
			}
		}
	}
}
