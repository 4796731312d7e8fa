package observable_test

import (
	"context"
	"strconv"
	"testing"
	"time"

	"github.com/quillgo/quill/observable"
	"github.com/quillgo/quill/observable/observabletest"
)

// BenchmarkObserveOn_PerItem passes bursts of 1000 items through a queue, on one
// goroutine: 1000 times the cost of putting one in and taking it out.
func BenchmarkObserveOn_PerItem(b *testing.B) {
	for _, bound := range []int{observable.Unlimited, 5000} {
		b.Run(strconv.Itoa(bound), func(b *testing.B) {
			v := observabletest.NewVirtualScheduler()
			src := new(manual[int])
			src.observable().ObserveOn(v, bound).Subscribe(context.Background(), &observable.Funcs[int]{})
			b.ReportAllocs()
			for b.Loop() {
				for i := range 1000 {
					src.o.OnNext(i)
				}
				v.Trigger()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1000, "ns/item")
		})
	}
}

// BenchmarkObserveOn_Goroutines is the same across two goroutines.
func BenchmarkObserveOn_Goroutines(b *testing.B) {
	for _, bound := range []int{observable.Unlimited, 128} {
		b.Run(strconv.Itoa(bound), func(b *testing.B) {
			b.ReportAllocs()
			err := observable.Range(0, b.N).ObserveOn(observable.Go(), bound).Wait(context.Background())
			if err != nil {
				b.Fatal(err)
			}
		})
	}
}

func BenchmarkTimeout_PerItem(b *testing.B) {
	for name, limit := range map[string]func(observable.Observable[int]) observable.Observable[int]{
		"Timeout": func(o observable.Observable[int]) observable.Observable[int] { return o.Timeout(time.Hour) },
		"TimeoutFirst": func(o observable.Observable[int]) observable.Observable[int] {
			return observable.TimeoutFirst(o, time.Hour)
		},
	} {
		b.Run(name, func(b *testing.B) {
			src := new(manual[int])
			var d observable.Disposable
			limit(src.observable()).Subscribe(context.Background(), &observable.Funcs[int]{
				Subscribe: func(up observable.Disposable) { d = up },
			})
			b.ReportAllocs()
			for b.Loop() {
				src.o.OnNext(1)
			}
			d.Dispose()
		})
	}
}

func BenchmarkTimeout_PerSubscription(b *testing.B) {
	o := observable.TimeoutFirst(observable.Just(1), time.Hour)
	b.ReportAllocs()
	for b.Loop() {
		o.Subscribe(context.Background(), &observable.Funcs[int]{})
	}
}

func BenchmarkDoFinally_PerSubscription(b *testing.B) {
	o := observable.Just(1).DoFinally(func() {})
	b.ReportAllocs()
	for b.Loop() {
		o.Subscribe(context.Background(), &observable.Funcs[int]{})
	}
}
