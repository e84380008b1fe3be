package tui

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"mastodon-restore/workflow"
)

// span says how long something took or takes, for a column.
func span(d time.Duration) string {
	d = max(0, d.Round(time.Second))
	h, m, s := int(d.Hours()), int(d.Minutes())%60, int(d.Seconds())%60
	switch {
	case h > 0:
		return fmt.Sprintf("%dh %02dm", h, m)
	case m > 0:
		return fmt.Sprintf("%dm %02ds", m, s)
	}
	return fmt.Sprintf("%d s", s)
}

// spanWords says the same in a sentence.
func spanWords(d time.Duration) string {
	d = max(0, d.Round(time.Second))
	h, m, s := int(d.Hours()), int(d.Minutes())%60, int(d.Seconds())%60
	switch {
	case h > 0:
		return fmt.Sprintf("%d h %d min", h, m)
	case m > 0:
		return fmt.Sprintf("%d min %d s", m, s)
	}
	return fmt.Sprintf("%d s", s)
}

// count writes n with a comma between thousands.
func count(n int64) string {
	s := strconv.FormatInt(n, 10)
	digits := strings.TrimPrefix(s, "-")
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	if n < 0 {
		return "-" + digits
	}
	return digits
}

// size writes a number of bytes as people say it, in decimal units, with the unit apart.
func size(n int64) (number, unit string) {
	value, units := float64(n), []string{"B", "kB", "MB", "GB", "TB", "PB"}
	i := 0
	for ; value >= 999.5 && i < len(units)-1; i++ {
		value /= 1000
	}
	if i == 0 || value >= 99.95 {
		return strconv.FormatFloat(value, 'f', 0, 64), units[i]
	}
	return strconv.FormatFloat(value, 'f', 1, 64), units[i]
}

func sizeWords(n int64) string {
	number, unit := size(n)
	return number + " " + unit
}

// amount says how far something is: "71 of 103 tables", "1.2 of 1.9 GB"; without a total, only
// what is done.
func amount(p workflow.Progress) string {
	if p.Unit != "bytes" {
		if p.Total > 0 {
			return strings.TrimSpace(fmt.Sprintf("%s of %s %s", count(p.Done), count(p.Total), p.Unit))
		}
		return strings.TrimSpace(count(p.Done) + " " + p.Unit)
	}
	if p.Total <= 0 {
		return sizeWords(p.Done)
	}
	done, unit := size(p.Done)
	total, of := size(p.Total)
	if unit == of {
		return done + " of " + total + " " + of
	}
	return done + " " + unit + " of " + total + " " + of
}

// pace says how fast it goes and how long the rest will take; empty when nobody knows.
func pace(p workflow.Progress) string {
	if p.PerSecond <= 0 {
		return ""
	}
	rate := count(int64(p.PerSecond)) + "/s"
	if p.Unit == "bytes" {
		rate = sizeWords(int64(p.PerSecond)) + "/s"
	}
	if p.Total <= p.Done {
		return rate
	}
	rest := time.Duration(float64(p.Total-p.Done) / p.PerSecond * float64(time.Second))
	return rate + ", about " + roughly(rest) + " left"
}

// roughly rounds an estimate to what it is worth.
func roughly(d time.Duration) string {
	switch {
	case d < 10*time.Second:
		return "10 s"
	case d < 55*time.Second:
		return spanWords(d.Round(10 * time.Second))
	case d < 100*time.Minute:
		return fmt.Sprintf("%d min", int(d.Round(time.Minute).Minutes()))
	}
	return fmt.Sprintf("%d h", int(d.Round(time.Hour).Hours()))
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return count(int64(n)) + " " + many
}

// mark and word are how a severity looks; the word alone is enough.
func mark(s workflow.Severity) string {
	switch s {
	case workflow.SeverityBlocks:
		return "✗"
	case workflow.SeverityWarns:
		return "!"
	case workflow.SeverityOK:
		return "✓"
	}
	return "·"
}

func word(s workflow.Severity) string {
	switch s {
	case workflow.SeverityBlocks:
		return "blocks"
	case workflow.SeverityWarns:
		return "warns"
	case workflow.SeverityOK:
		return "ok"
	}
	return "note"
}
