package restore

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"mastodon-restore/internal/postgres"
	"mastodon-restore/workflow"
)

// meter turns pg_restore's items into bars with totals from the dump's own contents.
type meter struct {
	task *workflow.Task
	bars []*bar
}

type bar struct {
	id, label, unit string
	kinds           []string
	done, total     int64
}

func newMeter(t *workflow.Task, kinds map[string]int) *meter {
	m := &meter{task: t, bars: []*bar{
		{id: "tables", label: "tables", unit: "tables", kinds: []string{"TABLE DATA"}},
		{id: "indexes", label: "indexes", unit: "indexes", kinds: []string{"INDEX"}},
		{id: "constraints", label: "constraints", unit: "constraints", kinds: []string{"CONSTRAINT", "FK CONSTRAINT"}},
	}}
	for _, b := range m.bars {
		for _, kind := range b.kinds {
			b.total += int64(kinds[kind])
		}
	}
	return m
}

func (m *meter) item(i postgres.Item) {
	for _, b := range m.bars {
		if !slices.Contains(b.kinds, i.Kind) {
			continue
		}
		if i.Done {
			b.done++
		}
		m.task.Progress(workflow.Progress{ID: b.id, Label: b.label, Unit: b.unit, Done: b.done, Total: b.total, Now: i.Name})
	}
}

// firstError keeps the first error of a tool's output, word for word; later ones follow from it.
type firstError struct {
	lines []string
	text  string
	more  int // lines of detail still to take
}

func (e *firstError) look(line string) {
	e.lines = append(e.lines, line)
	if len(e.lines) > 15 {
		e.lines = e.lines[1:]
	}
	switch {
	case e.text == "" && isError(line):
		e.text, e.more = line, 2
	case e.more > 0 && (strings.HasPrefix(line, "DETAIL:") || strings.HasPrefix(line, "HINT:")):
		e.text, e.more = e.text+" "+line, e.more-1
	}
}

// log takes note of a line and shows it, without what every line begins with.
func (e *firstError) log(t *workflow.Task, line string) {
	e.look(line)
	level := workflow.Severity("")
	if isError(line) {
		level = workflow.SeverityBlocks
	}
	text := strings.TrimPrefix(line, "pg_restore: ")
	if level == "" && begins.MatchString(text) {
		return // its end is a line too
	}
	t.LogAt(level, "%s", ended.ReplaceAllString(text, ""))
}

// With several jobs pg_restore says of each object that it begins, more than once, and that it
// has ended; only the end is shown, without the number in the dump's contents.
var (
	begins = regexp.MustCompile(`^(launching item|skipping item|creating (INDEX|CONSTRAINT|FK CONSTRAINT|TRIGGER) |processing (data|item))`)
	ended  = regexp.MustCompile(`^finished item \d+ `)
)

func isError(line string) bool {
	return strings.Contains(line, "error:") || strings.HasPrefix(line, "ERROR:") || strings.HasPrefix(line, "FATAL:")
}

var duplicate = regexp.MustCompile(`could not create unique index "([^"]+)"`)

// explain puts the first error and what it means on the card.
func (e *firstError) explain(f *workflow.Failure) *workflow.Failure {
	f.Evidence = append(f.Evidence, e.lines...)
	if e.text != "" {
		f.First = e.text
	}
	switch m := duplicate.FindStringSubmatch(e.text); {
	case m != nil:
		f.Meaning = fmt.Sprintf("The backed-up database already held duplicates, because an index was corrupt when the backup was taken: %s can't be built. Mastodon's documentation calls this index corruption; tootctl maintenance fix-duplicates mends it on a running database. An older set may be free of it.", m[1])
	case strings.Contains(e.text, "No space left on device"):
		f.Meaning = "PostgreSQL's disk is full. Make room, then try again: the half-made database is dropped first."
	case strings.Contains(e.text, "permission denied"):
		f.Meaning = "The role may not do this. ALTER ROLE gives it the right, or the superuser restores it."
	}
	return f
}
