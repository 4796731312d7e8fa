package bench_test

import (
	"context"
	"testing"

	"github.com/reactivex/rxgo/v2"
	"github.com/samber/ro"

	"github.com/quillgo/quill/observable"
)

// adder is an observer that sums up.
type adder struct {
	sum  int
	over bool
}

func (*adder) OnSubscribe(observable.Disposable) {}
func (a *adder) OnNext(v int)                    { a.sum += v }
func (a *adder) OnError(error)                   {}
func (a *adder) OnComplete()                     { a.over = true }

// roAdder is one for ro.
func (a *adder) ro() ro.Observer[int] {
	return ro.NewObserver(func(v int) { a.sum += v }, func(error) {}, func() { a.over = true })
}

// total is what the observers have got; each must have been told the end.
func total(b *meter, all []adder) (sum int) {
	for i := range all {
		if !all[i].over {
			b.Fatalf("observer %d of %d was not told the end", i+1, len(all))
		}
		sum += all[i].sum
	}
	return sum
}

// BenchmarkG4Late replays a thousand items to three observers that come late.
func BenchmarkG4Late(b *testing.B) {
	ctx := context.Background()
	row(b, "slice", func(b *meter) {
		for range b.N {
			var kept []int
			for v := range numbers(thousand) {
				kept = append(kept, v)
			}
			sum := 0
			for range 3 {
				for _, v := range kept {
					sum = plus(sum, v)
				}
			}
			check(b, sum, nil, 3*sumOfAll)
		}
	})
	row(b, "quill", func(b *meter) {
		for range b.N {
			s := observable.NewReplaySubject[int](observable.ReplayOptions{})
			for v := range thousand {
				s.OnNext(v)
			}
			s.OnComplete()
			var late [3]adder
			for i := range late {
				s.Subscribe(ctx, &late[i])
			}
			check(b, total(b, late[:]), nil, 3*sumOfAll)
		}
	})
	row(b, "ro", func(b *meter) {
		for range b.N {
			s := ro.NewReplaySubject[int](thousand)
			for v := range thousand {
				s.Next(v)
			}
			s.Complete()
			var late [3]adder
			for i := range late {
				s.Subscribe(late[i].ro())
			}
			check(b, total(b, late[:]), nil, 3*sumOfAll)
		}
	})
}

// BenchmarkG4Live is a replay whose three observers are there from the start.
func BenchmarkG4Live(b *testing.B) {
	ctx := context.Background()
	row(b, "quill", func(b *meter) {
		for range b.N {
			s := observable.NewReplaySubject[int](observable.ReplayOptions{})
			var live [3]adder
			for i := range live {
				s.Subscribe(ctx, &live[i])
			}
			for v := range thousand {
				s.OnNext(v)
			}
			s.OnComplete()
			check(b, total(b, live[:]), nil, 3*sumOfAll)
		}
	})
	row(b, "ro", func(b *meter) {
		for range b.N {
			s := ro.NewReplaySubject[int](thousand)
			var live [3]adder
			for i := range live {
				s.Subscribe(live[i].ro())
			}
			for v := range thousand {
				s.Next(v)
			}
			s.Complete()
			check(b, total(b, live[:]), nil, 3*sumOfAll)
		}
	})
	row(b, "rxgo-publish", func(b *meter) { // which replays nothing
		for range b.N {
			all := rxgo.Range(0, thousand, rxgo.WithPublishStrategy(), buffered(128))
			sums := make(chan int)
			for range 3 {
				items := all.Observe(buffered(128))
				go func() {
					sum := 0
					for item := range items {
						sum = plus(sum, item.V.(int))
					}
					sums <- sum
				}()
			}
			all.Connect(ctx)
			check(b, <-sums+<-sums+<-sums, nil, 3*sumOfAll)
		}
	})
}

// BenchmarkGFanOut is a subject that tells ten observers a thousand items.
func BenchmarkGFanOut(b *testing.B) {
	ctx := context.Background()
	row(b, "slice", func(b *meter) {
		for range b.N {
			all := make([]observable.Observer[int], 10)
			of := make([]adder, 10)
			for i := range all {
				all[i] = &of[i]
			}
			for v := range thousand {
				for _, o := range all {
					o.OnNext(v)
				}
			}
			for _, o := range all {
				o.OnComplete()
			}
			check(b, total(b, of), nil, 10*sumOfAll)
		}
	})
	row(b, "quill", func(b *meter) {
		for range b.N {
			s := observable.NewPublishSubject[int]()
			var all [10]adder
			for i := range all {
				s.Subscribe(ctx, &all[i])
			}
			for v := range thousand {
				s.OnNext(v)
			}
			s.OnComplete()
			check(b, total(b, all[:]), nil, 10*sumOfAll)
		}
	})
	row(b, "ro", func(b *meter) {
		for range b.N {
			s := ro.NewPublishSubject[int]()
			var all [10]adder
			for i := range all {
				s.Subscribe(all[i].ro())
			}
			for v := range thousand {
				s.Next(v)
			}
			s.Complete()
			check(b, total(b, all[:]), nil, 10*sumOfAll)
		}
	})
}
