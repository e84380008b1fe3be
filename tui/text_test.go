package tui

import (
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"
	"github.com/stretchr/testify/require"

	"mastodon-restore/workflow"
)

func TestTextIsCutToItsCells(t *testing.T) {
	texts := []string{"", "a", "example.social", "社區伺服器のバックアップ", "mixed 社 and ascii", "e\u0301\u0301\u0301 combining", "🪲🪲🪲🪲"}
	for _, s := range texts {
		for w := 0; w < 30; w++ {
			require.LessOrEqual(t, ansi.StringWidth(clip(s, w)), w, "clip %q to %d", s, w)
			require.LessOrEqual(t, ansi.StringWidth(middle(s, w)), w, "middle %q to %d", s, w)
			require.Equal(t, w, ansi.StringWidth(pad(s, w)), "pad %q to %d", s, w)
			require.Equal(t, w, ansi.StringWidth(padLeft(s, w)), "padLeft %q to %d", s, w)
			require.Equal(t, w, ansi.StringWidth(ends(s, "9 s", w)), "ends %q in %d", s, w)
		}
	}
}

func TestMiddleKeepsBothEndsOfAName(t *testing.T) {
	require.Equal(t, "mastodon…u-web-0", middle("mastodon-production-eu-web-0", 16))
	require.Equal(t, "short", middle("short", 16))
}

func TestWrapKeepsEveryWord(t *testing.T) {
	tests := []struct {
		name, text string
		width      int
		want       []string
	}{
		{"a line that fits stays as it is", "a  b", 10, []string{"a  b"}},
		{"words move as a whole", "one two three", 8, []string{"one two", "three"}},
		{"line breaks stay", "one\n\ntwo", 8, []string{"one", "", "two"}},
		{"indentation stays", "  one two three", 10, []string{"  one two", "  three"}},
		{"a long word is cut, not lost", "abcdefghijklmnop", 8, []string{"abcdefgh", "ijklmnop"}},
		{"a long word begins where there is room", "x abcdefghijklmnop", 8, []string{"x abcdef", "ghijklmn", "op"}},
		{"wide characters count twice", "社區伺服器", 8, []string{"社區伺服", "器"}},
		{"escape sequences go", "\x1b[31mred\x1b[0m \x1b]0;title\x07end", 20, []string{"red end"}},
		{"no text is one empty line", "", 8, []string{""}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { require.Equal(t, tt.want, wrap(tt.text, tt.width)) })
	}
}

func TestOneLineHasNoControlCharacters(t *testing.T) {
	require.Equal(t, "a b", oneLine(" a\n\x1b[2J  b\a\n"))
}

func TestWordsForFigures(t *testing.T) {
	require.Equal(t, "999 B", sizeWords(999))
	require.Equal(t, "1.0 kB", sizeWords(1000))
	require.Equal(t, "912 MB", sizeWords(912_345_678))
	require.Equal(t, "1.0 GB", sizeWords(999_950_000))
	require.Equal(t, "14.2 GB", sizeWords(14_200_000_000))
	require.Equal(t, "0", count(0))
	require.Equal(t, "96,310", count(96310))
	require.Equal(t, "-1,234,567", count(-1234567))
	require.Equal(t, "31 s", span(31*time.Second))
	require.Equal(t, "1m 22s", span(82*time.Second))
	require.Equal(t, "2h 05m", span(2*time.Hour+5*time.Minute+9*time.Second))
	require.Equal(t, "0 s", span(-time.Second))
	require.Equal(t, "4 min 10 s", spanWords(250*time.Second))
}

func TestAmountsAreHonest(t *testing.T) {
	tests := []struct {
		name string
		p    workflow.Progress
		want string
		pace string
	}{
		{"a total that is known", workflow.Progress{Done: 71, Total: 103, Unit: "tables"}, "71 of 103 tables", ""},
		{"no total, no total", workflow.Progress{Done: 3120, Unit: "accounts", PerSecond: 12}, "3,120 accounts", "12/s"},
		{"bytes in one unit", workflow.Progress{Done: 1.2e9, Total: 1.9e9, Unit: "bytes", PerSecond: 14e6}, "1.2 of 1.9 GB", "14.0 MB/s, about 50 s left"},
		{"bytes in two", workflow.Progress{Done: 817e6, Total: 1.9e9, Unit: "bytes", PerSecond: 1e6}, "817 MB of 1.9 GB", "1.0 MB/s, about 18 min left"},
		{"bytes without a total", workflow.Progress{Done: 5e6, Unit: "bytes"}, "5.0 MB", ""},
		{"more done than there was", workflow.Progress{Done: 12, Total: 10, Unit: "files", PerSecond: 1}, "12 of 10 files", "1/s"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			require.Equal(t, tt.want, amount(tt.p))
			require.Equal(t, tt.pace, pace(tt.p))
		})
	}
}

