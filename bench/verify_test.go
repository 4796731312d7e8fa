package bench_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/afex/hystrix-go/hystrix"
	"github.com/eapache/go-resiliency/deadline"
	"github.com/failsafe-go/failsafe-go"
	"github.com/failsafe-go/failsafe-go/timeout"

	"github.com/quillgo/quill/bench/internal/peers"
	"github.com/quillgo/quill/command"
)

// library is one way to do the full job, for the tests, which need no speed.
type library struct {
	name    string
	leaves  bool // the caller is freed at the timeout
	outside bool // keeps goroutines for ever, so that it cannot run in a bubble
	late    error
	ready   func(s peers.Setup) func(ctx context.Context) (int, error)
}

func libraries() []library {
	quill := func(how command.Isolation) func(peers.Setup) func(context.Context) (int, error) {
		return func(s peers.Setup) func(context.Context) (int, error) {
			q := peers.Quill(s, how)
			return func(ctx context.Context) (int, error) { return q.Execute(ctx, 1) }
		}
	}
	return []library{
		{name: "quill", late: command.ErrTimeout, ready: quill(command.Semaphore)},
		{name: "quill-pool", leaves: true, late: command.ErrTimeout, ready: quill(command.Pool)},
		{name: "gobreaker", late: context.DeadlineExceeded, ready: func(s peers.Setup) func(context.Context) (int, error) {
			cb := peers.Gobreaker(s)
			return func(ctx context.Context) (int, error) {
				v, err := cb.Execute(func() (int, error) {
					ctx, cancel := context.WithTimeout(ctx, s.Timeout)
					defer cancel()
					return s.Run(ctx, 1)
				})
				if err != nil {
					return s.Fallback(ctx, 1, err)
				}
				return v, nil
			}
		}},
		{name: "cep21", late: context.DeadlineExceeded, ready: func(s peers.Setup) func(context.Context) (int, error) {
			return captured(s, peers.CEP21("Bench", s, true).Execute)
		}},
		{name: "cep21.Go", leaves: true, late: context.DeadlineExceeded, ready: func(s peers.Setup) func(context.Context) (int, error) {
			return captured(s, peers.CEP21("Bench", s, false).Go)
		}},
		{name: "failsafe", late: timeout.ErrExceeded, ready: func(s peers.Setup) func(context.Context) (int, error) {
			policies := peers.Failsafe(s)
			return func(ctx context.Context) (int, error) {
				return policies.WithContext(ctx).GetWithExecution(func(exec failsafe.Execution[int]) (int, error) {
					return s.Run(exec.Context(), 1)
				})
			}
		}},
		{name: "hystrix-go", leaves: true, outside: true, late: hystrix.ErrTimeout, ready: func(s peers.Setup) func(context.Context) (int, error) {
			s.Limit = peers.HystrixLimit
			name := peers.Hystrix(s)
			return captured(s, func(ctx context.Context, run func(context.Context) error, fallback func(context.Context, error) error) error {
				return hystrix.DoC(ctx, name, run, fallback)
			})
		}},
		{name: "eapache", leaves: true, late: deadline.ErrTimedOut, ready: func(s peers.Setup) func(context.Context) (int, error) {
			eb, limit := peers.Eapache(s), deadline.New(s.Timeout)
			return func(ctx context.Context) (int, error) {
				value := make(chan int, 1)
				if err := eb.Run(func() error {
					return limit.Run(func(<-chan struct{}) error {
						v, err := s.Run(ctx, 1)
						value <- v
						return err
					})
				}); err != nil {
					return s.Fallback(ctx, 1, err)
				}
				return <-value, nil
			}
		}},
	}
}

// captured is a call of a library without values.
func captured(s peers.Setup, do func(context.Context, func(context.Context) error, func(context.Context, error) error) error) func(context.Context) (int, error) {
	return func(ctx context.Context) (int, error) {
		value := make(chan int, 2) // a late body leaves its value here
		serve := func(v int, err error) error {
			if err == nil {
				value <- v
			}
			return err
		}
		if err := do(ctx, func(ctx context.Context) error {
			return serve(s.Run(ctx, 1))
		}, func(ctx context.Context, cause error) error {
			return serve(s.Fallback(ctx, 1, cause))
		}); err != nil {
			return 0, err
		}
		return <-value, nil
	}
}

