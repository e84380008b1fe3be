package backupset

import (
	"encoding/json"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The page on inspect is true: it has every field of the JSON and every finding, and no other.
func TestTheDocumentationIsTrue(t *testing.T) {
	page, err := os.ReadFile("../../docs/inspect.md")
	require.NoError(t, err)
	before, findings, found := strings.Cut(string(page), "\n## Findings\n")
	require.True(t, found)
	_, schema, found := strings.Cut(before, "\n## As JSON\n")
	require.True(t, found)

	var documented []string
	for _, row := range regexp.MustCompile(`(?m)^\| ([^|]+) \|`).FindAllStringSubmatch(schema, -1) {
		for _, field := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(row[1], -1) {
			documented = append(documented, field[1])
		}
	}
	require.ElementsMatch(t, fields(reflect.TypeFor[Report](), ""), documented)

	rows := regexp.MustCompile("(?m)^\\| `([^`]+)` \\| (\\w+) \\| (.*) \\| (.*) \\|$").FindAllStringSubmatch(findings, -1)
	require.Len(t, rows, len(kinds))
	for _, row := range rows {
		require.Equal(t, kinds[row[1]], kind{Severity(row[2]), row[3], row[4]}, row[1])
	}
}

// fields are the leaves of a type's JSON, as the page writes them.
func fields(of reflect.Type, path string) (all []string) {
	for i := range of.NumField() {
		f := of.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		inner := f.Type
		if inner.Kind() == reflect.Pointer {
			inner = inner.Elem()
		}
		name = path + name
		if inner.Kind() == reflect.Slice && inner.Elem().Kind() == reflect.Struct {
			inner, name = inner.Elem(), name+"[]"
		}
		if inner.Kind() == reflect.Struct && inner.PkgPath() != "time" {
			all = append(all, fields(inner, name+".")...)
		} else {
			all = append(all, name)
		}
	}
	return all
}

// What a real report prints are the fields that the types have.
func TestAReportPrintsWhatIsDocumented(t *testing.T) {
	text, err := json.Marshal(read(t, realSet(t).write(t), Options{}))
	require.NoError(t, err)
	var printed map[string]any
	require.NoError(t, json.Unmarshal(text, &printed))
	known := fields(reflect.TypeFor[Report](), "")
	for name := range printed {
		require.True(t, slices.ContainsFunc(known, func(f string) bool {
			return f == name || strings.HasPrefix(f, name+".") || strings.HasPrefix(f, name+"[]")
		}), name)
	}
	var back Report
	require.NoError(t, json.Unmarshal(text, &back))
	again, err := json.Marshal(back)
	require.NoError(t, err)
	require.JSONEq(t, string(text), string(again))
}
