// Package tentypes is what a small program does with streams, of ten item types.
// TestCompile builds it.
package tentypes

import (
	"context"

	"github.com/quillgo/quill/observable"
)

type (
	t0 struct {
		id    int
		name  string
		notes [1]int
	}
	t1 struct {
		id    int
		name  string
		notes [2]int
	}
	t2 struct {
		id    int
		name  string
		notes [3]int
	}
	t3 struct {
		id    int
		name  string
		notes [4]int
	}
	t4 struct {
		id    int
		name  string
		notes [5]int
	}
	t5 struct {
		id    int
		name  string
		notes [6]int
	}
	t6 struct {
		id    int
		name  string
		notes [7]int
	}
	t7 struct {
		id    int
		name  string
		notes [8]int
	}
	t8 struct {
		id    int
		name  string
		notes [9]int
	}
	t9 struct {
		id    int
		name  string
		notes [10]int
	}
)

// next turns the stream of one type into that of another.
func next[T, R any](o observable.Observable[T], keep func(T) bool, project func(T) R) observable.Observable[R] {
	some := o.Filter(keep).Take(5)
	return observable.FlatMap(some, func(v T) observable.Observable[R] { return observable.Just(project(v)) }, observable.Unlimited)
}

// Names goes through all of them.
func Names(ctx context.Context, o observable.Observable[int]) ([]string, error) {
	s0 := observable.Map(o, func(id int) t0 { return t0{id: id} })
	s1 := next(s0, func(v t0) bool { return v.id > 3 }, func(v t0) t1 { return t1{id: v.id, name: v.name + "+"} })
	s2 := next(s1, func(v t1) bool { return v.id > 3 }, func(v t1) t2 { return t2{id: v.id, name: v.name + "+"} })
	s3 := next(s2, func(v t2) bool { return v.id > 3 }, func(v t2) t3 { return t3{id: v.id, name: v.name + "+"} })
	s4 := next(s3, func(v t3) bool { return v.id > 3 }, func(v t3) t4 { return t4{id: v.id, name: v.name + "+"} })
	s5 := next(s4, func(v t4) bool { return v.id > 3 }, func(v t4) t5 { return t5{id: v.id, name: v.name + "+"} })
	s6 := next(s5, func(v t5) bool { return v.id > 3 }, func(v t5) t6 { return t6{id: v.id, name: v.name + "+"} })
	s7 := next(s6, func(v t6) bool { return v.id > 3 }, func(v t6) t7 { return t7{id: v.id, name: v.name + "+"} })
	s8 := next(s7, func(v t7) bool { return v.id > 3 }, func(v t7) t8 { return t8{id: v.id, name: v.name + "+"} })
	s9 := next(s8, func(v t8) bool { return v.id > 3 }, func(v t8) t9 { return t9{id: v.id, name: v.name + "+"} })
	names := observable.Map(s9, func(v t9) string { return v.name })
	return names.OnErrorReturn(func(err error) string { return err.Error() }).ToSlice(ctx)
}
