package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func TestParseLine(t *testing.T) {
	for _, test := range []struct {
		line       string
		group, row string
		want       sample
		ok         bool
	}{
		{"BenchmarkA3/cep21+stats-2   98634   1440 ns/op   1500 cpu-ns/op   272 B/op   4 allocs/op", "A3", "cep21+stats", sample{1440, 272, 4, 1500}, true},
		{"BenchmarkB/hystrix-go-2  18768  6389 ns/op  1426 B/op  25 allocs/op", "B", "hystrix-go", sample{ns: 6389, bytes: 1426, allocs: 25}, true},
		{"BenchmarkB/hystrix-go  18768  6389 ns/op  1426 B/op  25 allocs/op", "B", "hystrix-go", sample{ns: 6389, bytes: 1426, allocs: 25}, true},
		{"BenchmarkA1/bare-16  100  0.5 ns/op", "A1", "bare", sample{ns: 0.5}, true},
		{"BenchmarkA1/bare-16  100  x ns/op", "", "", sample{}, false},
		{"BenchmarkAlone-2  100  5 ns/op", "", "", sample{}, false},
		{"ok  	github.com/quillgo/quill/bench	3.753s", "", "", sample{}, false},
		{"PASS", "", "", sample{}, false},
	} {
		group, row, got, ok := parseLine(test.line)
		if group != test.group && ok || row != test.row && ok || got != test.want && ok || ok != test.ok {
			t.Errorf("parseLine(%q) = %q, %q, %v, %v", test.line, group, row, got, ok)
		}
	}
}

func TestMiddle(t *testing.T) {
	all := []sample{{30, 3, 1, 300}, {10, 1, 1, 200}, {20, 2, 4, 100}}
	m, spread := middle(all, options{by: "time"}.judged)
	if (m != sample{20, 2, 1, 200}) || spread != 0.5 {
		t.Errorf("middle = %v, %v", m, spread)
	}
	if _, spread := middle(all[:2], options{by: "cpu"}.judged); spread != 0.2 {
		t.Errorf("the spread of the processor time is %v, want 0.2", spread)
	}
	if got := median([]float64{1, 2, 4, 8}); got != 3 {
		t.Errorf("the median of an even number is %v, want 3", got)
	}
	if got := median(nil); !math.IsNaN(got) {
		t.Errorf("the median of nothing is %v", got)
	}
}

// measured makes a table of group g in which the rows took these times.
func measured(g group, times map[string]float64) table {
	all := samples{}
	for row, ns := range times {
		all.add(g.name, row, sample{ns: ns})
	}
	return tableOf(options{by: "time"}, g, all[g.name])
}

func TestBestPeerIsNeitherQuillNorAReference(t *testing.T) {
	table := measured(group{name: "X"}, map[string]float64{
		"bare": 1, "bare+ctxTimeout": 2, "eapache": 3, "singleflight": 4, "quill": 5, "quill-pool": 6, "cep21": 20, "gobreaker": 40,
	})
	if table.best != "cep21" {
		t.Errorf("the best peer is %q, want cep21", table.best)
	}
	for _, r := range table.rows {
		if r.ratio != r.m.ns/20 {
			t.Errorf("the ratio of %s is %v", r.name, r.ratio)
		}
	}
}

func TestRatiosOfProcessorTime(t *testing.T) {
	all := samples{}
	all.add("X", "quill", sample{ns: 10, cpu: 30})
	all.add("X", "cep21", sample{ns: 20, cpu: 100})
	all.add("X", "gobreaker", sample{ns: 15, cpu: 120})
	g := group{name: "X", bars: []bar{{most: 0.3}}}
	if v := tableOf(options{by: "cpu"}, g, all["X"]).verdicts(1); v[0].ratio != 0.3 || v[0].against != "cep21" {
		t.Errorf("by processor time: %v", v)
	}
	if v := tableOf(options{by: "time"}, g, all["X"]).verdicts(1); v[0].ratio != 10.0/15 || v[0].against != "gobreaker" {
		t.Errorf("by time: %v", v)
	}
}

func TestVerdicts(t *testing.T) {
	times := map[string]float64{"quill": 50, "quill-pool": 1000, "gobreaker": 80, "cep21": 100, "failsafe": 400}
	for _, test := range []struct {
		name   string
		bar    bar
		want   string
		missed bool
	}{
		{"kept", bar{most: 0.7}, "0.62 of gobreaker, bar 0.7: ok", false},
		{"within the slack", bar{most: 0.5}, "0.62 of gobreaker, bar 0.5: beyond, within the slack", false},
		{"missed", bar{most: 0.4}, "0.62 of gobreaker, bar 0.4: **MISSED**", true},
		{"by the fastest of those named", bar{most: 0.5, of: []string{"failsafe", "cep21"}}, "0.50 of cep21, bar 0.5: ok", false},
		{"without those named", bar{most: 0.5, of: []string{"hystrix-go"}}, "NaN of , bar 0.5: **MISSED**", true},
	} {
		t.Run(test.name, func(t *testing.T) {
			made := measured(group{name: "X", bars: []bar{test.bar}}, times)
			got := made.verdicts(1.25)
			if len(got) != 1 || got[0].String() != test.want || got[0].missed() != test.missed {
				t.Errorf("the verdicts are %v, want %s", got, test.want)
			}
			err := report{options: options{slack: 1.25}, tables: []table{made}}.missed()
			if (err != nil) != test.missed {
				t.Errorf("the run ends with %v", err)
			}
		})
	}
}

