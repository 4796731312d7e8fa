package observable_test

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/quillgo/quill/observable"
)

// The functions that recordings name which make streams.

// timer emits v after d.
func (p *player) timer(d time.Duration, v any) erased {
	return observable.Map(observable.Timer(d, p.on), func(int) any { return v })
}

// inner is a function from a value, a window or a group to a stream.
func (p *player) inner(name string) func(any) erased {
	base, arg, n := split(name)
	ms := func(n int) time.Duration { return time.Duration(n) * time.Millisecond }
	just := func(all ...any) erased { return observable.Just(all...) }
	switch base {
	case "toSource":
		return func(any) erased { return p.source(n) }
	case "toSourceV":
		return func(v any) erased { return p.source(v.(int)) }
	case "toSourceVFail3":
		return func(v any) erased { p.fn("failOn3")(v); return p.source(v.(int)) }
	case "timerMs":
		return func(v any) erased { return p.timer(ms(n), v) }
	case "timerV":
		return func(v any) erased { return p.timer(ms(v.(int)), v) }
	case "timer10V":
		return func(v any) erased { return p.timer(ms(10*v.(int)), v) }
	case "timer100minus10V":
		return func(v any) erased { return p.timer(ms(100-10*v.(int)), v) }
	case "justTimes10":
		return func(v any) erased { return just(v.(int) * 10) }
	case "just2":
		return func(v any) erased { return just(v, v.(int)*10) }
	case "rangeTo":
		return func(v any) erased { return erase(observable.Range(1, v.(int))) }
	case "emptySrc":
		return func(any) erased { return observable.Empty[any]() }
	case "neverSrc":
		return func(any) erased { return observable.Never[any]() }
	case "errorSrc":
		return func(any) erased { return observable.Error[any](errors.New(arg)) }
	case "fail":
		return func(any) erased { throw("boom"); return erased{} }
	case "justFail3":
		return func(v any) erased { p.fn("failOn3")(v); return just(v.(int) * 10) }
	case "errorSrcOn3":
		return func(v any) erased {
			if v == 3 {
				return observable.Error[any](errors.New("inner3"))
			}
			return just(v.(int) * 10)
		}
	case "emptyIfOdd":
		return func(v any) erased {
			if v.(int)%2 != 0 {
				return observable.Empty[any]()
			}
			return just(v)
		}
	case "inner":
		return part
	case "innerCount":
		return func(v any) erased { return gathered(part(v), func(all []any) []any { return []any{len(all)} }) }
	case "innerToList":
		return func(v any) erased {
			return gathered(part(v), func(all []any) []any { return []any{append([]any{}, all...)} })
		}
	case "innerReduceAdd":
		return func(v any) erased { return gathered(part(v), p.reduceAdd) }
	case "innerTake1":
		return func(v any) erased { return part(v).Take(1) }
	}
	panic("no function to a stream is called " + name)
}

func (p *player) reduceAdd(all []any) []any {
	for len(all) > 1 {
		all = append([]any{p.fn2("add")(all[0], all[1])}, all[2:]...)
	}
	return all
}

// handler is a function of retryWhen and repeatWhen. The signals are errors,
// or anything.
func (p *player) handler(name string) func(signals erased) erased {
	base, _, n := split(name)
	numbered := func(s erased, f func(k int) erased) erased {
		k := observable.Zip2(s, observable.Range(1, 3), func(_ any, k int) any { return k })
		return observable.FlatMap(k, func(k any) erased { return f(k.(int)) }, observable.Unlimited)
	}
	switch base {
	case "passthrough":
		return func(s erased) erased { return s }
	case "delay":
		wait := p.inner("timerMs:" + strconv.Itoa(n))
		return func(s erased) erased { return observable.FlatMap(s, wait, observable.Unlimited) }
	case "take":
		return func(s erased) erased { return s.Take(n) }
	case "backoff3":
		return func(s erased) erased { return numbered(s, p.inner10) }
	case "failAfter2":
		return func(s erased) erased {
			return observable.Zip2(s, observable.Range(1, 3), func(_ any, k int) any {
				if k == 3 {
					throw("gaveUp")
				}
				return k
			})
		}
	case "errorOnFirst":
		fail := p.inner("errorSrc:handlerErr")
		return func(s erased) erased { return observable.FlatMap(s, fail, observable.Unlimited) }
	case "mapThrow":
		return func(s erased) erased { return observable.Map(s, func(any) any { throw("mapThrow"); return nil }) }
	case "empty":
		return func(erased) erased { return observable.Empty[any]() }
	case "never":
		return func(erased) erased { return observable.Never[any]() }
	case "just1":
		return func(erased) erased { return observable.Just[any](1) }
	case "error":
		return func(erased) erased { return observable.Error[any](errors.New("handlerErr")) }
	case "throw":
		return func(erased) erased { throw("handlerThrow"); return erased{} }
	}
	panic("no handler is called " + name)
}

// inner10 is "timer10V" of a count.
func (p *player) inner10(k int) erased { return p.inner("timer10V")(k) }

// selector is a function of publish and replay, from the shared stream to what
// comes out.
func (p *player) selector(name string) func(shared erased) erased {
	times10 := p.fn("times10")
	switch name {
	case "identity":
		return func(o erased) erased { return o }
	case "mergeSelf":
		return func(o erased) erased { return observable.Merge(o, observable.Map(o, times10)) }
	case "zipSelf":
		return func(o erased) erased { return observable.Zip2(o, skipOne(o), p.fn2("add")) }
	case "take2":
		return func(o erased) erased { return o.Take(2) }
	case "concatSelf":
		return func(o erased) erased { return observable.Concat(o.Take(2), o) }
	case "ignoreJust7":
		return func(erased) erased { return observable.Just[any](7) }
	case "takeLast1":
		return func(o erased) erased { return gathered(o, func(all []any) []any { return all[max(0, len(all)-1):] }) }
	case "error":
		return func(erased) erased { return observable.Error[any](errors.New("selErr")) }
	case "throw":
		return func(erased) erased { throw("selThrow"); return erased{} }
	}
	panic("no selector is called " + name)
}

// skipOne drops the first item.
func skipOne(o erased) erased {
	return observable.Defer(func(context.Context) erased {
		first := true
		return o.Filter(func(any) bool {
			skip := first
			first = false
			return !skip
		})
	})
}

// gathered emits what finish makes of all items together, when they have ended.
// It is for the named functions: their operators must not depend on the ones
// that are under test.
func gathered(o erased, finish func(all []any) []any) erased {
	return observable.Defer(func(context.Context) erased {
		var all []any
		rest := o.DoOnNext(func(v any) { all = append(all, v) }).Filter(func(any) bool { return false })
		return observable.Concat(rest, observable.Defer(func(context.Context) erased {
			return observable.FromSlice(finish(all))
		}))
	})
}
