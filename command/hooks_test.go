package command_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/quillgo/quill/breaker"
	"github.com/quillgo/quill/cache"
	"github.com/quillgo/quill/command"
	"github.com/quillgo/quill/isolation"
	"github.com/quillgo/quill/metrics"
	"github.com/quillgo/quill/observable"
)

// stage is what there is while a hook is called.
type stage struct {
	r *command.Registry
	c *command.Command[int, int]
}

// fateful plays an execution that reaches the hook, with Pool isolation, and
// says how it ended for its caller. The stage is ready before anything is called.
func fateful(t *testing.T, hook string, st *stage, o command.RegistryOptions, hooks command.Hooks) string {
	t.Helper()
	st.r = registry(t, o)
	s := command.Spec[int, int]{Registry: st.r, Run: identity, Hooks: hooks, Settings: command.Settings{Timeout: time.Second}}
	switch {
	case hook == "FallbackError":
		s.Run, s.Fallback = fails, func(context.Context, int, error) (int, error) { return 0, errors.New("fallback failed") }
	case hook == "Error":
		s.Run = fails
	case hook == "ExecutionError" || strings.HasPrefix(hook, "Fallback"):
		s.Run, s.Fallback = fails, fallback
	case hook == "Unsubscribe":
		s.Run = hangs
	case hook == "Discard":
		s.Run = func(ctx context.Context, in int) (int, error) { <-ctx.Done(); return in, nil }
	case hook == "CacheHit":
		s.CacheKey = func(int) (string, bool) { return "", true }
	default:
		s.Fallback = fallback // so that a start hook that fails shows whether it ran
	}
	c := newCommand(t, s)
	st.c = c
	ctx, scope := cache.NewScope(context.Background())
	defer scope.Close()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if hook == "Unsubscribe" {
		time.AfterFunc(time.Millisecond, cancel)
	}
	call := c.Call(7)
	if hook == "CacheHit" {
		_, _ = c.Execute(ctx, 7)
	}
	v, err := call.Execute(ctx)
	time.Sleep(time.Minute) // whatever hooks have begun has ended
	var e *command.Error
	kind := "none"
	if errors.As(err, &e) {
		kind = e.Kind.String()
	}
	status, _ := s.Registry.Status("A")
	require.Zero(t, status.Concurrent+status.Fallbacks+status.Pool.Active, "everything has been given back")
	return fmt.Sprintf("%d, error %v, kind %s, events %v", v, err != nil, kind, call.Events())
}

// What a hook that fails does to the execution, whatever way it fails, alone or
// joined: four of them fail something, all others are ignored.
func TestHooks_Failing(t *testing.T) {
	fatal := map[string]string{
		"Start":          "0, error true, kind refused, events ",
		"ThreadStart":    "-1, error false, kind none, events FAILURE, FALLBACK_SUCCESS",
		"ExecutionStart": "-1, error false, kind none, events FAILURE, FALLBACK_SUCCESS",
		"FallbackStart":  "0, error true, kind failed, events FAILURE, FALLBACK_FAILURE",
	}
	for _, f := range hookNames() {
		t.Run(f.Name, func(t *testing.T) {
			ways := map[string]func() any{
				"panic":     func() any { panic("boom") },
				"panic nil": func() any { panic(nil) },
			}
			if hookShape(f) == "start" {
				ways["error"] = func() any { return errBody }
			}
			want, isFatal := fatal[f.Name]
			require.Equal(t, isFatal, hookShape(f) == "start")
			for way, fail := range ways {
				for _, form := range []string{"alone", "joined outside", "joined inside"} {
					synctest.Test(t, func(t *testing.T) {
						if !isFatal {
							want = fateful(t, f.Name, new(stage), command.RegistryOptions{}, command.Hooks{})
						}
						var seen []string
						bad := recording(func(hook string, in any) any {
							if hook == f.Name {
								seen = append(seen, "bad")
								return fail()
							}
							return in
						})
						good := recording(func(hook string, in any) any {
							if hook == f.Name {
								seen = append(seen, "good")
							}
							return in
						})
						h, order := bad, []string{"bad"}
						switch {
						case form == "joined outside" && isFatal:
							h = bad.Join(good)
						case form == "joined outside":
							h, order = bad.Join(good), []string{"good", "bad"}
						case form == "joined inside" && isFatal:
							h, order = good.Join(bad), []string{"good", "bad"}
						case form == "joined inside":
							h, order = good.Join(bad), []string{"bad", "good"}
						}
						require.Equal(t, want, fateful(t, f.Name, new(stage), command.RegistryOptions{}, h), "%s, %s", way, form)
						require.Equal(t, order, seen, "%s, %s", way, form)
					})
				}
			}
		})
	}
}

