package difftest_test

import (
	"bytes"
	"fmt"
	"go/importer"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// pairs are the packages of the original and ours.
var pairs = map[string]string{
	"github.com/afex/hystrix-go/hystrix":                  "github.com/quillgo/quill/contrib/hystrix",
	"github.com/afex/hystrix-go/hystrix/metric_collector": "github.com/quillgo/quill/contrib/hystrix/metric_collector",
	"github.com/afex/hystrix-go/hystrix/rolling":          "github.com/quillgo/quill/contrib/hystrix/rolling",
}

// loader reads compiled packages, which it has the go command build.
func loader(t *testing.T) types.Importer {
	t.Helper()
	args := []string{"list", "-export", "-deps", "-f", "{{.ImportPath}} {{.Export}}"}
	for original, ours := range pairs {
		args = append(args, original, ours)
	}
	var stderr bytes.Buffer
	cmd := exec.Command("go", args...)
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	require.NoError(t, err, stderr.String())
	files := map[string]string{}
	for line := range strings.Lines(string(out)) {
		path, file, _ := strings.Cut(strings.TrimSpace(line), " ")
		files[path] = file
	}
	return importer.ForCompiler(token.NewFileSet(), "gc", func(path string) (io.ReadCloser, error) { return os.Open(files[path]) })
}

// TestAPI: the packages export the same names, of the same types, with the same
// methods and fields, and what is comparable or assignable there is so here.
func TestAPI(t *testing.T) {
	load := loader(t)
	for original, ours := range pairs {
		t.Run(ours, func(t *testing.T) {
			theirs, err := load.Import(original)
			require.NoError(t, err)
			mine, err := load.Import(ours)
			require.NoError(t, err)
			assert.Equal(t, theirs.Name(), mine.Name())
			want, got := surface(theirs), surface(mine)
			require.NotEmpty(t, want)
			for name, text := range want {
				if !strings.Contains(text, ", comparable;") { // what ours can do more harms nobody
					got[name] = strings.ReplaceAll(got[name], ", comparable;", ";")
				}
				assert.Equal(t, text, got[name], "%s", name)
			}
			for name := range got {
				assert.Contains(t, want, name, "it is exported by ours alone")
			}
		})
	}
}

// TestAPI_SeesDifferences: the comparison would notice.
func TestAPI_SeesDifferences(t *testing.T) {
	load := loader(t)
	all := map[string]string{}
	for original := range pairs {
		p, err := load.Import(original)
		require.NoError(t, err)
		for name, text := range surface(p) {
			all[p.Name()+"."+name] = text
		}
	}
	for name, want := range map[string]string{
		"hystrix.Do":                      "func(string, func() error, func(error) error) error",
		"hystrix.DefaultTimeout":          "var int",
		"hystrix.ErrTimeout":              "var hystrix.CircuitError",
		"hystrix.CircuitError":            "type struct{Message string}, comparable; methods (CircuitError) Error func() string",
		"hystrix.SetLogger":               "func(interface{Printf func(string, ...interface{})})",
		"metricCollector.MetricCollector": "type interface{Reset func(); Update func(metricCollector.MetricResult)}, comparable; methods (MetricCollector) Reset func(), (MetricCollector) Update func(metricCollector.MetricResult)",
		"rolling.NewNumber":               "func() *rolling.Number",
		"hystrix.CommandConfig":           "type struct{Timeout int `json:\"timeout\"`; MaxConcurrentRequests int `json:\"max_concurrent_requests\"`; RequestVolumeThreshold int `json:\"request_volume_threshold\"`; SleepWindow int `json:\"sleep_window\"`; ErrorPercentThreshold int `json:\"error_percent_threshold\"`}, comparable; methods ",
		"hystrix.GetCircuit":              "func(string) *hystrix.CircuitBreaker, bool, error",
		"metricCollector.Registry":        "var struct{}; methods (*) InitializeMetricCollectors func(string) []metricCollector.MetricCollector, (*) Register func(func(string) metricCollector.MetricCollector)",
	} {
		assert.Equal(t, want, all[name], "%s", name)
	}
	assert.NotContains(t, all, "hystrix.runFunc")
}

// surface describes all that a program can use of a package, by name.
func surface(p *types.Package) map[string]string {
	all := map[string]string{}
	for _, name := range p.Scope().Names() {
		o := p.Scope().Lookup(name)
		if !o.Exported() {
			continue
		}
		switch o := o.(type) {
		case *types.TypeName:
			all[name] = "type " + describeType(o.Type(), name)
		case *types.Var:
			all[name] = "var " + describe(o.Type())
			if n, ok := o.Type().(*types.Named); ok && !n.Obj().Exported() {
				all[name] = "var " + describeType(o.Type(), "")
			}
		default:
			all[name] = describe(o.Type())
		}
	}
	return all
}

// describeType describes a named type: what it is, whether it can be compared,
// and its methods and those of its pointer.
func describeType(t types.Type, name string) string {
	var methods []string
	value, pointer := types.NewMethodSet(t), types.NewMethodSet(types.NewPointer(t))
	for m := range pointer.Methods() {
		if m.Obj().Exported() && !promotedFromMutex(m) {
			star := "*"
			if value.Lookup(m.Obj().Pkg(), m.Obj().Name()) != nil {
				star = ""
			}
			methods = append(methods, fmt.Sprintf("(%s%s) %s %s", star, name, m.Obj().Name(), describe(m.Type())))
		}
	}
	if types.IsInterface(t) { // a pointer to one has no methods
		for m := range value.Methods() {
			methods = append(methods, fmt.Sprintf("(%s) %s %s", name, m.Obj().Name(), describe(m.Type())))
		}
	}
	slices.Sort(methods)
	comparable := ""
	if types.Comparable(t) {
		comparable = ", comparable"
	}
	return describe(t.Underlying()) + comparable + "; methods " + strings.Join(methods, ", ")
}

func promotedFromMutex(m *types.Selection) bool { return len(m.Index()) > 1 }

// describe writes a type as those who use it see it: the exported fields of a
// struct, what an unexported name stands for, names without their module.
func describe(t types.Type) string {
	switch t := types.Unalias(t).(type) {
	case *types.Named:
		if t.Obj().Pkg() == nil {
			return t.Obj().Name()
		}
		if !t.Obj().Exported() {
			return describe(t.Underlying())
		}
		return t.Obj().Pkg().Name() + "." + t.Obj().Name()
	case *types.Pointer:
		return "*" + describe(t.Elem())
	case *types.Slice:
		return "[]" + describe(t.Elem())
	case *types.Map:
		return "map[" + describe(t.Key()) + "]" + describe(t.Elem())
	case *types.Chan:
		return []string{"chan ", "chan<- ", "<-chan "}[t.Dir()] + describe(t.Elem())
	case *types.Signature:
		return "func(" + tuple(t.Params(), t.Variadic()) + ")" + strings.TrimRight(" "+tuple(t.Results(), false), " ")
	case *types.Struct:
		var fields []string
		for i := range t.NumFields() {
			if f := t.Field(i); f.Exported() {
				text := f.Name() + " " + describe(f.Type())
				if t.Tag(i) != "" {
					text += " `" + t.Tag(i) + "`"
				}
				fields = append(fields, text)
			}
		}
		return "struct{" + strings.Join(fields, "; ") + "}"
	case *types.Interface:
		if t.Empty() {
			return "interface{}"
		}
		var methods []string
		for m := range t.Methods() {
			methods = append(methods, m.Name()+" "+describe(m.Type()))
		}
		slices.Sort(methods)
		return "interface{" + strings.Join(methods, "; ") + "}"
	}
	return t.String()
}

func tuple(of *types.Tuple, variadic bool) string {
	var all []string
	for i := range of.Len() {
		text := describe(of.At(i).Type())
		if variadic && i == of.Len()-1 {
			text = "..." + strings.TrimPrefix(text, "[]")
		}
		all = append(all, text)
	}
	return strings.Join(all, ", ")
}
