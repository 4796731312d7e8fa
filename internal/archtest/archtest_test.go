// Package archtest checks the shape of the module: which package may import
// which (docs/architecture.md), and which modules the root may require.
package archtest

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/quillgo/quill/observable"
)

const module = "github.com/quillgo/quill"

// allowed are the imports of each package, tests apart, beside the standard
// library: packages of this module without the module's path, others as they
// are. A package that is not listed may not exist.
var allowed = map[string][]string{
	"observable":                  {"internal/lazyctx", "internal/mono", "github.com/benbjohnson/clock"},
	"observable/observabletest":   {"observable", "internal/goroutines"},
	"observable/internal/rules":   {}, // tests alone
	"observable/internal/defects": {}, // tests alone
	"observable/internal/fuzz":    {}, // tests alone
	"observable/rx":               {"observable", "github.com/reactivex/rxgo/v2"},
	"breaker":                     {"observable", "internal/rolling", "github.com/benbjohnson/clock"},
	"isolation":                   {"observable"},
	"cache":                       {"observable"},
	"metrics":                     {"observable", "internal/rolling"},
	"command": {"observable", "breaker", "isolation", "cache", "metrics",
		"internal/deadline", "internal/feed", "internal/lazyctx", "internal/mono", "github.com/benbjohnson/clock"},
	"config":              {"breaker", "isolation", "command", "internal/mono", "github.com/benbjohnson/clock"},
	"internal/mono":       {"github.com/benbjohnson/clock"},
	"internal/deadline":   {"internal/mono"},
	"internal/feed":       {"observable"},
	"internal/lazyctx":    {"internal/deadline"},
	"internal/rolling":    {},
	"internal/goroutines": {}, // for tests
	"internal/archtest":   {},
	"internal/snippets":   {},
}

// required are the modules that the root may require (docs/adr tells of any
// other).
var required = []string{
	"github.com/benbjohnson/clock", "github.com/reactivex/rxgo/v2", "github.com/stretchr/testify",
	"go.uber.org/goleak", "pgregory.net/rapid",
}

type listed struct {
	ImportPath   string
	Name         string
	Imports      []string
	TestGoFiles  []string
	XTestGoFiles []string
}

func packages(t *testing.T) []listed {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Name,Imports,TestGoFiles,XTestGoFiles", "./...")
	cmd.Dir = filepath.Join("..", "..")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var all []listed
	dec := json.NewDecoder(strings.NewReader(string(out)))
	for {
		var p listed
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

func TestImportGraph(t *testing.T) {
	seen := map[string]bool{}
	for _, p := range packages(t) {
		path := strings.TrimPrefix(strings.TrimPrefix(p.ImportPath, module), "/")
		if strings.HasPrefix(path, "examples/") {
			continue // these may import what they like
		}
		if strings.HasPrefix(path, "contrib/") {
			for _, imp := range p.Imports {
				if strings.Contains(strings.SplitN(imp, "/", 2)[0], ".") && !strings.HasPrefix(imp, module+"/") {
					t.Errorf("%s imports %s: with third-party code it has to be a module of its own", path, imp)
				}
			}
			continue // of the module these may import what they like
		}
		seen[path] = true
		may, ok := allowed[path]
		if !ok {
			t.Errorf("package %q is not in the list of this test", path)
			continue
		}
		for _, imp := range p.Imports {
			short, ours := strings.CutPrefix(imp, module+"/")
			if !ours && !strings.Contains(strings.SplitN(imp, "/", 2)[0], ".") {
				continue // standard library
			}
			if !slices.Contains(may, short) {
				t.Errorf("%s imports %s, which its place in the graph does not allow", path, short)
			}
		}
	}
	for path := range allowed {
		if !seen[path] {
			t.Errorf("package %q is in the list of this test and does not exist", path)
		}
	}
}

// TestNames keeps the packages that say nothing from coming into being.
func TestNames(t *testing.T) {
	for _, p := range packages(t) {
		if slices.Contains([]string{"util", "utils", "common", "types", "plugins", "helpers", "misc"}, p.Name) {
			t.Errorf("package %s: the name says nothing about what is in it", p.ImportPath)
		}
	}
}

// TestExternalTests keeps contract, rule and trace tests out of the packages
// they test.
func TestExternalTests(t *testing.T) {
	for _, p := range packages(t) {
		for _, f := range p.TestGoFiles {
			if strings.Contains(f, "rules_test") && p.ImportPath != module+"/internal/rolling" || strings.Contains(f, "traces") || strings.Contains(f, "promises") {
				t.Errorf("%s/%s is a test of the package's contract and belongs in package %s_test", p.ImportPath, f, p.Name)
			}
		}
	}
}

func TestRootDependencies(t *testing.T) {
	f, err := os.Open(filepath.Join("..", "..", "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	found := 0
	for lines := bufio.NewScanner(f); lines.Scan(); {
		fields := strings.Fields(lines.Text())
		if len(fields) < 2 || !strings.Contains(fields[0], ".") || strings.HasSuffix(lines.Text(), "// indirect") {
			continue
		}
		found++
		if !slices.Contains(required, fields[0]) {
			t.Errorf("go.mod requires %s: the root's dependencies are %v, another needs an ADR", fields[0], required)
		}
	}
	if found == 0 {
		t.Error("no requirement was found in go.mod: this test no longer reads it")
	}
}

// TestMethodsOfObservable compares the type with the list in docs/adr/0001.
func TestMethodsOfObservable(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "adr", "0001-methods-of-observable.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, list, _ := strings.Cut(string(text), "compares this list with the type:\n\n")
	list, _, _ = strings.Cut(list, "\n\n")
	var listed, actual []string
	for name := range strings.SplitSeq(strings.ReplaceAll(list, "\n", " "), ",") {
		listed = append(listed, strings.TrimSpace(name))
	}
	typ := reflect.TypeFor[observable.Observable[int]]()
	for i := range typ.NumMethod() {
		actual = append(actual, typ.Method(i).Name)
	}
	slices.Sort(listed)
	if !slices.Equal(listed, actual) {
		t.Errorf("the ADR lists\n%v\nand the type has\n%v", listed, actual)
	}
	if len(actual) > 42 {
		t.Errorf("%d methods: each costs every user compile time", len(actual))
	}
}