func TestMissingRowOfQuillIsAMiss(t *testing.T) {
	table := measured(group{name: "X", bars: []bar{{most: 1}}}, map[string]float64{"cep21": 1})
	if v := table.verdicts(1.25); !v[0].missed() {
		t.Errorf("a run without quill gave %v", v)
	}
}

func TestFigure(t *testing.T) {
	for v, want := range map[float64]string{3.14: "3.1", 71.6: "72", 999.4: "999", 1000: "1,000", 21810: "21,810", 1234567: "1,234,567", 2000000: "2,000,000"} {
		if got := figure(v); got != want {
			t.Errorf("figure(%v) = %q, want %q", v, got, want)
		}
	}
}

func TestWriteBlock(t *testing.T) {
	file := filepath.Join(t.TempDir(), "table.md")
	read := func() string {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	write := func(text string) {
		t.Helper()
		if err := writeBlock(file, text); err != nil {
			t.Fatal(err)
		}
	}
	write("first\n")
	if want := beginMarker + "\n\nfirst\n\n" + endMarker + "\n"; read() != want {
		t.Errorf("a new file is %q, want %q", read(), want)
	}
	if err := os.WriteFile(file, []byte("before\n"+read()+"after\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	write("second")
	if want := "before\n" + beginMarker + "\n\nsecond\n\n" + endMarker + "\nafter\n"; read() != want {
		t.Errorf("the file is %q, want %q", read(), want)
	}
	if err := os.WriteFile(file, []byte("no markers"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := writeBlock(file, "third"); err == nil || read() != "no markers" {
		t.Errorf("a file without markers gave %v and is %q", err, read())
	}
}

func TestEveryBenchmarkIsAGroup(t *testing.T) {
	files, err := filepath.Glob("../*_bench_test.go")
	if err != nil {
		t.Fatal(err)
	}
	var found, want []string
	for _, file := range files {
		tree, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range tree.Decls {
			if f, ok := d.(*ast.FuncDecl); ok {
				if name, ok := strings.CutPrefix(f.Name.Name, "Benchmark"); ok {
					found = append(found, name)
				}
			}
		}
	}
	for _, g := range groups() {
		want = append(want, g.name)
		if (g.bars == nil) == (g.aim == "") {
			t.Errorf("group %s must have either bars or an aim", g.name)
		}
	}
	slices.Sort(found)
	slices.Sort(want)
	if !slices.Equal(found, want) {
		t.Errorf("the benchmarks are %v, the groups %v", found, want)
	}
}

func TestFlags(t *testing.T) {
	o, err := parseFlags([]string{"-groups", "A3|B"})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, g := range chosen(groups(), o.groups) {
		names = append(names, g.name)
	}
	if !slices.Equal(names, []string{"A3", "B"}) {
		t.Errorf("-groups 'A3|B' chose %v", names)
	}
	if o, err := parseFlags(nil); err != nil || len(chosen(groups(), o.groups)) != len(groups()) || !o.groups.MatchString("H") {
		t.Errorf("no flags: %v, %v", o.groups, err)
	}
	for _, args := range [][]string{{"-passes", "0"}, {"-slack", "0.5"}, {"-groups", "("}, {"-by", "luck"}, {"more"}} {
		if _, err := parseFlags(args); err == nil {
			t.Errorf("%v was accepted", args)
		}
	}
}

// A hold of H1 is n more goroutines, not counting what the library keeps once.
func TestFootprint(t *testing.T) {
	f := footprintOf(holder{"x", func(n int) any {
		all := make([][]byte, n)
		for i := range all {
			all[i] = make([]byte, 4096)
		}
		return all
	}})
	if f.Heap < 4096 || f.Heap > 4300 || math.Abs(f.Goroutines) > 0.01 {
		t.Errorf("the footprint of 4096 bytes is %+v", f)
	}
}

func TestReportNamesEverything(t *testing.T) {
	g := group{name: "X", title: "title", bars: []bar{{most: 0.5}}}
	text := report{
		options: options{passes: 3, procs: 2, slack: 1.25, by: "time"},
		tables:  []table{measured(g, map[string]float64{"bare": 1, "quill": 10, "cep21": 100})},
		memory:  []memoryTable{{holders{"H9", "memory", []holder{{name: "quill"}}}, map[string]footprint{"quill": {1, 649, 2048}}}},
	}.markdown()
	for _, want := range []string{"### X: title", `\| \*bare\* \|`, `\| \*\*quill\*\* \| 10 \|`, "quill: 0.10 of cep21, bar 0.5: ok", `\| \*\*quill\*\* \| 1 \| 649 \| 2,048 \|`, "go1"} {
		if !regexp.MustCompile(want).MatchString(text) {
			t.Errorf("there is no %q in\n%s", want, text)
		}
	}
}

// TestVerdicts_Allocations: such a bar has no slack, and does not look at time.
func TestVerdicts_Allocations(t *testing.T) {
	all := samples{}
	all.add("X", "quill", sample{ns: 100, allocs: 3})
	all.add("X", "hystrix-go", sample{ns: 1, allocs: 10})
	for most, want := range map[float64]string{
		0.3:  "0.30 of hystrix-go's allocations, bar 0.3: ok",
		0.29: "0.30 of hystrix-go's allocations, bar 0.29: **MISSED**",
	} {
		g := group{name: "X", bars: []bar{{most: most, allocs: true}}}
		v := tableOf(options{by: "time"}, g, all["X"]).verdicts(1.25)[0]
		if v.String() != want || v.missed() != (most < 0.3) {
			t.Errorf("the verdict is %v, want %s", v, want)
		}
	}
}
