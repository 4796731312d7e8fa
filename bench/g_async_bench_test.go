package bench_test

import (
	"context"
	"iter"
	"sync"
	"testing"

	"github.com/reactivex/rxgo/v2"
	"github.com/samber/ro"

	"github.com/quillgo/quill/observable"
)

// BenchmarkG5 merges four sources that emit a thousand items each, on goroutines
// of their own.
func BenchmarkG5(b *testing.B) {
	ctx := context.Background()
	row(b, "mutex", func(b *meter) {
		for range b.N {
			var mu sync.Mutex
			sum := 0
			var all sync.WaitGroup
			for range 4 {
				all.Go(func() {
					for v := range thousand {
						mu.Lock()
						sum = plus(sum, v)
						mu.Unlock()
					}
				})
			}
			all.Wait()
			check(b, sum, nil, 4*sumOfAll)
		}
	})
	row(b, "channel", func(b *meter) {
		for range b.N {
			merged := make(chan int, 128)
			var all sync.WaitGroup
			for range 4 {
				all.Go(func() {
					for v := range thousand {
						merged <- v
					}
				})
			}
			go func() {
				all.Wait()
				close(merged)
			}()
			sum := 0
			for v := range merged {
				sum = plus(sum, v)
			}
			check(b, sum, nil, 4*sumOfAll)
		}
	})
	row(b, "quill", func(b *meter) {
		source := observable.Range(0, thousand).SubscribeOn(observable.Go())
		for range b.N {
			v, err := observable.ReduceSeed(observable.Merge(source, source, source, source), 0, plus).First(ctx)
			check(b, v, err, 4*sumOfAll)
		}
	})
	row(b, "ro", func(b *meter) {
		source := ro.NewUnsafeObservable(func(o ro.Observer[int]) ro.Teardown {
			go func() {
				for v := range thousand {
					o.Next(v)
				}
				o.Complete()
			}()
			return nil
		})
		for range b.N {
			check(b, only(b, ro.Pipe1(ro.Merge(source, source, source, source), ro.Sum[int]())), nil, 4*sumOfAll)
		}
	})
	row(b, "rxgo-buf128", func(b *meter) {
		for range b.N {
			sources := make([]rxgo.Observable, 4)
			for i := range sources {
				sources[i] = rxgo.Range(0, thousand, buffered(128))
			}
			item, err := rxgo.Merge(sources, buffered(128)).Reduce(func(_ context.Context, sum, v any) (any, error) {
				if sum == nil {
					return v, nil
				}
				return plus(sum.(int), v.(int)), nil
			}, buffered(128)).Get()
			check(b, item.V.(int), err, 4*sumOfAll)
		}
	})
}

// BenchmarkG6 takes ten thousand items from one goroutine to another.
func BenchmarkG6(b *testing.B) {
	ctx := context.Background()
	const n, want = 10 * thousand, 10 * thousand * (10*thousand - 1) / 2
	row(b, "loop", func(b *meter) {
		for range b.N {
			sum := 0
			for v := range numbers(n) {
				sum = plus(sum, v)
			}
			check(b, sum, nil, want)
		}
	})
	row(b, "channel", func(b *meter) {
		for range b.N {
			items := make(chan int, 128)
			go func() {
				defer close(items)
				for v := range n {
					items <- v
				}
			}()
			sum := 0
			for v := range items {
				sum = plus(sum, v)
			}
			check(b, sum, nil, want)
		}
	})
	row(b, "iter.Pull", func(b *meter) {
		for range b.N {
			next, stop := iter.Pull(numbers(n))
			sum := 0
			for v, ok := next(); ok; v, ok = next() {
				sum = plus(sum, v)
			}
			stop()
			check(b, sum, nil, want)
		}
	})
	row(b, "quill", func(b *meter) {
		for range b.N {
			v, err := observable.ReduceSeed(observable.Range(0, n).ObserveOn(observable.Go(), 128), 0, plus).First(ctx)
			check(b, v, err, want)
		}
	})
	row(b, "quill-unlimited", func(b *meter) {
		for range b.N {
			v, err := observable.ReduceSeed(observable.Range(0, n).ObserveOn(observable.Go(), observable.Unlimited), 0, plus).First(ctx)
			check(b, v, err, want)
		}
	})
	row(b, "ro", func(b *meter) {
		for range b.N {
			check(b, int(only(b, ro.Pipe2(ro.Range(0, n), ro.ObserveOn[int64](128), ro.Sum[int64]()))), nil, want)
		}
	})
	row(b, "rxgo-buf128", func(b *meter) {
		for range b.N {
			sum := 0
			for item := range rxgo.Range(0, n, buffered(128)).Observe() {
				sum = plus(sum, item.V.(int))
			}
			check(b, sum, nil, want)
		}
	})
}
