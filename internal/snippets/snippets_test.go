//go:build !race

// Package snippets checks that the Go code in README.md and docs/ compiles: each
// fenced block is type-checked as it stands, with the names that its page takes
// for granted declared in testdata.
package snippets

import (
	"bytes"
	"errors"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// imports are what snippets may use without saying so.
var imports = []string{
	"context", "errors", "fmt", "io", "net/http", "slices", "strconv", "strings", "sync", "testing", "testing/synctest", "time",
	"github.com/benbjohnson/clock", "github.com/reactivex/rxgo/v2",
	"github.com/quillgo/quill/breaker", "github.com/quillgo/quill/cache", "github.com/quillgo/quill/command",
	"github.com/quillgo/quill/contrib/quillhttp",
	"github.com/quillgo/quill/isolation", "github.com/quillgo/quill/metrics", "github.com/quillgo/quill/observable",
	"github.com/quillgo/quill/observable/observabletest", "github.com/quillgo/quill/observable/rx",
}

// exports returns the compiler's export data of every package in imports and
// what they depend on.
func exports(t *testing.T) map[string]string {
	t.Helper()
	cmd := exec.Command("go", append([]string{"list", "-export", "-deps", "-f", "{{.ImportPath}}\t{{.Export}}"}, imports...)...)
	cmd.Dir = filepath.Join("..", "..")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, &stderr)
	}
	files := map[string]string{}
	for line := range strings.Lines(string(out)) {
		path, file, _ := strings.Cut(strings.TrimSpace(line), "\t")
		files[path] = file
	}
	return files
}

// block is a fenced block of Go code.
type block struct {
	line int
	code string
}

func blocks(t *testing.T, page string) []block {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	var all []block
	var open *block
	n := 0
	for line := range strings.Lines(string(text)) {
		n++
		switch trimmed := strings.TrimSpace(line); {
		case open == nil && trimmed == "```go":
			open = &block{line: n + 1}
		case open != nil && trimmed == "```":
			all = append(all, *open)
			open = nil
		case open != nil:
			open.code += line
		}
	}
	return all
}

// sources are the two files that a block can be meant as: declarations as they
// are, or statements in a function.
func sources(page string, b block, given string) []string {
	var s strings.Builder
	s.WriteString("package snippet\n")
	for _, path := range imports {
		fmt.Fprintf(&s, "import %q\n", path)
	}
	s.WriteString(given)
	return []string{
		s.String() + fmt.Sprintf("\n//line %s:%d\n%s", page, b.line, b.code),
		s.String() + fmt.Sprintf("\nfunc _(ctx context.Context, t *testing.T) {\n//line %s:%d\n%s}\n", page, b.line, b.code),
	}
}

func TestSnippets(t *testing.T) {
	files := exports(t)
	root := filepath.Join("..", "..")
	pages, err := filepath.Glob(filepath.Join(root, "docs", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	checked := 0
	for _, page := range append(pages, filepath.Join(root, "README.md")) {
		name := strings.TrimSuffix(filepath.Base(page), ".md")
		given, err := os.ReadFile(filepath.Join("testdata", name+".txt"))
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		for _, b := range blocks(t, page) {
			checked++
			t.Run(fmt.Sprintf("%s:%d", filepath.Base(page), b.line), func(t *testing.T) {
				check(t, files, sources(filepath.Base(page), b, string(given)))
			})
		}
	}
	if checked < 10 {
		t.Errorf("only %d blocks were found: this test no longer reads the pages", checked)
	}
}

func check(t *testing.T, files map[string]string, sources []string) {
	t.Helper()
	set := token.NewFileSet()
	var file *ast.File
	var err error
	for _, src := range sources {
		if file, err = parser.ParseFile(set, "given.go", src, parser.SkipObjectResolution); err == nil {
			break
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	conf := types.Config{
		Importer: importer.ForCompiler(set, "gc", func(path string) (io.ReadCloser, error) { return os.Open(files[path]) }),
		Error: func(err error) {
			// What a snippet declares or imports it need not use.
			var e types.Error
			if !errors.As(err, &e) || !e.Soft {
				t.Error(err)
			}
		},
	}
	_, _ = conf.Check("snippet", set, []*ast.File{file}, nil) // errors went to conf.Error
}