// each runs f for every library that is wanted, in a bubble if it can be.
func each(t *testing.T, want func(library) bool, f func(t *testing.T, l library)) {
	for _, l := range libraries() {
		if !want(l) {
			continue
		}
		t.Run(l.name, func(t *testing.T) {
			if l.outside {
				f(t, l)
				return
			}
			synctest.Test(t, func(t *testing.T) { f(t, l) })
		})
	}
}

func TestSuccessGivesTheBodysValue(t *testing.T) {
	each(t, func(library) bool { return true }, func(t *testing.T, l library) {
		if v, err := l.ready(peers.Default())(t.Context()); v != 2 || err != nil {
			t.Errorf("the call gave %d, %v, want 2", v, err)
		}
	})
}

// What the cooperative libraries promise: the body's context ends at the
// timeout, and the fallback learns why.
func TestTimeoutEndsTheBodysContext(t *testing.T) {
	each(t, func(l library) bool { return !l.leaves }, func(t *testing.T, l library) {
		s := peers.Default()
		s.Timeout = 30 * time.Millisecond
		s.Run = func(ctx context.Context, _ int) (int, error) {
			<-ctx.Done()
			return 0, ctx.Err()
		}
		servesLate(t, l, s)
	})
}

// What the others promise: the caller is freed while the body still runs.
func TestTimeoutFreesTheCaller(t *testing.T) {
	each(t, func(l library) bool { return l.leaves }, func(t *testing.T, l library) {
		s := peers.Default()
		s.Timeout = 30 * time.Millisecond
		leave := make(chan struct{})
		defer close(leave)
		s.Run = func(context.Context, int) (int, error) {
			<-leave
			return 0, nil
		}
		servesLate(t, l, s)
	})
}

func servesLate(t *testing.T, l library, s peers.Setup) {
	t.Helper()
	var cause error
	s.Fallback = func(_ context.Context, _ int, err error) (int, error) {
		cause = err
		return peers.Fallen, nil
	}
	call, start := l.ready(s), time.Now()
	if v, err := call(t.Context()); v != peers.Fallen || err != nil {
		t.Errorf("the call gave %d, %v, want the fallback's %d", v, err, peers.Fallen)
	}
	if took := time.Since(start); !l.outside && took != s.Timeout { // virtual time
		t.Errorf("the call took %v, want %v", took, s.Timeout)
	}
	if !errors.Is(cause, l.late) {
		t.Errorf("the fallback was told %v, want %v", cause, l.late)
	}
}

// The setup means the same for every library: twenty failures within ten seconds
// open, and older ones do not count.
func TestTwentyFailuresInTenSecondsOpen(t *testing.T) {
	judges := func(l library) bool { return !l.outside && l.name != "eapache" }
	each(t, judges, func(t *testing.T, l library) {
		c := &counted{}
		s := peers.Default()
		s.Run = c.fail
		call := l.ready(s)
		runs := func(calls int, want int64) {
			t.Helper()
			before := c.runs.Load()
			for range calls {
				_, _ = call(t.Context())
			}
			if got := c.runs.Load() - before; got != want {
				t.Fatalf("the body ran %d times in %d calls, want %d", got, calls, want)
			}
		}
		runs(s.Volume-1, int64(s.Volume)-1)
		time.Sleep(12 * time.Second) // in the bubble
		runs(s.Volume-1, int64(s.Volume)-1)
		runs(5, 1)
	})
}

// The volume of groups C and E is never reached.
func TestUnreachableVolumeKeepsClosed(t *testing.T) {
	each(t, func(library) bool { return true }, func(t *testing.T, l library) {
		const calls = 2000
		c := &counted{}
		s := failing()
		s.Run = c.fail
		call := l.ready(s)
		for range calls {
			if v, err := call(t.Context()); v != peers.Fallen || err != nil {
				t.Fatalf("the call gave %d, %v, want %d", v, err, peers.Fallen)
			}
		}
		if n := c.runs.Load(); n != calls {
			t.Errorf("the body ran %d times in %d calls", n, calls)
		}
	})
}
