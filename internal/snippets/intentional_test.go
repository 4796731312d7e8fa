//go:build !race

package snippets

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// rules is how many rules the page has to state of those that code and tests
// cite by number.
const rules = 15

// difference is one entry of docs/intentional.md.
type difference struct {
	line  int
	rule  int // 0 for one without a number
	text  string
	tests []testName
}

// testName is a test as the page names it: `package: Test`.
type testName struct{ dir, name string }

func (d *difference) String() string {
	title, _, _ := strings.Cut(d.text, ".**")
	return fmt.Sprintf("intentional.md:%d (%s)", d.line, strings.TrimLeft(title, "-*0123456789. "))
}

var (
	entryStart = regexp.MustCompile(`^(?:(\d+)\.|-) `)
	testIn     = regexp.MustCompile("`([a-z/]+): (Test\\w+)(?:/[^`]*)?`")
	testLike   = regexp.MustCompile(`\bTest[A-Z]\w*`)
	ruleIn     = regexp.MustCompile(`\bC(\d+)\b`)
)

// read returns the text of a file of the module.
func read(t *testing.T, path ...string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(append([]string{"..", ".."}, path...)...))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// differences parses the page: an entry is an item of a list, which ends with
// the next one or at an empty line.
func differences(page string) (all []*difference) {
	var open *difference
	for n, line := range strings.Split(page, "\n") {
		start := entryStart.FindStringSubmatch(line)
		switch {
		case start != nil:
			rule, _ := strconv.Atoi(start[1])
			open = &difference{line: n + 1, rule: rule, text: line}
			all = append(all, open)
		case strings.TrimSpace(line) == "":
			open = nil
		case open != nil:
			open.text += " " + strings.TrimSpace(line)
		}
	}
	for _, d := range all {
		d.tests = testsNamed(d.text)
	}
	return all
}

func testsNamed(text string) (names []testName) {
	for _, m := range testIn.FindAllStringSubmatch(text, -1) {
		names = append(names, testName{m[1], m[2]})
	}
	return names
}

// declarations parses the Go files of a package of the module, those that keep
// keeps.
func declarations(t *testing.T, dir string, keep func(file string) bool) (all []ast.Decl) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("..", "..", filepath.FromSlash(dir), "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if !keep(file) {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, f.Decls...)
	}
	return all
}

func isTest(file string) bool { return strings.HasSuffix(file, "_test.go") }

// testsOf returns the names of a package's tests.
func testsOf(t *testing.T, dir string) map[string]bool {
	t.Helper()
	names := map[string]bool{}
	for _, d := range declarations(t, dir, isTest) {
		if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && strings.HasPrefix(f.Name.Name, "Test") {
			names[f.Name.Name] = true
		}
	}
	return names
}

// TestIntentional_Tests: each entry names tests, and all that the page names
// exist.
func TestIntentional_Tests(t *testing.T) {
	page := read(t, "docs", "intentional.md")
	all := differences(page)
	if len(all) < 50 {
		t.Errorf("only %d entries were found: this test no longer reads the page", len(all))
	}
	for _, d := range all {
		if len(d.tests) == 0 {
			t.Errorf("%v: no test is named, want `package: Test`", d)
		}
	}
	names := testsNamed(page)
	if like := testLike.FindAllString(page, -1); len(like) != len(names) {
		t.Errorf("the page names %d tests, but only %d as `package: Test`, on one line", len(like), len(names))
	}
	known := map[string]map[string]bool{}
	for _, name := range names {
		if known[name.dir] == nil {
			known[name.dir] = testsOf(t, name.dir)
		}
		if !known[name.dir][name.name] {
			t.Errorf("intentional.md: package %s has no %s", name.dir, name.name)
		}
	}
}

