package observable_test

import (
	"context"
	"testing"

	"github.com/quillgo/quill/observable"
)

// adder is the cheapest observer that does something.
type adder struct{ sum int }

func (*adder) OnSubscribe(observable.Disposable) {}
func (a *adder) OnNext(v int)                    { a.sum += v }
func (*adder) OnError(error)                     {}
func (*adder) OnComplete()                       {}

// BenchmarkSubject_Live tells items to three observers; ns/op is for one item,
// ns/delivery for one observer of one item.
func BenchmarkSubject_Live(b *testing.B) {
	subjects := []struct {
		name string
		make func() observable.Subject[int]
	}{
		{"publish", func() observable.Subject[int] { return observable.NewPublishSubject[int]() }},
		{"behavior", func() observable.Subject[int] { return observable.NewBehaviorSubject[int]() }},
		{"replay size 100", func() observable.Subject[int] {
			return observable.NewReplaySubject[int](observable.ReplayOptions{Size: 100})
		}},
		{"async", func() observable.Subject[int] { return observable.NewAsyncSubject[int]() }},
	}
	for _, s := range subjects {
		b.Run(s.name, func(b *testing.B) {
			b.ReportAllocs()
			subject := s.make()
			for range 3 {
				subject.Subscribe(context.Background(), new(adder))
			}
			for b.Loop() {
				subject.OnNext(1)
			}
			perDelivery(b, 3)
		})
	}
	b.Run("unicast", func(b *testing.B) {
		b.ReportAllocs()
		subject := observable.NewUnicastSubject[int](observable.UnicastOptions{})
		subject.Subscribe(context.Background(), new(adder))
		for b.Loop() {
			subject.OnNext(1)
		}
	})
}

func perDelivery(b *testing.B, n int) {
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/delivery")
}

// BenchmarkReplay_Live is a subject's life: 1000 items to three observers.
func BenchmarkReplay_Live(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		s := observable.NewReplaySubject[int](observable.ReplayOptions{})
		for range 3 {
			s.Subscribe(context.Background(), new(adder))
		}
		for range 1000 {
			s.OnNext(1)
		}
		s.OnComplete()
	}
	perDelivery(b, 3000)
}

// BenchmarkReplay_Late tells 1000 stored items to three observers that come
// after the end.
func BenchmarkReplay_Late(b *testing.B) {
	for _, size := range []int{0, 1000} {
		name := "all"
		if size > 0 {
			name = "size 1000"
		}
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			s := observable.NewReplaySubject[int](observable.ReplayOptions{Size: size})
			for range 1000 {
				s.OnNext(1)
			}
			s.OnComplete()
			var a adder
			for b.Loop() {
				for range 3 {
					s.Subscribe(context.Background(), &a)
				}
			}
			perDelivery(b, 3000)
		})
	}
}

// BenchmarkReplay_Scalar stores one item and the end, and tells both to an
// observer that was there before and one that came after.
func BenchmarkReplay_Scalar(b *testing.B) {
	var a adder
	b.Run("store", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			s := observable.NewReplaySubject[int](observable.ReplayOptions{})
			s.OnNext(1)
			s.OnComplete()
		}
	})
	b.Run("store, live, late", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			s := observable.NewReplaySubject[int](observable.ReplayOptions{})
			s.Subscribe(context.Background(), &a)
			s.OnNext(1)
			s.OnComplete()
			s.Subscribe(context.Background(), &a)
		}
	})
	b.Run("late", func(b *testing.B) {
		b.ReportAllocs()
		s := observable.NewReplaySubject[int](observable.ReplayOptions{})
		s.OnNext(1)
		s.OnComplete()
		for b.Loop() {
			s.Subscribe(context.Background(), &a)
		}
	})
}

// BenchmarkShare is a connection of a synchronous source of 1000 items.
func BenchmarkShare(b *testing.B) {
	var a adder
	for _, c := range []struct {
		name string
		o    func(observable.Observable[int]) observable.Observable[int]
	}{
		{"plain", func(o observable.Observable[int]) observable.Observable[int] { return o }},
		{"share", observable.Share[int]},
		{"cache", observable.Cache[int]},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			o := observable.Range(0, 1000)
			for b.Loop() {
				c.o(o).Subscribe(context.Background(), &a)
			}
			perDelivery(b, 1000)
		})
	}
}
