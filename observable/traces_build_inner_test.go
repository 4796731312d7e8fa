package observable_test

import (
	"context"
	"iter"
	"slices"

	"github.com/quillgo/quill/observable"
)

// innerBuilders is flatMap, concatMap, switchMap and their relatives. Single and
// Maybe are streams of one item and of at most one.
var innerBuilders = map[string]builder{
	"flatMap": func(p *player, up erased, a args) erased {
		a.only("flatMap", "fn", "maxConcurrency", "delayErrors")
		flatten := observable.FlatMap[any, any]
		if a.bool("delayErrors") {
			flatten = observable.FlatMapDelayError
		}
		return flatten(up, p.inner(a.str("fn")), innerLimit(a))
	},
	"flatMap.combiner": func(p *player, up erased, a args) erased {
		a.only("flatMap.combiner", "fn", "combiner")
		return observable.FlatMapCombine(up, p.inner(a.str("fn")), p.fn2(a.str("combiner")), observable.Unlimited)
	},
	"flatMap.notifications": func(p *player, up erased, a args) erased {
		a.only("flatMap.notifications", "fn", "errThrow", "completeThrow")
		onError := func(err error) erased {
			if a.bool("errThrow") {
				throw("errThrow")
			}
			return observable.Just[any]("E:" + message(err))
		}
		onComplete := func() erased {
			if a.bool("completeThrow") {
				throw("completeThrow")
			}
			return observable.Just[any]("C")
		}
		return observable.FlatMapNotifications(up, p.inner(a.str("fn")), onError, onComplete, observable.Unlimited)
	},
	"flatMapSingle": func(p *player, up erased, a args) erased {
		a.only("flatMapSingle", "fn")
		return observable.FlatMap(up, p.single(a.str("fn")), observable.Unlimited)
	},
	"flatMapMaybe": func(p *player, up erased, a args) erased {
		a.only("flatMapMaybe", "fn")
		return observable.FlatMap(up, p.inner(a.str("fn")), observable.Unlimited)
	},
	"flatMapCompletable": func(p *player, up erased, a args) erased {
		a.only("flatMapCompletable", "fn")
		inner := p.inner(a.str("fn"))
		silent := func(v any) erased { return inner(v).Filter(func(any) bool { return false }) }
		return observable.FlatMap(up, silent, observable.Unlimited)
	},
	"flatMapIterable": func(p *player, up erased, a args) erased {
		return observable.FlatMapSeq(up, p.seq(a.str("fn")))
	},

	"concatMap": func(p *player, up erased, a args) erased { return observable.ConcatMap(up, p.inner(a.str("fn"))) },
	"concatMapDelayError": func(p *player, up erased, a args) erased {
		return observable.ConcatMapDelayError(up, p.inner(a.str("fn")), tillTheEnd(a))
	},
	"concatMapSingle": func(p *player, up erased, a args) erased {
		return observable.ConcatMap(up, p.single(a.str("fn")))
	},
	"concatMapMaybe": func(p *player, up erased, a args) erased {
		return observable.ConcatMap(up, p.inner(a.str("fn")))
	},
	"concatMapIterable": func(p *player, up erased, a args) erased {
		return observable.ConcatMapSeq(up, p.seq(a.str("fn")))
	},
	"concatMapEager": func(p *player, up erased, a args) erased {
		return observable.ConcatMapEager(up, p.inner(a.str("fn")), innerLimit(a))
	},
	"concatMapEagerDelayError": func(p *player, up erased, a args) erased {
		return observable.ConcatMapEagerDelayError(up, p.inner(a.str("fn")), innerLimit(a), tillTheEnd(a))
	},

	"switchMap":       func(p *player, up erased, a args) erased { return observable.SwitchMap(up, p.inner(a.str("fn"))) },
	"switchMapSingle": func(p *player, up erased, a args) erased { return observable.SwitchMap(up, p.single(a.str("fn"))) },
	"switchMapMaybe":  func(p *player, up erased, a args) erased { return observable.SwitchMap(up, p.inner(a.str("fn"))) },
	"switchMapDelayError": func(p *player, up erased, a args) erased {
		return observable.SwitchMapDelayError(up, p.inner(a.str("fn")))
	},
	"switchOnNext": func(p *player, up erased, a args) erased {
		return observable.SwitchOnNext(p.nested(up, a))
	},
	"switchOnNextDelayError": func(p *player, up erased, a args) erased {
		return observable.SwitchOnNextDelayError(p.nested(up, a))
	},

	"merge": func(p *player, _ erased, a args) erased {
		a.only("merge", "sources", "maxConcurrency")
		if a.has("maxConcurrency") {
			return observable.MergeLimit(innerLimit(a), p.streams(a, "sources")...)
		}
		return observable.Merge(p.streams(a, "sources")...)
	},
	"mergeDelayError": func(p *player, _ erased, a args) erased {
		a.only("mergeDelayError", "sources", "maxConcurrency")
		if a.has("maxConcurrency") {
			return observable.MergeLimitDelayError(innerLimit(a), p.streams(a, "sources")...)
		}
		return observable.MergeDelayError(p.streams(a, "sources")...)
	},
	"mergeWith": func(p *player, up erased, a args) erased { return observable.Merge(up, p.source(a.int("other"))) },
	"merge.nested": func(p *player, up erased, a args) erased {
		return observable.MergeAll(p.nested(up, a), innerLimit(a))
	},
	"mergeDelayError.nested": func(p *player, up erased, a args) erased {
		return observable.MergeAllDelayError(p.nested(up, a), innerLimit(a))
	},

	"concat":     func(p *player, _ erased, a args) erased { return observable.Concat(p.streams(a, "sources")...) },
	"concatWith": func(p *player, up erased, a args) erased { return observable.Concat(up, p.source(a.int("other"))) },
	"concatDelayError": func(p *player, _ erased, a args) erased {
		return observable.ConcatDelayError(p.streams(a, "sources")...)
	},
	"concat.nested": func(p *player, up erased, a args) erased { return observable.ConcatAll(p.nested(up, a)) },
	"concatDelayError.nested": func(p *player, up erased, a args) erased {
		return observable.ConcatAllDelayError(p.nested(up, a), tillTheEnd(a))
	},
	"concatEager": func(p *player, _ erased, a args) erased {
		if a.has("maxConcurrency") {
			return observable.ConcatEagerLimit(innerLimit(a), p.streams(a, "sources")...)
		}
		return observable.ConcatEager(p.streams(a, "sources")...)
	},
	"concatEagerDelayError": func(p *player, _ erased, a args) erased {
		if a.has("maxConcurrency") {
			return observable.ConcatEagerLimitDelayError(innerLimit(a), p.streams(a, "sources")...)
		}
		return observable.ConcatEagerDelayError(p.streams(a, "sources")...)
	},
	"concatEager.nested": func(p *player, up erased, a args) erased {
		return observable.ConcatEagerAll(p.nested(up, a), innerLimit(a))
	},
}

