package bench_test

import (
	"context"
	"iter"
	"testing"

	"github.com/reactivex/rxgo/v2"
	"github.com/samber/ro"

	"github.com/quillgo/quill/observable"
)

// thousand is how many items a stream of groups G has, where nothing else is
// said.
const thousand = 1000

// sumOfEvenSquares is what groups G1 and GLoop have to come to.
var sumOfEvenSquares = func() (sum int) {
	for i := range thousand {
		if s := i * i; s%2 == 0 {
			sum += s
		}
	}
	return sum
}()

func square(v int) int           { return v * v }
func even(v int) bool            { return v%2 == 0 }
func plus(sum, v int) int        { return sum + v }
func square64(v int64) int64     { return v * v }
func even64(v int64) bool        { return v%2 == 0 }
func plus64(sum, v int64) int64  { return sum + v }
func buffered(n int) rxgo.Option { return rxgo.WithBufferedChannel(n) }

// numbers is 0 to n-1 as an iterator.
func numbers(n int) iter.Seq[int] {
	return func(yield func(int) bool) {
		for i := range n {
			if !yield(i) {
				return
			}
		}
	}
}

func mapSeq(seq iter.Seq[int], f func(int) int) iter.Seq[int] {
	return func(yield func(int) bool) {
		for v := range seq {
			if !yield(f(v)) {
				return
			}
		}
	}
}

func filterSeq(seq iter.Seq[int], keep func(int) bool) iter.Seq[int] {
	return func(yield func(int) bool) {
		for v := range seq {
			if keep(v) && !yield(v) {
				return
			}
		}
	}
}

// only is the one item of a stream of ro.
func only[T any](b *meter, o ro.Observable[T]) T {
	all, err := ro.Collect(o)
	if err != nil || len(all) != 1 {
		b.Fatalf("ro gave %v, %v, want one item", all, err)
	}
	return all[0]
}

// BenchmarkG1 is a chain of three operators over a thousand items, assembled for
// each run.
func BenchmarkG1(b *testing.B) {
	ctx := context.Background()
	row(b, "loop", func(b *meter) {
		for range b.N {
			sum := 0
			for v := range numbers(thousand) {
				if s := square(v); even(s) {
					sum = plus(sum, s)
				}
			}
			check(b, sum, nil, sumOfEvenSquares)
		}
	})
	row(b, "iter.Seq", func(b *meter) {
		for range b.N {
			sum := 0
			for v := range filterSeq(mapSeq(numbers(thousand), square), even) {
				sum = plus(sum, v)
			}
			check(b, sum, nil, sumOfEvenSquares)
		}
	})
	row(b, "channels", func(b *meter) {
		for range b.N {
			squares, evens := make(chan int, 128), make(chan int, 128)
			go func() {
				defer close(squares)
				for i := range thousand {
					squares <- square(i)
				}
			}()
			go func() {
				defer close(evens)
				for v := range squares {
					if even(v) {
						evens <- v
					}
				}
			}()
			sum := 0
			for v := range evens {
				sum = plus(sum, v)
			}
			check(b, sum, nil, sumOfEvenSquares)
		}
	})
	row(b, "quill", func(b *meter) {
		for range b.N {
			squares := observable.Map(observable.Range(0, thousand), square)
			v, err := observable.ReduceSeed(squares.Filter(even), 0, plus).First(ctx)
			check(b, v, err, sumOfEvenSquares)
		}
	})
	row(b, "quill-prebuilt", func(b *meter) {
		sum := observable.ReduceSeed(observable.Map(observable.Range(0, thousand), square).Filter(even), 0, plus)
		for range b.N {
			v, err := sum.First(ctx)
			check(b, v, err, sumOfEvenSquares)
		}
	})
	row(b, "ro", func(b *meter) {
		for range b.N {
			sum := ro.Pipe3(ro.Range(0, thousand), ro.Map(square64), ro.Filter(even64), ro.Sum[int64]())
			check(b, int(only(b, sum)), nil, sumOfEvenSquares)
		}
	})
	row(b, "ro-prebuilt", func(b *meter) {
		sum := ro.Pipe3(ro.Range(0, thousand), ro.Map(square64), ro.Filter(even64), ro.Sum[int64]())
		for range b.N {
			check(b, int(only(b, sum)), nil, sumOfEvenSquares)
		}
	})
	for name, options := range map[string][]rxgo.Option{"rxgo": nil, "rxgo-buf128": {buffered(128)}} {
		row(b, name, func(b *meter) {
			for range b.N {
				item, err := rxgo.Range(0, thousand, options...).
					Map(func(_ context.Context, v any) (any, error) { return square(v.(int)), nil }, options...).
					Filter(func(v any) bool { return even(v.(int)) }, options...).
					Reduce(func(_ context.Context, sum, v any) (any, error) {
						if sum == nil {
							return v, nil
						}
						return plus(sum.(int), v.(int)), nil
					}, options...).Get()
				check(b, item.V.(int), err, sumOfEvenSquares)
			}
		})
	}
}

