package command_test

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/quillgo/quill/cache"
	"github.com/quillgo/quill/command"
	"github.com/quillgo/quill/observable"
)

// Requests come and go from everywhere: each is told something, once, and each
// answer is its own.
func TestCollapser_Stress(t *testing.T) {
	s := newSquares(t, func(s *command.CollapserSpec[int, int, []int]) {
		s.Settings = command.CollapserSettings{Delay: time.Microsecond, MaxRequests: 7}
		s.Batch = command.MustNew(command.Spec[[]int, []int]{
			Name: "All", Registry: s.Registry, Settings: command.Settings{Isolation: command.Semaphore, Semaphore: command.Unlimited, Timeout: -1},
			Run: (&squares{}).run,
		})
	})
	var wg sync.WaitGroup
	var answered, left atomic.Int64
	const callers, each = 8, 500
	for c := range callers {
		wg.Go(func() {
			for i := range each {
				n := (c*31 + i) % 50
				f := s.ToFuture(t.Context(), n)
				if i%3 == 0 && f.Cancel() {
					left.Add(1)
					continue
				}
				got, err := f.Get(t.Context())
				if err == nil && got == n*n {
					answered.Add(1)
				} else {
					t.Errorf("%d: %d, %v", n, got, err)
				}
			}
		})
	}
	wg.Wait()
	require.EqualValues(t, callers*each, answered.Load()+left.Load())
	require.NoError(t, s.registry.Shutdown(t.Context()))
}

// Everything at once: requests of all four kinds come and go, with keys and
// without, in scopes that close, while settings change and shards part them; then
// the registry is closed or shut down in the middle of it. Each request is told one
// end, and nothing after it.
func TestCollapser_StressEverything(t *testing.T) {
	for name, end := range map[string]func(*command.Registry){
		"close":    (*command.Registry).Close,
		"shutdown": func(r *command.Registry) { _ = r.Shutdown(context.Background()) },
	} {
		for _, scope := range []command.CollapserScope{command.PerRequest, command.Global} {
			t.Run(fmt.Sprint(name, " ", scope), func(t *testing.T) {
				stressEverything(t, scope, end)
			})
		}
	}
}

func stressEverything(t *testing.T, scope command.CollapserScope, end func(*command.Registry)) {
	const callers, rounds, perScope = 6, 60, 10
	s := newSquares(t, func(s *squaresSpec) {
		s.Scope = scope
		s.Settings = command.CollapserSettings{Delay: 20 * time.Microsecond, MaxRequests: 5}
		s.Shard = func(n int) string { return fmt.Sprint(n % 3) }
		s.CacheKey = func(n int) (string, bool) { return fmt.Sprint(n), n%2 == 0 }
	})
	var wg sync.WaitGroup
	var asked atomic.Int64
	settled := make(chan struct{})
	half := sync.OnceFunc(func() { close(settled) })
	for c := range callers {
		wg.Go(func() {
			for range rounds {
				ctx, requests := cache.NewScope(context.Background())
				var group sync.WaitGroup
				for i := range perScope {
					group.Go(func() { askSomehow(ctx, t, s, i%7, c+i) })
				}
				if c%2 == 0 {
					requests.Close()
				}
				group.Wait()
				requests.Close()
				if asked.Add(1) == callers*rounds/2 {
					half()
				}
			}
		})
	}
	wg.Go(func() {
		for n := 0; asked.Load() < callers*rounds/2; n++ {
			set := command.CollapserSettings{MaxRequests: []int{1, 2, 50, command.Unlimited}[n%4], Delay: time.Duration(n%3*50+1) * time.Microsecond}
			if n%5 == 0 {
				set.RequestCache = command.Off
			}
			if err := s.registry.UpdateCollapser("Square", set); err != nil {
				t.Error(err)
			}
			_ = s.Status()
			runtime.Gosched()
		}
	})
	<-settled
	end(s.registry)
	wg.Wait()
	_, err := s.Execute(context.Background(), 1)
	require.Error(t, err)
	require.NoError(t, s.registry.Shutdown(context.Background()))
}

// askSomehow makes one request in one of many ways and waits for its end.
func askSomehow(ctx context.Context, t *testing.T, s *squares, n, way int) {
	ctx = observable.WithErrorHandler(ctx, func(error) {}) // of requests whose callers left
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	check := func(got int, err error) {
		if err == nil && got != n*n {
			t.Errorf("%d: %d", n, got)
		}
	}
	switch way % 6 {
	case 0:
		check(s.Execute(ctx, n))
	case 1:
		check(s.ToFuture(ctx, n).Get(context.Background()))
	case 2:
		f := s.ToFuture(ctx, n)
		f.Cancel()
		check(f.Get(context.Background()))
	case 3:
		go cancel() // ends at once
		check(s.Observe(ctx, n).First(context.Background()))
	case 4:
		o := &oneEnd{t: t, over: make(chan struct{})}
		s.ToObservable(n).Subscribe(ctx, o)
		<-o.over
	case 5: // leaves at the first item, or from inside OnSubscribe
		o := &oneEnd{t: t, over: make(chan struct{}), leaves: true, atOnce: n%2 == 0}
		s.ToObservable(n).Subscribe(ctx, o)
		<-o.over
	}
}

// oneEnd is an observer that notes what comes after its end.
type oneEnd struct {
	t              *testing.T
	up             observable.Disposable
	over           chan struct{}
	ended          atomic.Bool
	leaves, atOnce bool
}

func (o *oneEnd) OnSubscribe(d observable.Disposable) {
	o.up = d
	if o.atOnce {
		o.end()
		d.Dispose()
	}
}

func (o *oneEnd) OnNext(int) {
	if o.ended.Load() {
		o.t.Error("an item after the end")
	}
	if o.leaves {
		o.end()
		o.up.Dispose()
	}
}

func (o *oneEnd) OnError(error) { o.end() }
func (o *oneEnd) OnComplete()   { o.end() }

func (o *oneEnd) end() {
	if o.ended.Swap(true) {
		o.t.Error("a second end")
		return
	}
	close(o.over)
}
