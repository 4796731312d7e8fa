package observable_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/quillgo/quill/observable"
	"github.com/quillgo/quill/observable/observabletest"
)

// text3 and so on show which argument came where.
func text3[A, B, C any](a A, b B, c C) string         { return fmt.Sprintf("%v %v %v", a, b, c) }
func text4[A, B, C, D any](a A, b B, c C, d D) string { return fmt.Sprintf("%v %v %v %v", a, b, c, d) }

func text5[A, B, C, D, E any](a A, b B, c C, d D, e E) string {
	return fmt.Sprintf("%v %v %v %v %v", a, b, c, d, e)
}

func text6[A, B, C, D, E, F any](a A, b B, c C, d D, e E, f F) string {
	return fmt.Sprintf("%v %v %v %v %v %v", a, b, c, d, e, f)
}

// Each source's item comes to the argument of its place.
func TestCombine_ArgumentsAreInOrder(t *testing.T) {
	a, b, c := observable.Just(1), observable.Just("b"), observable.Just('c')
	d, e, f := observable.Just(4.5), observable.Just(true), observable.Just(6i)
	for name, got := range map[string]observable.Observable[string]{
		"1 b 99":                 observable.Zip3(a, b, c, text3),
		"1 b 99 4.5":             observable.Zip4(a, b, c, d, text4),
		"1 b 99 4.5 true":        observable.Zip5(a, b, c, d, e, text5),
		"1 b 99 4.5 true (0+6i)": observable.Zip6(a, b, c, d, e, f, text6),
	} {
		checkText(t, "Zip", got, name)
	}
	for name, got := range map[string]observable.Observable[string]{
		"1 b 99":                 observable.CombineLatest3(a, b, c, text3),
		"1 b 99 4.5":             observable.CombineLatest4(a, b, c, d, text4),
		"1 b 99 4.5 true":        observable.CombineLatest5(a, b, c, d, e, text5),
		"1 b 99 4.5 true (0+6i)": observable.CombineLatest6(a, b, c, d, e, f, text6),
	} {
		checkText(t, "CombineLatest", got, name)
	}
	for name, got := range map[string]observable.Observable[string]{
		"1 b 99":          observable.WithLatestFrom2(a, b, c, text3),
		"1 b 99 4.5":      observable.WithLatestFrom3(a, b, c, d, text4),
		"1 b 99 4.5 true": observable.WithLatestFrom4(a, b, c, d, e, text5),
	} {
		checkText(t, "WithLatestFrom", got, name)
	}
}

func checkText(t *testing.T, operator string, o observable.Observable[string], want string) {
	t.Helper()
	got, err := o.ToSlice(t.Context())
	if err != nil || len(got) != 1 || got[0] != want {
		t.Errorf("%s: %q, %v, want %q", operator, got, err, want)
	}
}

// combine may keep the slice that it gets, and change it.
func TestCombine_SlicesAreTheFunctionsOwn(t *testing.T) {
	keep := func(all []int) []int { return all }
	spoil := func(all []int) []int { c := append([]int{}, all...); all[0] = -1; return c }
	sources := []observable.Observable[int]{observable.Just(1), observable.Just(10, 20)}
	for name, o := range map[string]observable.Observable[[]int]{
		"CombineLatestSlice":           observable.CombineLatestSlice(sources, keep),
		"CombineLatestSlice, changed":  observable.CombineLatestSlice(sources, spoil),
		"CombineLatestSliceDelayError": observable.CombineLatestSliceDelayError(sources, keep),
		"ZipSlice": observable.Concat(observable.Just([]int{1, 10}),
			observable.ZipSlice([]observable.Observable[int]{observable.Just(1), observable.Just(20)}, keep)),
		"ZipSlice, two": observable.Map(observable.ZipSlice([]observable.Observable[int]{observable.Just(10, 20)}, keep),
			func(one []int) []int { return append([]int{1}, one...) }),
		"WithLatestFromSlice": observable.WithLatestFromSlice(observable.Just(10, 20), sources[:1],
			func(v int, latest []int) []int { c := []int{latest[0], v}; latest[0] = -1; return c }),
	} {
		got, err := o.ToSlice(t.Context())
		if want := "[[1 10] [1 20]]"; fmt.Sprint(got) != want || err != nil {
			t.Errorf("%s: %v, %v, want %s", name, got, err, want)
		}
	}
}

