package plain

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"mastodon-restore/workflow"
)

// schema is docs/json.md as a program sees it: sections, each with fields as "type" or "type
// always".
type schema map[string]map[string]string

var (
	heading = regexp.MustCompile("^##? `?([a-zA-Z -]+?)`?$")
	row     = regexp.MustCompile("^\\| `([a-z_]+)` \\| ([a-z ]+?) \\| (always)? ?\\| .+ \\|$")
)

func readSchema(t *testing.T) (s schema, text string) {
	t.Helper()
	doc, err := os.ReadFile("../../docs/json.md")
	require.NoError(t, err)
	s = schema{}
	section := ""
	for line := range strings.Lines(string(doc)) {
		line = strings.TrimRight(line, "\n")
		if m := heading.FindStringSubmatch(line); m != nil {
			section = m[1]
			require.NotContains(t, s, section)
			s[section] = map[string]string{}
		}
		if m := row.FindStringSubmatch(line); m != nil {
			s[section][m[1]] = strings.TrimSpace(m[2] + " " + m[3])
		} else if strings.HasPrefix(line, "| `") {
			require.Fail(t, "a row that is not understood", line)
		}
	}
	return s, string(doc)
}

// documented are the lines and objects, by their section.
func documented() map[string]any {
	return map[string]any{
		"Every line": head{}, "run": runLine{}, "target": targetLine{}, "step": stepLine{}, "progress": progressLine{},
		"log": logLine{}, "note": noteLine{}, "check": checkLine{}, "question": questionLine{}, "answer": answerLine{},
		"forecast": forecastLine{}, "closed": head{}, "opened": head{}, "failure": failureLine{}, "report": reportLine{}, "exit": exitLine{},
		"step reference": stepRef{}, "option": workflow.Option{}, "field": workflow.Field{},
		"forecast step": workflow.ForecastStep{}, "action": workflow.Action{}, "report row": workflow.ReportRow{},
	}
}

// fieldsOf lists a struct's JSON fields as readSchema does.
func fieldsOf(t *testing.T, typ reflect.Type) map[string]string {
	t.Helper()
	fields := map[string]string{}
	for f := range typ.Fields() {
		if f.Anonymous {
			inner := f.Type
			if inner.Kind() == reflect.Pointer {
				inner = inner.Elem()
			}
			for name, kind := range fieldsOf(t, inner) {
				require.NotContains(t, fields, name, "%s has two fields of this name", typ)
				fields[name] = kind
			}
			continue
		}
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "-" || !f.IsExported() {
			continue
		}
		require.NotEmpty(t, name, "%s.%s has no JSON name", typ, f.Name)
		fields[name] = kindOf(t, f.Type)
		if !strings.Contains(options, "omitempty") {
			fields[name] += " always"
		}
	}
	return fields
}

func kindOf(t *testing.T, typ reflect.Type) string {
	t.Helper()
	if typ == reflect.TypeFor[time.Time]() {
		return "time"
	}
	switch typ.Kind() {
	case reflect.String:
		return "string"
	case reflect.Bool:
		return "boolean"
	case reflect.Int, reflect.Int64, reflect.Float64:
		return "number"
	case reflect.Slice:
		return "list of " + kindOf(t, typ.Elem())
	case reflect.Pointer:
		return kindOf(t, typ.Elem())
	}
	names := map[reflect.Type]string{
		reflect.TypeFor[workflow.Check](): "check", reflect.TypeFor[workflow.Forecast](): "forecast", reflect.TypeFor[workflow.Failure](): "failure",
	}
	for section, object := range documented() {
		names[reflect.TypeOf(object)] = section
	}
	require.Contains(t, names, typ, "an object that is in no section")
	return names[typ]
}

func TestTheDocumentedFieldsAreTheOnesWritten(t *testing.T) {
	s, _ := readSchema(t)
	delete(s, "JSON lines")
	delete(s, "Objects")
	every := s["Every line"]
	for section, object := range documented() {
		t.Run(section, func(t *testing.T) {
			want, typ := fieldsOf(t, reflect.TypeOf(object)), reflect.TypeOf(object)
			_, isLine := typ.FieldByName("head")
			if isLine || section == "closed" || section == "opened" {
				for name := range every {
					delete(want, name)
				}
			}
			require.Contains(t, s, section)
			require.Equal(t, want, s[section])
		})
		delete(s, section)
	}
	require.Empty(t, s, "sections about nothing")
}

// constants are the values of the constants of one type in one file of workflow.
func constants(t *testing.T, file, typ string) []string {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), "../../workflow/"+file, nil, 0)
	require.NoError(t, err)
	var values []string
	ast.Inspect(parsed, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if id, ok := spec.Type.(*ast.Ident); !ok || id.Name != typ {
			return true
		}
		value, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
		require.NoError(t, err)
		values = append(values, value)
		return true
	})
	require.NotEmpty(t, values)
	return values
}

func TestEveryEventIsDocumentedOrStaysInside(t *testing.T) {
	s, _ := readSchema(t)
	for _, typ := range constants(t, "event.go", "EventType") {
		e := workflow.Event{
			Type: workflow.EventType(typ), Header: &workflow.Header{}, Target: &workflow.Target{}, Check: &workflow.Check{},
		}
		_, documented := s[typ]
		if e.Type == workflow.EventProgress {
			require.True(t, documented)
			continue // sampled from the snapshot, not written as it comes
		}
		require.Equal(t, documented, lineOf(e, workflow.Snapshot{}, false) != nil, typ)
	}
}

func TestEveryWordIsDocumented(t *testing.T) {
	_, text := readSchema(t)
	words := slices.Concat(
		constants(t, "event.go", "Status"), constants(t, "operator.go", "Kind"),
		constants(t, "operator.go", "Severity"), constants(t, "failure.go", "Then"),
	)
	for _, w := range words {
		require.Contains(t, text, "`"+w+"`")
	}
	for code := range 256 {
		exit := workflow.Exit(code)
		if named := !strings.HasPrefix(exit.String(), "exit-"); named {
			require.Contains(t, text, "| "+strconv.Itoa(code)+" | `"+exit.String()+"` |")
		}
	}
}

func TestWhatIsWrittenIsAsDocumented(t *testing.T) {
	s, _ := readSchema(t)
	for _, name := range []string{"good.json", "failed.json", "interrupted.json", "resumed.json"} {
		out, err := os.ReadFile("testdata/" + name)
		require.NoError(t, err)
		for i, o := range objects(t, string(out)) {
			typ := o["type"].(string)
			require.Contains(t, s, typ)
			for field := range o {
				_, common := s["Every line"][field]
				_, own := s[typ][field]
				require.True(t, common || own, "%s line %d: %q of %q", name, i+1, field, typ)
			}
			for field, kind := range s[typ] {
				if closed := typ == "question" && o["open"] == false; strings.HasSuffix(kind, " always") && !closed {
					require.Contains(t, o, field, "%s line %d", name, i+1)
				}
			}
		}
	}
}
