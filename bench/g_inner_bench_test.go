package bench_test

import (
	"context"
	"testing"

	"github.com/reactivex/rxgo/v2"
	"github.com/samber/ro"

	"github.com/quillgo/quill/observable"
)

// sumOfAll is the sum of a thousand items.
const sumOfAll = thousand * (thousand - 1) / 2

// BenchmarkG3 flattens a thousand inner streams that are known to have one item.
func BenchmarkG3(b *testing.B) {
	ctx := context.Background()
	row(b, "loop", func(b *meter) {
		for range b.N {
			sum := 0
			for v := range numbers(thousand) {
				for w := range mapSeq(numbers(1), func(int) int { return v }) {
					sum = plus(sum, w)
				}
			}
			check(b, sum, nil, sumOfAll)
		}
	})
	row(b, "quill", func(b *meter) {
		for range b.N {
			flat := observable.FlatMap(observable.Range(0, thousand), func(v int) observable.Observable[int] { return observable.Just(v) }, observable.Unlimited)
			v, err := observable.ReduceSeed(flat, 0, plus).First(ctx)
			check(b, v, err, sumOfAll)
		}
	})
	flattenedByPeers(b)
}

// BenchmarkG3Full flattens a thousand inner streams that have to be subscribed to.
// What a stream of one item is to the peers is no scalar either.
func BenchmarkG3Full(b *testing.B) {
	ctx := context.Background()
	row(b, "quill", func(b *meter) {
		for range b.N {
			flat := observable.FlatMap(observable.Range(0, thousand), func(v int) observable.Observable[int] { return observable.Range(v, 1) }, observable.Unlimited)
			v, err := observable.ReduceSeed(flat, 0, plus).First(ctx)
			check(b, v, err, sumOfAll)
		}
	})
	flattenedByPeers(b)
}

func flattenedByPeers(b *testing.B) {
	row(b, "ro.MergeMap", func(b *meter) {
		for range b.N {
			sum := ro.Pipe2(ro.Range(0, thousand), ro.MergeMap(func(v int64) ro.Observable[int64] { return ro.Just(v) }), ro.Sum[int64]())
			check(b, int(only(b, sum)), nil, sumOfAll)
		}
	})
	row(b, "ro.FlatMap", func(b *meter) {
		for range b.N {
			sum := ro.Pipe2(ro.Range(0, thousand), ro.FlatMap(func(v int64) ro.Observable[int64] { return ro.Just(v) }), ro.Sum[int64]())
			check(b, int(only(b, sum)), nil, sumOfAll)
		}
	})
	row(b, "rxgo", func(b *meter) {
		for range b.N {
			item, err := rxgo.Range(0, thousand, buffered(128)).
				FlatMap(func(i rxgo.Item) rxgo.Observable { return rxgo.Just(i.V)() }, buffered(128)).
				Reduce(func(_ context.Context, sum, v any) (any, error) {
					if sum == nil {
						return v, nil
					}
					return plus(sum.(int), v.(int)), nil
				}, buffered(128)).Get()
			check(b, item.V.(int), err, sumOfAll)
		}
	})
}

// BenchmarkGConcat flattens a thousand inner streams in order.
func BenchmarkGConcat(b *testing.B) {
	ctx := context.Background()
	row(b, "quill", func(b *meter) {
		for range b.N {
			flat := observable.ConcatMap(observable.Range(0, thousand), func(v int) observable.Observable[int] { return observable.Just(v) })
			v, err := observable.ReduceSeed(flat, 0, plus).First(ctx)
			check(b, v, err, sumOfAll)
		}
	})
	row(b, "ro.FlatMap", func(b *meter) {
		for range b.N {
			sum := ro.Pipe2(ro.Range(0, thousand), ro.FlatMap(func(v int64) ro.Observable[int64] { return ro.Just(v) }), ro.Sum[int64]())
			check(b, int(only(b, sum)), nil, sumOfAll)
		}
	})
}

// BenchmarkGZip pairs two streams of a thousand items.
func BenchmarkGZip(b *testing.B) {
	ctx := context.Background()
	row(b, "loop", func(b *meter) {
		for range b.N {
			var first []int
			for v := range numbers(thousand) {
				first = append(first, v)
			}
			sum := 0
			for i := range numbers(thousand) {
				sum = plus(sum, first[i]+i)
			}
			check(b, sum, nil, 2*sumOfAll)
		}
	})
	row(b, "quill", func(b *meter) {
		for range b.N {
			pairs := observable.Zip2(observable.Range(0, thousand), observable.Range(0, thousand), plus)
			v, err := observable.ReduceSeed(pairs, 0, plus).First(ctx)
			check(b, v, err, 2*sumOfAll)
		}
	})
	row(b, "ro", func(b *meter) {
		for range b.N {
			pairs := ro.Zip(ro.Range(0, thousand), ro.Range(0, thousand))
			sum := ro.Pipe1(pairs, ro.Reduce(func(sum int64, pair []int64) int64 { return sum + pair[0] + pair[1] }, 0))
			check(b, int(only(b, sum)), nil, 2*sumOfAll)
		}
	})
}

// BenchmarkGMerge merges two synchronous streams of five hundred items.
func BenchmarkGMerge(b *testing.B) {
	ctx := context.Background()
	row(b, "quill", func(b *meter) {
		for range b.N {
			both := observable.Merge(observable.Range(0, thousand/2), observable.Range(thousand/2, thousand/2))
			v, err := observable.ReduceSeed(both, 0, plus).First(ctx)
			check(b, v, err, sumOfAll)
		}
	})
	row(b, "ro", func(b *meter) {
		for range b.N {
			sum := ro.Pipe1(ro.Merge(ro.Range(0, thousand/2), ro.Range(thousand/2, thousand)), ro.Sum[int64]())
			check(b, int(only(b, sum)), nil, sumOfAll)
		}
	})
	row(b, "rxgo-buf128", func(b *meter) {
		for range b.N {
			item, err := rxgo.Merge([]rxgo.Observable{rxgo.Range(0, thousand/2, buffered(128)), rxgo.Range(thousand/2, thousand/2, buffered(128))}, buffered(128)).
				Reduce(func(_ context.Context, sum, v any) (any, error) {
					if sum == nil {
						return v, nil
					}
					return plus(sum.(int), v.(int)), nil
				}, buffered(128)).Get()
			check(b, item.V.(int), err, sumOfAll)
		}
	})
}
