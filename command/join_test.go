package command_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"reflect"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/quillgo/quill/breaker"
	"github.com/quillgo/quill/command"
	"github.com/quillgo/quill/metrics"
)

var (
	errorType = reflect.TypeFor[error]()
	anyType   = reflect.TypeFor[any]()
)

// hookShape is what a hook may do: "start" may fail, "emit" replaces a value,
// "error" an error, and the others are told.
func hookShape(f reflect.StructField) string {
	switch {
	case f.Type.NumOut() == 0:
		return "tell"
	case f.Type.Out(0) == anyType:
		return "emit"
	case f.Type.In(f.Type.NumIn()-1) == errorType:
		return "error"
	}
	return "start"
}

// recording returns hooks of which each function, the fields of Hooks alone
// say which there are, does as do says: it gets the field's name and the value
// or the error that is passed through.
func recording(do func(hook string, in any) (out any)) (h command.Hooks) {
	v := reflect.ValueOf(&h).Elem()
	for i := range v.NumField() {
		f := v.Type().Field(i)
		v.Field(i).Set(reflect.MakeFunc(f.Type, func(args []reflect.Value) []reflect.Value {
			var in any
			if shape := hookShape(f); shape == "emit" || shape == "error" {
				in = args[len(args)-1].Interface()
			}
			out := do(f.Name, in)
			if f.Type.NumOut() == 0 {
				return nil
			}
			result := reflect.New(f.Type.Out(0)).Elem()
			if out != nil {
				result.Set(reflect.ValueOf(out))
			}
			return []reflect.Value{result}
		}))
	}
	return h
}

// call calls a hook with something to pass through, or nothing.
func call(h command.Hooks, hook string, in any) any {
	f := reflect.ValueOf(h).FieldByName(hook)
	args := []reflect.Value{reflect.ValueOf(command.Info{Command: "A"})}
	for i := 1; i < f.Type().NumIn(); i++ {
		arg := reflect.New(f.Type().In(i)).Elem()
		if i == f.Type().NumIn()-1 && in != nil {
			arg.Set(reflect.ValueOf(in))
		}
		args = append(args, arg)
	}
	if out := f.Call(args); len(out) > 0 {
		return out[0].Interface()
	}
	return nil
}

func hookNames() (all []reflect.StructField) {
	t := reflect.TypeFor[command.Hooks]()
	for i := range t.NumField() {
		all = append(all, t.Field(i))
	}
	return all
}

// Every hook that there is: order, replaced values and errors, failures, panics,
// and functions that one of the two does not have.
func TestHooksJoin_EveryHook(t *testing.T) {
	for _, f := range hookNames() {
		t.Run(f.Name, func(t *testing.T) {
			shape := hookShape(f)
			var seen []string
			named := func(name string, out func(in any) any) command.Hooks {
				return recording(func(hook string, in any) any {
					seen = append(seen, fmt.Sprint(name, " ", hook, " ", in))
					return out(in)
				})
			}
			run := func(h command.Hooks, in any) any {
				seen = nil
				return call(h, f.Name, in)
			}
			pass := func(in any) any { return in }
			none := func(any) any { return nil }
			boom := func(any) any { panic("boom") }
			is := func(name string, in any) string { return fmt.Sprint(name, " ", f.Name, " ", in) }

			switch shape {
			case "start":
				require.Nil(t, run(named("a", none).Join(named("b", none), named("c", none)), nil))
				require.Equal(t, []string{is("a", nil), is("b", nil), is("c", nil)}, seen, "outermost first")
				require.Equal(t, errBody, run(named("a", func(any) any { return errBody }).Join(named("b", none)), nil))
				require.Equal(t, []string{is("a", nil)}, seen, "nothing is called after a failure")
				require.Equal(t, errBody, run(named("a", none).Join(named("b", func(any) any { return errBody })), nil))
				require.Panics(t, func() { run(named("a", boom).Join(named("b", none)), nil) })
			case "tell":
				run(named("a", none).Join(named("b", none), named("c", none)), nil)
				require.Equal(t, []string{is("c", nil), is("b", nil), is("a", nil)}, seen, "outermost last")
				run(named("a", none).Join(named("b", boom)), nil)
				require.Equal(t, []string{is("b", nil), is("a", nil)}, seen, "a panic keeps no other from being called")
			default:
				var first, second any = "1", "2"
				if shape == "error" {
					first, second = errors.New("1"), errors.New("2")
				}
				inner := func(any) any { return second }
				require.Equal(t, second, run(named("a", pass).Join(named("b", inner), named("c", pass)), first))
				require.Equal(t, []string{is("c", first), is("b", first), is("a", second)}, seen, "outermost last, with what comes out")
				require.Equal(t, first, run(named("a", pass).Join(named("b", boom)), first))
				require.Equal(t, []string{is("b", first), is("a", first)}, seen, "a panic keeps no other from being called")
				require.Equal(t, second, run(named("a", boom).Join(named("b", inner)), first), "a panic replaces nothing")
				if shape == "error" {
					require.Equal(t, second, run(named("a", none).Join(named("b", inner)), first), "nil replaces nothing")
				}
			}

			require.True(t, reflect.ValueOf(command.Hooks{}.Join(command.Hooks{})).FieldByName(f.Name).IsNil())
			for _, h := range []command.Hooks{named("a", none).Join(command.Hooks{}), command.Hooks{}.Join(named("a", none))} {
				run(h, nil)
				require.Equal(t, []string{is("a", nil)}, seen, "one of them alone")
			}
		})
	}
}

