package config_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/quillgo/quill/command"
	"github.com/quillgo/quill/config"
	"github.com/quillgo/quill/isolation"
	"github.com/quillgo/quill/metrics"
)

// table returns the rows of the tables with three columns in a section of
// docs/hystrix.md.
func table(t *testing.T, section string) (rows [][]string) {
	t.Helper()
	page, err := os.ReadFile(filepath.Join("..", "docs", "hystrix.md"))
	require.NoError(t, err)
	_, text, ok := strings.Cut(string(page), "\n## "+section+"\n")
	require.True(t, ok, "there is no section %q", section)
	text, _, _ = strings.Cut(text, "\n## ")
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if !strings.HasPrefix(line, "| `") {
			continue
		}
		cells := strings.Split(strings.TrimSuffix(strings.TrimPrefix(line, "|"), "|"), "|")
		require.Len(t, cells, 3, line)
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		rows = append(rows, cells)
	}
	return rows
}

// settingsFields are the names that the table of properties may have.
func settingsFields() map[string]bool {
	names := map[string]bool{}
	for _, typ := range []reflect.Type{
		reflect.TypeFor[command.Settings](), reflect.TypeFor[isolation.PoolConfig](), reflect.TypeFor[command.CollapserSettings](),
	} {
		for _, f := range reflect.VisibleFields(typ) {
			names[typ.Name()+"."+f.Name] = false
		}
	}
	return names
}

// TestDocs_Properties: the table has exactly the properties that Properties
// knows, in its order, each with the field that it goes into, which exists, or
// with the reason why there is none; and all fields are in it.
func TestDocs_Properties(t *testing.T) {
	rows, known, fields := table(t, "Properties"), config.KnownProperties(), settingsFields()
	require.Greater(t, len(known), 40, "this test no longer finds the properties")
	require.Len(t, rows, len(known))
	for _, a := range known { // else a key could be read in two ways
		for _, b := range known {
			kind, name, ok := strings.Cut(b.Name, "KEY.")
			rest, same := strings.CutPrefix(a.Name, kind+"KEY.")
			require.False(t, ok && same && strings.HasSuffix(rest, "."+name), "%s ends with %s", a.Name, name)
		}
	}
	for i, k := range known {
		require.Equal(t, "`"+k.Name+"`", rows[i][0])
		if k.Field == "" {
			require.NotEmpty(t, k.Why, k.Name)
			require.Equal(t, []string{"not there", "because " + k.Why}, rows[i][1:], k.Name)
			continue
		}
		require.Equal(t, "`"+k.Field+"`", rows[i][1], k.Name)
		_, ok := fields[k.Field]
		require.True(t, ok, "%s: there is no field %s", k.Name, k.Field)
		fields[k.Field] = true
	}
	for field, named := range fields {
		require.True(t, named, "no property goes into %s", field)
	}
}

// TestDocs_PropertiesWork: each property of the table that has a field sets it,
// and the others are told as unused.
func TestDocs_PropertiesWork(t *testing.T) {
	values := map[string]string{ // those that a number does not fit
		"execution.isolation.strategy": "SEMAPHORE", "metrics.rollingStats.timeInMilliseconds": "20000",
		"metrics.rollingPercentile.timeInMilliseconds": "20000",
	}
	beside := map[string]string{
		"maximumSize": "allowMaximumSizeToDivergeFromCoreSize=true", "allowMaximumSizeToDivergeFromCoreSize": "maximumSize=20",
		"queueSizeRejectionThreshold": "maxQueueSize=20",
	}
	for _, k := range config.KnownProperties() {
		name := strings.Replace(strings.Replace(k.Name, "KEY", "X", 1), "*", "HystrixEventNotifier", 1)
		base, short, _ := strings.Cut(name, ".X.")
		value, ok := values[short]
		switch {
		case ok:
		case regexp.MustCompile(`(?i)(enabled|force\w+|interrupt\w+|allow\w+)$`).MatchString(short):
			value = "false"
			if strings.HasPrefix(short, "circuitBreaker.force") || strings.HasPrefix(short, "allow") {
				value = "true"
			}
		default:
			value = "20"
		}
		properties := map[string]string{name: value}
		if b, ok := beside[short]; ok {
			other, v, _ := strings.Cut(b, "=")
			properties[base+".X."+other] = v
		}
		c, unused, err := config.Properties(properties)
		require.NoError(t, err, name)
		if k.Field == "" {
			require.Len(t, unused, 1, name)
			require.Equal(t, config.Unused{Name: name, Value: value, Reason: k.Why}, unused[0])
			continue
		}
		require.Empty(t, unused, name)
		_, field, _ := strings.Cut(k.Field, ".")
		for _, v := range []any{c.Commands["X"], c.Pools["X"], c.Collapsers["X"]} {
			if v := reflect.ValueOf(v); v.Type().Name()+"."+field == k.Field {
				require.False(t, v.FieldByName(field).IsZero(), "%s does not set %s", name, k.Field)
			}
		}
	}
}

// constants returns the exported constants of package metrics.
func constants(t *testing.T) map[string]bool {
	t.Helper()
	names := map[string]bool{}
	files, err := filepath.Glob(filepath.Join("..", "metrics", "*.go"))
	require.NoError(t, err)
	for _, file := range files {
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		for _, d := range f.Decls {
			g, ok := d.(*ast.GenDecl)
			if !ok || g.Tok != token.CONST {
				continue
			}
			for _, s := range g.Specs {
				for _, n := range s.(*ast.ValueSpec).Names {
					names[n.Name] = true
				}
			}
		}
	}
	return names
}

// TestDocs_Events: the tables have exactly the events of package metrics, in
// their order, each with its constant.
func TestDocs_Events(t *testing.T) {
	var want []string
	for e := range metrics.NumEvents {
		want = append(want, metrics.Event(e).String())
	}
	want = append(want, "COMMAND_MAX_ACTIVE")
	for e := range metrics.NumBatchEvents {
		want = append(want, metrics.BatchEvent(e).String())
	}
	declared := constants(t)
	require.Greater(t, len(declared), 20, "this test no longer finds the constants")
	var got []string
	for _, row := range table(t, "Events") {
		event := strings.Trim(row[0], "`")
		got = append(got, event)
		if event == "COMMAND_MAX_ACTIVE" {
			require.Equal(t, "not there", row[1])
			continue
		}
		constant, ok := strings.CutPrefix(strings.Trim(row[1], "`"), "metrics.")
		require.True(t, ok && declared[constant], "metrics has no %s", row[1])
		// EMIT is Emit, RESPONSE_FROM_CACHE of a collapser is BatchFromCache.
		var camel strings.Builder
		for part := range strings.SplitSeq(event, "_") {
			fmt.Fprint(&camel, part[:1], strings.ToLower(part[1:]))
		}
		if len(got) <= metrics.NumEvents || event != "RESPONSE_FROM_CACHE" {
			require.Equal(t, camel.String(), constant)
		}
	}
	require.Equal(t, want, got)
}