func TestCombine_Arguments(t *testing.T) {
	o, all := just(1), []observable.Observable[int]{just(1)}
	type fn2 = func(int, int) int
	type fn3 = func(int, int, int) int
	type fn4 = func(int, int, int, int) int
	type fn5 = func(int, int, int, int, int) int
	type fn6 = func(int, int, int, int, int, int) int
	type fns = func([]int) int
	for name, f := range map[string]func(){
		"Zip2DelayError":               func() { observable.Zip2DelayError(o, o, fn2(nil)) },
		"Zip4":                         func() { observable.Zip4(o, o, o, o, fn4(nil)) },
		"Zip5":                         func() { observable.Zip5(o, o, o, o, o, fn5(nil)) },
		"Zip6":                         func() { observable.Zip6(o, o, o, o, o, o, fn6(nil)) },
		"ZipSlice":                     func() { observable.ZipSlice(all, fns(nil)) },
		"ZipSliceDelayError":           func() { observable.ZipSliceDelayError(all, fns(nil)) },
		"ZipSeq":                       func() { observable.ZipSeq(o, func(func(int) bool) {}, fn2(nil)) },
		"CombineLatest2":               func() { observable.CombineLatest2(o, o, fn2(nil)) },
		"CombineLatest2DelayError":     func() { observable.CombineLatest2DelayError(o, o, fn2(nil)) },
		"CombineLatest3":               func() { observable.CombineLatest3(o, o, o, fn3(nil)) },
		"CombineLatest4":               func() { observable.CombineLatest4(o, o, o, o, fn4(nil)) },
		"CombineLatest5":               func() { observable.CombineLatest5(o, o, o, o, o, fn5(nil)) },
		"CombineLatest6":               func() { observable.CombineLatest6(o, o, o, o, o, o, fn6(nil)) },
		"CombineLatestSlice":           func() { observable.CombineLatestSlice(all, fns(nil)) },
		"CombineLatestSliceDelayError": func() { observable.CombineLatestSliceDelayError(all, fns(nil)) },
		"WithLatestFrom":               func() { observable.WithLatestFrom(o, o, fn2(nil)) },
		"WithLatestFrom2":              func() { observable.WithLatestFrom2(o, o, o, fn3(nil)) },
		"WithLatestFrom3":              func() { observable.WithLatestFrom3(o, o, o, o, fn4(nil)) },
		"WithLatestFrom4":              func() { observable.WithLatestFrom4(o, o, o, o, o, fn5(nil)) },
		"WithLatestFromSlice":          func() { observable.WithLatestFromSlice[int, int, int](o, all, nil) },
		"Join":                         func() { observable.Join(o, o, just, just, fn2(nil)) },
		"GroupJoin":                    func() { observable.GroupJoin[int, int, int, int, int](o, o, just, just, nil) },
	} {
		refused(t, name, "combine", f)
	}
	refused(t, "ZipSeq", "seq", func() { observable.ZipSeq[int, int](o, nil, add) })
	refused(t, "SequenceEqual", "equal", func() { observable.SequenceEqual(o, o, nil) })
	type end = func(int) observable.Observable[int]
	refused(t, "Join", "leftEnd", func() { observable.Join(o, o, end(nil), just, add) })
	refused(t, "Join", "rightEnd", func() { observable.Join(o, o, just, end(nil), add) })
	group := func(int, observable.Observable[int]) int { return 0 }
	refused(t, "GroupJoin", "leftEnd", func() { observable.GroupJoin(o, o, end(nil), just, group) })
	refused(t, "GroupJoin", "rightEnd", func() { observable.GroupJoin(o, o, just, end(nil), group) })
}

// Operators of no streams at all.
func TestCombine_Nothing(t *testing.T) {
	sum := func(all []int) int { return len(all) }
	for name, o := range map[string]observable.Observable[int]{
		"ZipSlice":                     observable.ZipSlice(nil, sum),
		"ZipSliceDelayError":           observable.ZipSliceDelayError(nil, sum),
		"CombineLatestSlice":           observable.CombineLatestSlice(nil, sum),
		"CombineLatestSliceDelayError": observable.CombineLatestSliceDelayError(nil, sum),
	} {
		if got, err := o.ToSlice(t.Context()); len(got) != 0 || err != nil {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	o := observabletest.Subscribe(context.Background(),
		observable.WithLatestFromSlice(observable.Just(1, 2), nil, func(v int, latest []int) int { return v + len(latest) }), t)
	o.AssertValues(t, 1, 2)
	o.AssertComplete(t)
}