func TestABarIsFullOnlyWhenTheWorkIs(t *testing.T) {
	th := newTheme(nil, true)
	require.Equal(t, "█████████░", drawBar(workflow.Progress{Done: 9999, Total: 10000}, 10, th))
	require.Equal(t, "██████████", drawBar(workflow.Progress{Done: 10000, Total: 10000}, 10, th))
	require.Equal(t, "██████████", drawBar(workflow.Progress{Done: 12, Total: 10}, 10, th))
	require.Equal(t, "░░░░░░░░░░", drawBar(workflow.Progress{Done: -1, Total: 10}, 10, th))
}

func TestColoursOnlyRepeatWhatWordsSay(t *testing.T) {
	for _, at := range []func() *story{atReview, atConsent, atDatabase, atFailure, atDone} {
		m := drawn(at(), 80, 24)
		plain := m.View()
		require.Equal(t, plain, ansi.Strip(plain), "NoColor leaves nothing to strip")
		require.Contains(t, plain, " REAL ")
	}
	require.Contains(t, drawn(atReview().practice(), 80, 24).View(), " PRACTICE ")
}

func numbered(from, to int) []workflow.Line {
	var out []workflow.Line
	for i := from; i < to; i++ {
		out = append(out, workflow.Line{Seq: int64(i), Text: strings.Repeat("x", i%3) + count(int64(i))})
	}
	return out
}

func TestLogView(t *testing.T) {
	last := func(v *logView) string {
		lines := v.tail(3)
		return lines[len(lines)-1].Text
	}
	t.Run("it keeps the newest lines", func(t *testing.T) {
		v := newLogView()
		v.add(numbered(0, 3*logLines+7))
		require.Equal(t, logLines, v.len())
		require.Equal(t, int64(2*logLines+7), v.at(0).Seq)
		require.Equal(t, int64(3*logLines+6), v.at(logLines-1).Seq)
	})
	t.Run("it stands still while held, and counts what came", func(t *testing.T) {
		v := newLogView()
		v.add(numbered(0, 10))
		v.hold()
		before := v.tail(3)
		v.add(numbered(10, 25))
		require.Equal(t, before, v.tail(3))
		require.Equal(t, 15, v.newer())
		v.follow()
		require.Contains(t, last(v), "24")
		require.Zero(t, v.newer())
	})
	t.Run("held lines that fell out of the ring make room for the oldest left", func(t *testing.T) {
		v := newLogView()
		v.add(numbered(0, 10))
		v.hold()
		v.add(numbered(10, 2*logLines))
		lines := v.tail(5)
		require.Len(t, lines, 5)
		require.Equal(t, int64(logLines), lines[0].Seq)
	})
	t.Run("scrolling stops where the oldest line is at the top", func(t *testing.T) {
		v := newLogView()
		v.add(numbered(0, 100))
		v.move(-1000, 10)
		require.Equal(t, int64(0), v.tail(10)[0].Seq)
		require.Len(t, v.tail(10), 10)
	})
	t.Run("a filter shows only its lines, and scrolling goes by them", func(t *testing.T) {
		v := newLogView()
		v.add(numbered(0, 100))
		v.filter.text = "7"
		require.Len(t, v.tail(100), 19)
		require.Contains(t, last(v), "97")
		v.move(-1, 3)
		require.Contains(t, last(v), "87")
	})
	t.Run("an empty log can be held and scrolled", func(t *testing.T) {
		v := newLogView()
		v.toggle()
		v.move(-1, 10)
		v.filter.text = "x"
		require.Empty(t, v.tail(10))
	})
}