// A value that the command cannot return is not passed on, as between the
// registry's hooks and the command's.
func TestHooksJoin_ValueOfAnotherType(t *testing.T) {
	type named []int
	emitting := func(replacement any) command.Hooks {
		return command.Hooks{Emit: func(command.Info, any) any { return replacement }}
	}
	outer := func(seen *[]any) command.Hooks {
		return command.Hooks{Emit: func(_ command.Info, v any) any {
			*seen = append(*seen, v)
			return v
		}}
	}
	t.Run("int", func(t *testing.T) {
		var seen []any
		for _, wrong := range []any{nil, "no int", int64(3)} {
			c := newCommand(t, command.Spec[int, int]{Run: identity, Hooks: outer(&seen).Join(emitting(wrong))})
			v, err := c.Execute(t.Context(), 7)
			require.NoError(t, err)
			require.Equal(t, 7, v)
		}
		require.Equal(t, []any{7, 7, 7}, seen)
	})
	t.Run("slice", func(t *testing.T) {
		var seen []any
		c := newCommand(t, command.Spec[int, []int]{Hooks: outer(&seen).Join(emitting(named{1})),
			Run: func(context.Context, int) ([]int, error) { return []int{7}, nil }})
		_, err := c.Execute(t.Context(), 7)
		require.NoError(t, err)
		require.Equal(t, []any{[]int{7}}, seen)
	})
	t.Run("interface", func(t *testing.T) {
		var seen []any
		c := newCommand(t, command.Spec[int, error]{Hooks: outer(&seen).Join(emitting("no error"), emitting(io.EOF)),
			Run: func(context.Context, int) (error, error) { return errBody, nil }})
		v, err := c.Execute(t.Context(), 7)
		require.NoError(t, err)
		require.Equal(t, io.EOF, v)
		require.Equal(t, []any{io.EOF}, seen)
	})
}

// One joined value does what the registry's hooks and the command's do apart.
func TestHooksJoin_IsRegistryAndSpec(t *testing.T) {
	inBubbles(t, func(t *testing.T, i command.Isolation) {
		var want []string
		for _, joined := range []bool{false, true} {
			var seen []string
			layer := func(name string) command.Hooks {
				return recording(func(hook string, in any) any {
					seen = append(seen, fmt.Sprint(name, " ", hook, " ", in))
					if n, ok := in.(int); ok {
						return n * 10
					}
					if err, ok := in.(error); ok {
						return fmt.Errorf("%s: %w", name, err)
					}
					return nil
				})
			}
			o, s := command.RegistryOptions{Hooks: layer("outer")}, layer("inner")
			if joined {
				o, s = command.RegistryOptions{}, layer("outer").Join(layer("inner"))
			}
			for _, body := range []func(context.Context, int) (int, error){identity, fails} {
				for _, back := range []func(context.Context, int, error) (int, error){nil, fallback} {
					c := newCommand(t, command.Spec[int, int]{Registry: registry(t, o), Run: body, Fallback: back, Hooks: s,
						Settings: command.Settings{Isolation: i}})
					v, err := c.Execute(t.Context(), 3)
					seen = append(seen, fmt.Sprint(v, err))
				}
			}
			synctest.Wait()
			if joined {
				require.Equal(t, want, seen)
			}
			want = seen
		}
		require.Contains(t, want, "30000 <nil>")
	})
}

func TestListenerJoin(t *testing.T) {
	var seen []string
	named := func(name string, also func()) command.Listener {
		return command.Listener{
			Event: func(c string, e metrics.Event) {
				seen = append(seen, fmt.Sprint(name, " ", c, " ", e))
				also()
			},
			Transition: func(x breaker.Transition) {
				seen = append(seen, fmt.Sprint(name, " ", x.Name, " ", x.To))
				also()
			},
		}
	}
	nothing := func() {}
	l := named("a", func() { panic("boom") }).Join(named("b", nothing), command.Listener{}, named("c", nothing))
	r := registry(t, command.RegistryOptions{Listener: l})
	c := newCommand(t, command.Spec[int, int]{Registry: r, Run: fails, Settings: command.Settings{RequestVolume: 1, Fallback: command.Off}})
	_, err := c.Execute(t.Context(), 1)
	require.Error(t, err)
	require.Equal(t, []string{
		"a A open", "b A open", "c A open",
		"a A FAILURE", "b A FAILURE", "c A FAILURE",
		"a A FALLBACK_DISABLED", "b A FALLBACK_DISABLED", "c A FALLBACK_DISABLED",
		"a A EXCEPTION_THROWN", "b A EXCEPTION_THROWN", "c A EXCEPTION_THROWN",
	}, seen)

	empty := command.Listener{}.Join(command.Listener{})
	require.Nil(t, empty.Event)
	require.Nil(t, empty.Transition)
	v := reflect.ValueOf(l)
	for i := range v.NumField() {
		require.False(t, v.Field(i).IsNil(), v.Type().Field(i).Name)
	}
}