// BenchmarkG2 is one item through one operator.
func BenchmarkG2(b *testing.B) {
	ctx := context.Background()
	row(b, "iter.Seq", func(b *meter) {
		for range b.N {
			for v := range mapSeq(numbers(7), func(int) int { return 49 }) {
				check(b, v, nil, 49)
				break
			}
		}
	})
	row(b, "quill", func(b *meter) {
		for range b.N {
			v, err := observable.Map(observable.Just(7), square).First(ctx)
			check(b, v, err, 49)
		}
	})
	row(b, "ro", func(b *meter) {
		for range b.N {
			check(b, only(b, ro.Pipe2(ro.Just(7), ro.Map(square), ro.Head[int]())), nil, 49)
		}
	})
	row(b, "rxgo", func(b *meter) {
		for range b.N {
			item, err := rxgo.Just(7)().Map(func(_ context.Context, v any) (any, error) { return square(v.(int)), nil }).First().Get()
			check(b, item.V.(int), err, 49)
		}
	})
}

// BenchmarkGScan is a running sum of a thousand items.
func BenchmarkGScan(b *testing.B) {
	ctx := context.Background()
	const want = thousand * (thousand - 1) / 2
	row(b, "loop", func(b *meter) {
		for range b.N {
			last := 0
			for v := range numbers(thousand) {
				last = plus(last, v)
			}
			check(b, last, nil, want)
		}
	})
	row(b, "quill", func(b *meter) {
		for range b.N {
			v, err := observable.Scan(observable.Range(0, thousand), 0, plus).Last(ctx)
			check(b, v, err, want)
		}
	})
	row(b, "ro", func(b *meter) {
		for range b.N {
			scan := ro.Pipe2(ro.Range(0, thousand), ro.Scan(plus64, 0), ro.Tail[int64]())
			check(b, int(only(b, scan)), nil, want)
		}
	})
	row(b, "rxgo-buf128", func(b *meter) {
		for range b.N {
			item, err := rxgo.Range(0, thousand, buffered(128)).Scan(func(_ context.Context, sum, v any) (any, error) {
				if sum == nil {
					return v, nil
				}
				return plus(sum.(int), v.(int)), nil
			}, buffered(128)).Last(buffered(128)).Get()
			check(b, item.V.(int), err, want)
		}
	})
}

// BenchmarkGBuffer is a thousand items in buffers of ten.
func BenchmarkGBuffer(b *testing.B) {
	ctx := context.Background()
	row(b, "loop", func(b *meter) {
		for range b.N {
			n := 0
			var buffer []int
			for v := range numbers(thousand) {
				if buffer == nil {
					buffer = make([]int, 0, 10)
				}
				if buffer = append(buffer, v); len(buffer) == 10 {
					n += len(buffer)
					buffer = nil
				}
			}
			check(b, n, nil, thousand)
		}
	})
	row(b, "quill", func(b *meter) {
		for range b.N {
			lengths := observable.Buffer(observable.Range(0, thousand), 10)
			v, err := observable.ReduceSeed(lengths, 0, func(n int, buffer []int) int { return n + len(buffer) }).First(ctx)
			check(b, v, err, thousand)
		}
	})
	row(b, "ro", func(b *meter) {
		for range b.N {
			lengths := ro.Pipe2(ro.Range(0, thousand), ro.BufferWithCount[int64](10),
				ro.Reduce(func(n int, buffer []int64) int { return n + len(buffer) }, 0))
			check(b, only(b, lengths), nil, thousand)
		}
	})
	row(b, "rxgo-buf128", func(b *meter) {
		for range b.N {
			item, err := rxgo.Range(0, thousand, buffered(128)).BufferWithCount(10, buffered(128)).
				Reduce(func(_ context.Context, n, v any) (any, error) {
					if n == nil {
						n = 0
					}
					return n.(int) + len(v.([]any)), nil
				}, buffered(128)).Get()
			check(b, item.V.(int), err, thousand)
		}
	})
}