// The callers of a hook that fails the start of a stream are told as well.
func TestHooks_FailingStreams(t *testing.T) {
	inBubbles(t, func(t *testing.T, i command.Isolation) {
		for hook, want := range map[string]string{
			"Start":          "",
			"ExecutionStart": "FAILURE, FALLBACK_EMIT, FALLBACK_SUCCESS",
			"FallbackStart":  "EMIT, FAILURE, FALLBACK_FAILURE",
			"ExecutionEmit":  "EMIT, FAILURE, FALLBACK_EMIT, FALLBACK_SUCCESS",
			"Emit":           "EMIT, FAILURE, FALLBACK_EMIT, FALLBACK_SUCCESS",
			"FallbackEmit":   "EMIT, FAILURE, FALLBACK_EMIT, FALLBACK_SUCCESS",
		} {
			c := newCommand(t, command.Spec[int, int]{Settings: command.Settings{Isolation: i},
				Hooks: recording(func(h string, in any) any {
					if h == hook {
						panic("boom")
					}
					return in
				}),
				Stream: func(context.Context, int) observable.Observable[int] {
					return observable.Concat(observable.Just(1), observable.Error[int](errBody))
				},
				FallbackStream: func(context.Context, int, error) observable.Observable[int] { return observable.Just(2) }})
			call := c.Call(1)
			_, err := call.ToObservable().ToSlice(t.Context())
			require.Equal(t, want, call.Events().String(), hook)
			require.Equal(t, slices.Contains([]string{"Start", "FallbackStart"}, hook), err != nil, hook)
		}
	})
}

// callbacks is what a hook or a listener might do.
var callbacks = map[string]func(t *testing.T, s *stage){
	"execute": func(t *testing.T, s *stage) { _, _ = s.c.Execute(t.Context(), 1) },
	"stream":  func(t *testing.T, s *stage) { _, _ = s.c.ToObservable(1).Last(t.Context()) },
	"update": func(t *testing.T, s *stage) {
		require.NoError(t, s.r.Update("A", command.Settings{Timeout: 2 * time.Second, Breaker: breaker.ForcedClosed, Semaphore: 3}))
		require.NoError(t, s.r.ConfigurePool("A", isolation.PoolConfig{Core: 5}))
	},
	"look": func(t *testing.T, s *stage) {
		require.Len(t, s.r.Report().Commands, 1)
		require.NotNil(t, s.r.Breaker("A"))
	},
	"register": func(t *testing.T, s *stage) {
		newCommand(t, command.Spec[int, int]{Name: "Another", Registry: s.r, Run: identity})
	},
	"subscribe": func(t *testing.T, s *stage) {
		command.CompletionStream(s.r).Subscribe(context.Background(), observable.Funcs[command.Completion]{})
	},
	"close": func(_ *testing.T, s *stage) { s.r.Close() },
}

// Hooks and listeners may do with quill what anybody may: there is no lock that
// they could wait for, and nothing stays taken.
func TestHooks_CallBack(t *testing.T) {
	for _, f := range hookNames() {
		t.Run(f.Name, func(t *testing.T) {
			for name, back := range callbacks {
				synctest.Test(t, func(t *testing.T) {
					var called atomic.Int32 // an execution inside a hook calls the hook
					st := new(stage)
					h := recording(func(hook string, in any) any {
						if hook == f.Name && called.Add(1) <= 2 {
							back(t, st)
						}
						return in
					})
					fateful(t, f.Name, st, command.RegistryOptions{}, h)
					require.Positive(t, called.Load(), name)
					st.r.Close()
					drained(t, st.r)
				})
			}
		})
	}
}

func TestListener_CallsBack(t *testing.T) {
	for name, back := range callbacks {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var events, transitions atomic.Int32
				st := new(stage)
				l := command.Listener{
					Event: func(string, metrics.Event) {
						if events.Add(1) <= 2 {
							back(t, st)
						}
					},
					Transition: func(breaker.Transition) {
						if transitions.Add(1) <= 2 {
							back(t, st)
						}
					},
				}
				fateful(t, "Error", st, command.RegistryOptions{Listener: l, Settings: command.Settings{RequestVolume: 1}}, command.Hooks{})
				require.Positive(t, events.Load())
				require.Positive(t, transitions.Load())
				st.r.Close()
				drained(t, st.r)
			})
		})
	}
}
