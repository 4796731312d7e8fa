package defects_test

import (
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/quillgo/quill/observable"
	"github.com/quillgo/quill/observable/observabletest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var errBoom = errors.New("boom")

type stream = observable.Observable[int]

// failing emits values and fails.
func failing(values ...int) stream {
	return observable.Concat(observable.FromSlice(values), observable.Error[int](errBoom))
}

// watch subscribes with a context whose error handler fails the test.
func watch[T any](t *testing.T, o observable.Observable[T]) *observabletest.TestObserver[T] {
	t.Helper()
	return observabletest.Subscribe(strict(t.Context(), t), o, t)
}

func strict(ctx context.Context, t *testing.T) context.Context {
	return observable.WithErrorHandler(ctx, func(err error) { t.Errorf("the error handler got %v", err) })
}

// assertOutcome compares what an observer was told, as its String shows it.
func assertOutcome[T any](t *testing.T, o *observabletest.TestObserver[T], want string) {
	t.Helper()
	assert.Equal(t, want, o.String())
}

// TestEveryDefectHasATest keeps the lists whole, and each test with a word about
// what the other library does.
func TestEveryDefectHasATest(t *testing.T) {
	name := regexp.MustCompile(`^Test([RG]\d+)_\w{8,}$`)
	found := map[string]int{}
	files, err := os.ReadDir(".")
	require.NoError(t, err)
	for _, f := range files {
		if !strings.HasSuffix(f.Name(), "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), f.Name(), nil, parser.ParseComments)
		require.NoError(t, err)
		for _, d := range file.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok {
				continue
			}
			if m := name.FindStringSubmatch(fn.Name.Name); m != nil {
				found[m[1]]++
				assert.NotEmpty(t, fn.Doc.Text(), fn.Name.Name)
			}
		}
	}
	want := map[string]int{}
	for i := 1; i <= 28; i++ {
		want[fmt.Sprintf("R%d", i)] = 1
	}
	for i := 1; i <= 19; i++ {
		want[fmt.Sprintf("G%d", i)] = 1
	}
	assert.Equal(t, want, found)
}
