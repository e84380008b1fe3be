package plain

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"mastodon-restore/workflow"
)

// length says a duration the way a person would: two units, no more.
func length(d time.Duration) string {
	d = d.Round(time.Second)
	h, m, s := int(d.Hours()), int(d.Minutes())%60, int(d.Seconds())%60
	switch {
	case h > 0:
		return fmt.Sprintf("%d h %d min", h, m)
	case m > 0:
		return fmt.Sprintf("%d min %d s", m, s)
	case s > 0:
		return fmt.Sprintf("%d s", s)
	}
	return "less than a second"
}

// size says a number of bytes in decimal units, as disks are sold and cloud volumes are not.
func size(n int64) string {
	if n < 1000 {
		return fmt.Sprintf("%d bytes", n)
	}
	f, unit := float64(n), ""
	for _, unit = range []string{"kB", "MB", "GB", "TB", "PB", "EB"} {
		f /= 1000
		if f < 999.5 {
			break
		}
	}
	if f < 9.95 {
		return fmt.Sprintf("%.1f %s", f, unit)
	}
	return fmt.Sprintf("%.0f %s", f, unit)
}

// count puts commas between thousands.
func count(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// amount says how far a bar is: "204 MB of 2.0 GB", "71 of 103 tables", "96,310 files".
func amount(p workflow.Progress) string {
	switch {
	case p.Unit == "bytes" && p.Total > 0:
		return size(p.Done) + " of " + size(p.Total)
	case p.Unit == "bytes":
		return size(p.Done)
	case p.Total > 0:
		return strings.TrimSpace(count(p.Done) + " of " + count(p.Total) + " " + p.Unit)
	}
	return strings.TrimSpace(count(p.Done) + " " + p.Unit)
}

// sentence ends s as a sentence ends.
func sentence(s string) string {
	s = strings.TrimSpace(s)
	if s == "" || strings.ContainsAny(s[len(s)-1:], ".!?:") {
		return s
	}
	return s + "."
}

// pad fills s with spaces to a width in characters.
func pad(s string, width int) string {
	return s + strings.Repeat(" ", max(0, width-utf8.RuneCountInString(s)))
}

// lines cleans text that may have come from elsewhere and returns its lines.
func lines(s string) []string {
	var clean []string
	for l := range strings.SplitSeq(strings.TrimRight(s, "\n"), "\n") {
		clean = append(clean, workflow.CleanLine(l))
	}
	return clean
}

// oneLine cleans text and joins its lines.
func oneLine(s string) string { return strings.TrimSpace(strings.Join(lines(s), " ")) }
