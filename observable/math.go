package observable

import "cmp"

// Number is what [Sum] and [Average] take.
type Number interface {
	~int | ~int8 | ~int16 | ~int32 | ~int64 |
		~uint | ~uint8 | ~uint16 | ~uint32 | ~uint64 | ~uintptr |
		~float32 | ~float64
}

// Sum emits the sum of all items when the source completes: 0 if it was empty.
// Integers wrap around as in Go.
//
//	1 2 3 |  Sum  =>  6 |
func Sum[T Number](o Observable[T]) Observable[T] {
	return ReduceSeed(o, 0, func(sum, v T) T { return sum + v })
}

// Average emits the mean of all items when the source completes, and nothing if
// it was empty. The sum is kept as a float64.
//
//	1 2 |  Average  =>  1.5 |
func Average[T Number](o Observable[T]) Observable[float64] {
	type total struct {
		sum float64
		n   int
	}
	all := ReduceSeed(o, total{}, func(t total, v T) total { return total{t.sum + float64(v), t.n + 1} })
	return FilterMap(all, func(t total) (float64, bool) { return t.sum / float64(t.n), t.n > 0 })
}

// Min emits the smallest item when the source completes, and nothing if it was
// empty. A NaN among the items is the smallest and the greatest.
//
//	3 1 2 |  Min  =>  1 |
func Min[T cmp.Ordered](o Observable[T]) Observable[T] {
	return Reduce(o, func(a, b T) T { return min(a, b) })
}

// Max emits the greatest item when the source completes, and nothing if it was
// empty. A NaN among the items is the smallest and the greatest.
//
//	3 1 2 |  Max  =>  3 |
func Max[T cmp.Ordered](o Observable[T]) Observable[T] {
	return Reduce(o, func(a, b T) T { return max(a, b) })
}