// TestIntentional_Rules: each rule has its entry, those that the player of
// Hystrix's recordings goes by too, and what is cited of the streams' contract
// is in it.
func TestIntentional_Rules(t *testing.T) {
	have := map[int]int{}
	contract := read(t, "observable", "doc.go")
	for _, d := range differences(read(t, "docs", "intentional.md")) {
		have[d.rule]++
		for _, m := range ruleIn.FindAllStringSubmatch(d.text, -1) {
			if !strings.Contains(contract, fmt.Sprintf("- C%s: ", m[1])) {
				t.Errorf("%v: package observable has no rule C%s", d, m[1])
			}
		}
	}
	for rule := range have {
		if rule > rules {
			t.Errorf("the page has a rule %d, this test knows %d", rule, rules)
		}
	}
	for rule := 1; rule <= rules; rule++ {
		if have[rule] != 1 {
			t.Errorf("rule %d has %d entries, want 1", rule, have[rule])
		}
	}
	var deviations []struct {
		Rule int    `json:"rule"`
		Name string `json:"name"`
	}
	if err := json.Unmarshal([]byte(read(t, "command", "testdata", "deviations.json")), &deviations); err != nil {
		t.Fatal(err)
	}
	if len(deviations) == 0 {
		t.Error("deviations.json is empty: this test no longer reads it")
	}
	for _, d := range deviations {
		if d.Rule == 0 || have[d.Rule] == 0 {
			t.Errorf("deviations.json: %q is by rule %d, which the page does not have", d.Name, d.Rule)
		}
	}
}

// TestIntentional_Recorded: each rule by which a recorded run of RxJava may
// differ has an entry under its name, and no other entry says so.
func TestIntentional_Recorded(t *testing.T) {
	page := read(t, "docs", "intentional.md")
	var deviations []struct {
		Name string `json:"name"`
	}
	if err := json.Unmarshal([]byte(read(t, "observable", "testdata", "deviations.json")), &deviations); err != nil {
		t.Fatal(err)
	}
	_, recorded, _ := strings.Cut(page, "\nAs recorded.")
	if entries := strings.Count(recorded, "\n- **"); len(deviations) == 0 || entries != len(deviations)+1 { // and the one that the player has itself
		t.Errorf("the page has %d recorded differences, deviations.json %d and the player one", entries, len(deviations))
	}
	for _, d := range deviations {
		if want := "- **" + strings.ToUpper(d.Name[:1]) + d.Name[1:] + ".**"; !strings.Contains(recorded, want) {
			t.Errorf("deviations.json: %q has no entry %s", d.Name, want)
		}
	}
}

// absent is what a package must not declare, at the top level or as a field of
// an exported struct, and why.
var absent = []struct {
	dir  string
	name *regexp.Regexp
	why  string
}{
	{"command", regexp.MustCompile(`Interrupt`), "rule 12: there is no setting for the end of a body's context"},
	{"observable", regexp.MustCompile(`^(Single|Maybe|Completable|Flowable)(Observer|Source|Subject)?$`), "there is one stream type"},
	{"observable", regexp.MustCompile(`^(Set\w*|var ([A-DF-Z]|E[^r])\w*)$`), "C8: there is no hook for all subscriptions, and no variable to put one in"},
}

// TestIntentional_WhatThereIsNot holds the entries about what quill does without.
func TestIntentional_WhatThereIsNot(t *testing.T) {
	seen := map[string]int{}
	for _, a := range absent {
		for _, d := range declarations(t, a.dir, func(file string) bool { return !isTest(file) }) {
			for _, name := range declared(d) {
				seen[a.dir]++
				if a.name.MatchString(name) {
					t.Errorf("package %s declares %s: %s", a.dir, name, a.why)
				}
			}
		}
	}
	for dir, n := range seen {
		if n < 20 {
			t.Errorf("package %s declares %d names only: this test no longer reads it", dir, n)
		}
	}
}

// declared returns the names of types, functions, constants, variables ("var X")
// and of the fields of exported structs that d declares; not of methods.
func declared(d ast.Decl) (names []string) {
	switch d := d.(type) {
	case *ast.FuncDecl:
		if d.Recv == nil {
			names = append(names, d.Name.Name)
		}
	case *ast.GenDecl:
		for _, s := range d.Specs {
			switch s := s.(type) {
			case *ast.ValueSpec:
				for _, n := range s.Names {
					if d.Tok == token.VAR {
						names = append(names, "var "+n.Name)
					} else {
						names = append(names, n.Name)
					}
				}
			case *ast.TypeSpec:
				names = append(names, s.Name.Name)
				if fields, ok := s.Type.(*ast.StructType); ok && s.Name.IsExported() {
					for _, f := range fields.Fields.List {
						for _, n := range f.Names {
							names = append(names, n.Name)
						}
					}
				}
			}
		}
	}
	return names
}