func innerLimit(a args) int { return a.intOr("maxConcurrency", observable.Unlimited) }

// tillTheEnd is the argument, or RxJava's default.
func tillTheEnd(a args) bool { return !a.has("tillTheEnd") || a.bool("tillTheEnd") }

// nested is the stream of streams of the operators called x.nested.
func (p *player) nested(up erased, a args) observable.Observable[erased] {
	return observable.Map(up, p.inner(a.str("fn")))
}

// seq is p.list as an iterator. The one that fails on 3 is else pairList.
func (p *player) seq(name string) func(any) iter.Seq[any] {
	list := func(any) []any { return nil }
	if name == "failOn3" {
		pair, fail := p.list("pairList"), p.fn("failOn3")
		list = func(v any) []any { fail(v); return pair(v) }
	} else {
		list = p.list(name)
	}
	return func(v any) iter.Seq[any] { return slices.Values(list(v)) }
}

// single is p.inner for streams that must have an item.
func (p *player) single(name string) func(any) erased {
	inner := p.inner(name)
	return func(v any) erased {
		o := inner(v)
		return observable.Defer(func(context.Context) erased {
			n := 0
			return observable.Concat(o.DoOnNext(func(any) { n++ }), observable.Defer(func(context.Context) erased {
				if n == 0 {
					return observable.Error[any](observable.ErrEmpty)
				}
				return observable.Empty[any]()
			}))
		})
	}
}
