//go:build !race

package snippets

import (
	"go/importer"
	"go/token"
	"go/types"
	"io"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"testing"
)

// nameInText is a name of ours in running text: `command.Settings`, `Registry.Update`.
var nameInText = regexp.MustCompile("`(\\w+)\\.([A-Z]\\w*)(?:\\.([A-Z]\\w*))?")

// TestNames: what the pages name of our packages, outside of code, exists.
func TestNames(t *testing.T) {
	files := exports(t)
	imp := importer.ForCompiler(token.NewFileSet(), "gc", func(p string) (io.ReadCloser, error) { return os.Open(files[p]) })
	packages := map[string]*types.Package{}
	for _, p := range imports {
		if matched, _ := path.Match("github.com/quillgo/quill/*", p); matched || p == "github.com/quillgo/quill/contrib/quillhttp" {
			pkg, err := imp.Import(p)
			if err != nil {
				t.Fatal(err)
			}
			packages[pkg.Name()] = pkg
		}
	}
	pages, err := filepath.Glob(filepath.Join("..", "..", "docs", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	checked := 0
	for _, page := range append(pages, filepath.Join("..", "..", "README.md")) {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range nameInText.FindAllStringSubmatch(string(text), -1) {
			pkg, parts := packages[m[1]], m[2:]
			if m[1] == "Registry" {
				pkg, parts = packages["command"], []string{"Registry", m[2]}
			}
			if pkg == nil {
				continue // somebody else's, or an example's
			}
			checked++
			if !exists(pkg, parts) {
				t.Errorf("%s names %s: package %s has no such thing", filepath.Base(page), m[0][1:], pkg.Path())
			}
		}
	}
	if checked < 100 {
		t.Errorf("only %d names were found: this test no longer reads the pages", checked)
	}
}

// exists reports whether a package has a name, and that a field or method.
func exists(pkg *types.Package, parts []string) bool {
	o := pkg.Scope().Lookup(parts[0])
	if o == nil || len(parts) < 2 || parts[1] == "" {
		return o != nil
	}
	member, _, _ := types.LookupFieldOrMethod(o.Type(), true, pkg, parts[1])
	return member != nil
}
