package rules_test

import (
	"go/ast"
	"go/parser"
	gotoken "go/token"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// elsewhere are functions that give a stream and that no table has, with the
// reason.
var elsewhere = map[string]string{
	"Compose": "it returns what the function that it is given returns",
}

// TestRules_Everything: each exported function and method that gives a stream is
// used by a table.
func TestRules_Everything(t *testing.T) {
	used := map[string]bool{}
	for _, f := range parsed(t, ".", func(name string) bool { return strings.HasSuffix(name, "_test.go") }) {
		ast.Inspect(f, func(n ast.Node) bool {
			if s, ok := n.(*ast.SelectorExpr); ok {
				used[s.Sel.Name] = true
			}
			return true
		})
	}
	operators := map[string]bool{}
	for _, f := range parsed(t, filepath.Join("..", ".."), func(name string) bool { return !strings.HasSuffix(name, "_test.go") }) {
		for _, d := range f.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || !fn.Name.IsExported() || !givesStream(fn) {
				continue
			}
			name := fn.Name.Name
			operators[name] = true
			if reason := elsewhere[name]; used[name] == (reason != "") {
				t.Errorf("%s: used by a table: %v, excused: %q", name, used[name], reason)
			}
		}
	}
	for name := range elsewhere {
		if !operators[name] {
			t.Errorf("%s is excused, and there is no such operator", name)
		}
	}
	if len(operators) < 200 {
		t.Errorf("only %d operators were found: this test no longer reads the package", len(operators))
	}
}

func parsed(t *testing.T, dir string, want func(name string) bool) (all []*ast.File) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.IsDir() || !strings.HasSuffix(e.Name(), ".go") || !want(e.Name()) {
			continue
		}
		f, err := parser.ParseFile(gotoken.NewFileSet(), filepath.Join(dir, e.Name()), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, f)
	}
	return all
}

// givesStream reports whether a function, or a method of Observable, has an
// Observable as its result.
func givesStream(fn *ast.FuncDecl) bool {
	if fn.Type.Results == nil || len(fn.Type.Results.List) != 1 {
		return false
	}
	if fn.Recv != nil && generic(fn.Recv.List[0].Type) != "Observable" {
		return false
	}
	return generic(fn.Type.Results.List[0].Type) == "Observable"
}

// generic is the name of a generic type that is instantiated.
func generic(x ast.Expr) string {
	switch x := x.(type) {
	case *ast.IndexExpr:
		if id, ok := x.X.(*ast.Ident); ok {
			return id.Name
		}
	case *ast.StarExpr:
		return generic(x.X)
	}
	return ""
}
