//go:build !race

package snippets

import (
	"fmt"
	"go/ast"
	"go/parser"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// row is one row of a table of docs/rxjava.md: what is in code font.
type row struct {
	line   int
	rxjava []string // as "buffer(count, skip)"; none in a table without that column
	quill  []string // names as "Buffer", "o.Filter" or "Connectable.Reset", and calls
}

var (
	codeFont   = regexp.MustCompile("`([^`]+)`")
	rxjavaName = regexp.MustCompile(`^[A-Za-z.]+`)
	quillName  = regexp.MustCompile(`^(?:([A-Za-z]+)\.)?([A-Z]\w*)$`)
)

// rxjavaRows parses the page's tables: the first row says which column is whose.
func rxjavaRows(t *testing.T, page string) (all []row) {
	t.Helper()
	header := true
	var rxjava, quill int
	for n, line := range strings.Split(page, "\n") {
		if !strings.HasPrefix(line, "|") {
			header = true
			continue
		}
		cells := strings.Split(strings.Trim(line, "|"), "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		if header {
			header, rxjava, quill = false, slices.Index(cells, "RxJava"), slices.Index(cells, "quill")
			if quill < 0 {
				t.Fatalf("rxjava.md:%d: a table without a column for quill", n+1)
			}
			continue
		}
		if strings.HasPrefix(cells[0], "---") {
			continue
		}
		if len(cells) != 2 {
			t.Fatalf("rxjava.md:%d: %d cells, want 2", n+1, len(cells))
		}
		r := row{line: n + 1, quill: inCode(cells[quill])}
		if rxjava >= 0 {
			r.rxjava = inCode(cells[rxjava])
		}
		if words := strings.Fields(cells[quill]); len(words) == 0 {
			t.Errorf("rxjava.md:%d: nothing is said of quill", n+1)
		}
		all = append(all, r)
	}
	if len(all) < 200 {
		t.Errorf("only %d rows were found: this test no longer reads the page", len(all))
	}
	return all
}

func inCode(cell string) (spans []string) {
	for _, m := range codeFont.FindAllStringSubmatch(cell, -1) {
		spans = append(spans, m[1])
	}
	return spans
}

// qualified returns a name of the page in the form of exported.
func qualified(name string) string {
	if method, ok := strings.CutPrefix(name, "o."); ok {
		return "Observable." + method
	}
	return name
}

// exported is what package observable exports: names, and methods as "Type.Method".
func exported(t *testing.T) map[string]bool {
	t.Helper()
	names := map[string]bool{}
	for _, d := range declarations(t, "observable", func(file string) bool { return !isTest(file) }) {
		for _, name := range declared(d) {
			names[strings.TrimPrefix(name, "var ")] = ast.IsExported(strings.TrimPrefix(name, "var "))
		}
		f, ok := d.(*ast.FuncDecl)
		if !ok || f.Recv == nil || !f.Name.IsExported() {
			continue
		}
		of := f.Recv.List[0].Type
		if p, ok := of.(*ast.StarExpr); ok {
			of = p.X
		}
		switch g := of.(type) {
		case *ast.IndexExpr:
			of = g.X
		case *ast.IndexListExpr:
			of = g.X
		}
		names[of.(*ast.Ident).Name+"."+f.Name.Name] = true
	}
	return names
}

// named returns what the page names of package observable, in the form of
// exported; o is a stream.
func named(t *testing.T, rows []row) map[string]bool {
	t.Helper()
	names := map[string]bool{}
	for _, r := range rows {
		for _, span := range r.quill {
			if m := quillName.FindStringSubmatch(span); m != nil {
				names[qualified(span)] = true
				continue
			}
			e, err := parser.ParseExpr(span)
			if err != nil {
				t.Errorf("rxjava.md:%d: `%s` is neither a name nor a call: %v", r.line, span, err)
				continue
			}
			ast.Inspect(e, func(n ast.Node) bool {
				if id, ok := n.(*ast.Ident); ok && id.IsExported() {
					names[id.Name] = true // a method's says nothing of its type
				}
				return true
			})
		}
	}
	return names
}

// TestRxJava_Names: the names that the page has for quill exist.
func TestRxJava_Names(t *testing.T) {
	have := exported(t)
	found := 0
	for _, r := range rxjavaRows(t, read(t, "docs", "rxjava.md")) {
		for _, span := range r.quill {
			if !quillName.MatchString(span) {
				continue // a call: see TestRxJava_Calls
			}
			found++
			if !have[qualified(span)] {
				t.Errorf("rxjava.md:%d: package observable has no %s", r.line, span)
			}
		}
	}
	if found < 200 {
		t.Errorf("only %d names were found: this test no longer reads the page", found)
	}
}

// TestRxJava_Calls: what the page calls a composition compiles.
func TestRxJava_Calls(t *testing.T) {
	var code strings.Builder
	calls := 0
	for _, r := range rxjavaRows(t, read(t, "docs", "rxjava.md")) {
		for _, span := range r.quill {
			if quillName.MatchString(span) {
				continue
			}
			calls++
			fmt.Fprintf(&code, "//line rxjava.md:%d\n%s\n", r.line, span)
		}
	}
	if calls < 40 {
		t.Errorf("only %d calls were found: this test no longer reads the page", calls)
	}
	given := read(t, "internal", "snippets", "testdata", "rxjava.txt")
	inFunction := sources("rxjava.md", block{line: 1, code: code.String()}, given)[1]
	const dot = "package snippet\nimport \"iter\"\nimport . \"github.com/quillgo/quill/observable\"\n"
	check(t, exports(t), []string{strings.Replace(inFunction, "package snippet\n", dot, 1)})
}

// notStreams is what package observable exports besides streams: what belongs to
// errors and contexts, and to authors of operators.
var notStreams = []string{
	"Catch", "End", "HoldFrom", "NewPanicError", "ReportError", "WithErrorHandler", "WithHold", "WithoutHold",
}

// TestRxJava_Complete: each source, operator and end of a stream is on the page.
func TestRxJava_Complete(t *testing.T) {
	names := named(t, rxjavaRows(t, read(t, "docs", "rxjava.md")))
	seen := map[string]bool{}
	for _, d := range declarations(t, "observable", func(file string) bool { return !isTest(file) }) {
		if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.IsExported() {
			seen[f.Name.Name] = true
		}
	}
	for name := range exported(t) {
		if strings.HasPrefix(name, "Observable.") || strings.HasPrefix(name, "Connectable.") {
			seen[name] = true
		}
	}
	for name := range seen {
		if !names[name] && !slices.Contains(notStreams, name) {
			t.Errorf("rxjava.md does not name %s", name)
		}
	}
	for _, name := range notStreams {
		if !seen[name] {
			t.Errorf("package observable has no %s: this test no longer reads it", name)
		}
	}
	if len(seen) < 200 {
		t.Errorf("only %d names are exported: this test no longer reads the package", len(seen))
	}
}

// TestRxJava_Methods: the page has all methods of RxJava, and no others.
func TestRxJava_Methods(t *testing.T) {
	known := map[string]bool{}
	for line := range strings.Lines(read(t, "internal", "snippets", "testdata", "rxjava-methods.txt")) {
		if name := strings.TrimSpace(line); name != "" && !strings.HasPrefix(name, "#") {
			known[name] = false
		}
	}
	if len(known) < 240 {
		t.Errorf("only %d methods are known: this test no longer reads the list", len(known))
	}
	for _, r := range rxjavaRows(t, read(t, "docs", "rxjava.md")) {
		for _, span := range r.rxjava {
			name := rxjavaName.FindString(span)
			if _, ok := known[name]; !ok {
				t.Errorf("rxjava.md:%d: RxJava has no %s", r.line, span)
			}
			known[name] = true
		}
	}
	for name, there := range known {
		if !there {
			t.Errorf("rxjava.md does not have RxJava's %s", name)
		}
	}
}
