package plain

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"mastodon-restore/workflow"
)

func TestLength(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "less than a second", 400 * time.Millisecond: "less than a second", -time.Second: "less than a second",
		time.Second: "1 s", 59*time.Second + 600*time.Millisecond: "1 min 0 s", 82 * time.Second: "1 min 22 s",
		time.Hour: "1 h 0 min", 50*time.Hour + 5*time.Minute: "50 h 5 min",
	} {
		require.Equal(t, want, length(d), "%s", d)
	}
}

func TestSize(t *testing.T) {
	for n, want := range map[int64]string{
		0: "0 bytes", 999: "999 bytes", 1000: "1.0 kB", 9_940: "9.9 kB", 9_990: "10 kB", 204_000_000: "204 MB",
		999_400: "999 kB", 999_600: "1.0 MB", 2_000_000_000: "2.0 GB", math.MaxInt64: "9.2 EB",
	} {
		require.Equal(t, want, size(n), "%d", n)
	}
}

func TestCount(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1,000", 96_310: "96,310", 1_234_567: "1,234,567", -100: "-100", -1000: "-1,000"} {
		require.Equal(t, want, count(n))
	}
}

func TestABarIsNeverDoneBeforeItsEndNorMoreThanDone(t *testing.T) {
	for _, test := range []struct{ done, total, want int64 }{
		{0, 10, 0}, {999_999, 1_000_000, 99}, {10, 10, 100}, {12, 10, 100}, {0, 0, 100},
		{math.MaxInt64 - 1<<40, math.MaxInt64, 99}, {math.MaxInt64 / 2, math.MaxInt64, 50},
	} {
		require.Equal(t, test.want, percent(workflow.Progress{Done: test.done, Total: test.total}), "%d of %d", test.done, test.total)
	}
}

func TestAmount(t *testing.T) {
	for want, p := range map[string]workflow.Progress{
		"204 MB of 2.0 GB": {Done: 204_000_000, Total: 2_000_000_000, Unit: "bytes"},
		"204 MB":           {Done: 204_000_000, Unit: "bytes"},
		"71 of 103 tables": {Done: 71, Total: 103, Unit: "tables"},
		"96,310 files":     {Done: 96_310, Unit: "files"},
		"7 of 9":           {Done: 7, Total: 9},
	} {
		require.Equal(t, want, amount(p))
	}
}

func TestSentence(t *testing.T) {
	for s, want := range map[string]string{"": "", "done": "done.", "done.": "done.", " why? ": "why?", "so:": "so:"} {
		require.Equal(t, want, sentence(s))
	}
}
