package command_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quillgo/quill/command"
)

// TestFuture_OnDone: each function hears the result once, whichever way the
// execution ends and whenever it was given, and the pool's slot is back by then.
func TestFuture_OnDone(t *testing.T) {
	boom := errors.New("boom")
	same := func(_ context.Context, in int) (int, error) { return in, nil }
	hang := func(ctx context.Context, _ int) (int, error) { <-ctx.Done(); return 0, ctx.Err() }
	for _, test := range []struct {
		name      string
		isolation command.Isolation
		body      func(context.Context, int) (int, error)
		leaves    bool // before the body has returned
		want      error
	}{
		{"success", command.Pool, same, false, nil},
		{"success with a semaphore", command.Semaphore, same, false, nil},
		{"failure", command.Pool, func(context.Context, int) (int, error) { return 0, boom }, false, boom},
		{"panic", command.Pool, func(context.Context, int) (int, error) { panic(boom) }, false, boom},
		{"timeout", command.Pool, hang, true, command.ErrTimeout},
		{"cancelled", command.Pool, hang, true, context.Canceled},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, err := command.NewRegistry(command.RegistryOptions{})
				require.NoError(t, err)
				gate := make(chan struct{})
				c := command.MustNew(command.Spec[int, int]{Name: "C", Registry: r,
					Settings: command.Settings{Isolation: test.isolation, Timeout: time.Second},
					Run: func(ctx context.Context, in int) (int, error) {
						<-gate
						return test.body(ctx, in)
					}})
				var order []string
				hears := func(who string) func(int, error) {
					return func(_ int, err error) {
						order = append(order, who)
						assert.Equal(t, test.want == nil, err == nil)
						if test.want != nil {
							assert.ErrorIs(t, err, test.want)
						}
						if p := r.Pool("C"); p != nil && !test.leaves {
							assert.Zero(t, p.Stats().Active)
						}
					}
				}
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				f := c.ToFuture(ctx, 1)
				f.OnDone(hears("first"))
				f.OnDone(hears("second"))
				synctest.Wait()
				assert.Empty(t, order, "nothing is there yet")
				close(gate)
				if errors.Is(test.want, context.Canceled) {
					cancel()
				}
				_, _ = f.Get(context.Background())
				synctest.Wait()
				assert.Equal(t, []string{"first", "second"}, order)
				f.OnDone(hears("late"))
				assert.Equal(t, []string{"first", "second", "late"}, order, "at once, when the result is there")
			})
		})
	}
}

// TestFuture_OnDoneThatFails: a function that panics or ends the goroutine takes
// nothing from others, and the registry drains.
func TestFuture_OnDoneThatFails(t *testing.T) {
	was := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(io.Discard, nil)))
	defer slog.SetDefault(was)
	for name, fails := range map[string]func(int, error){
		"panic":  func(int, error) { panic("boom") },
		"goexit": func(int, error) { runtime.Goexit() },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, err := command.NewRegistry(command.RegistryOptions{})
				require.NoError(t, err)
				gate := make(chan struct{})
				c := command.MustNew(command.Spec[int, int]{Name: "C", Registry: r,
					Run: func(_ context.Context, in int) (int, error) { <-gate; return in, nil }})
				f := c.ToFuture(t.Context(), 7)
				heard := 0
				f.OnDone(fails)
				f.OnDone(func(out int, err error) { heard++; assert.Equal(t, 7, out) })
				close(gate)
				out, err := f.Get(t.Context())
				assert.NoError(t, err)
				assert.Equal(t, 7, out)
				synctest.Wait()
				assert.Equal(t, 1, heard)
				assert.NoError(t, r.Shutdown(t.Context()))
			})
		})
	}
}
