package observable_test

import (
	"slices"

	"github.com/quillgo/quill/observable"
)

// combineBuilders is what takes several streams, or a list of values, and emits
// at most one at a time.
var combineBuilders = map[string]builder{
	"zip": func(p *player, _ erased, a args) erased {
		sources, f := p.streams(a, "sources"), p.fnN(a.str("fn"))
		if a.bool("delayError") {
			return zipDelayError(sources, f)
		}
		return zipAll(sources, f)
	},
	"zipWith": func(p *player, up erased, a args) erased {
		return observable.Zip2(up, p.source(a.int("other")), p.fn2(a.str("fn")))
	},
	"zipWith.iterable": func(p *player, up erased, a args) erased {
		return observable.ZipSeq(up, slices.Values(a.values("values")), p.fn2(a.str("fn")))
	},
	"combineLatest": func(p *player, _ erased, a args) erased {
		return latestAll(p.streams(a, "sources"), p.fnN(a.str("fn")))
	},
	"combineLatestDelayError": func(p *player, _ erased, a args) erased {
		return latestDelayError(p.streams(a, "sources"), p.fnN(a.str("fn")))
	},
	"withLatestFrom.one": func(p *player, up erased, a args) erased {
		return observable.WithLatestFrom(up, p.source(a.int("other")), p.fn2(a.str("fn")))
	},
	"withLatestFrom": func(p *player, up erased, a args) erased {
		return withLatestAll(up, p.streams(a, "others"), p.fnN(a.str("fn")))
	},

	"amb":        func(p *player, _ erased, a args) erased { return observable.Amb(p.streams(a, "sources")...) },
	"ambWith":    func(p *player, up erased, a args) erased { return observable.Amb(up, p.source(a.int("other"))) },
	"mergeWith":  func(p *player, up erased, a args) erased { return observable.Merge(up, p.source(a.int("other"))) },
	"concatWith": func(p *player, up erased, a args) erased { return observable.Concat(up, p.source(a.int("other"))) },

	"startWith":         func(p *player, up erased, a args) erased { return observable.Concat(p.source(a.int("other")), up) },
	"startWithItem":     func(_ *player, up erased, a args) erased { return up.StartWith(a.value("value")) },
	"startWithArray":    func(_ *player, up erased, a args) erased { return up.StartWith(a.values("values")...) },
	"startWithIterable": func(_ *player, up erased, a args) erased { return up.StartWith(a.values("values")...) },

	"sequenceEqual": func(p *player, _ erased, a args) erased {
		sources := p.streams(a, "sources")
		return erase(observable.SequenceEqual(sources[0], sources[1], p.cmp(a.strOr("cmp", "equal"))))
	},
	"join": func(p *player, up erased, a args) erased {
		return observable.Join(up, p.source(a.int("other")),
			p.inner(a.str("leftEnd")), p.inner(a.str("rightEnd")), p.fn2(a.str("fn")))
	},
}

// A recording says how many sources there are, and quill has a function for each
// number up to six, and one for slices: the recordings go through both kinds.

func zipAll(s []erased, f func([]any) any) erased {
	switch len(s) {
	case 2:
		return observable.Zip2(s[0], s[1], func(a, b any) any { return f([]any{a, b}) })
	case 4:
		return observable.Zip4(s[0], s[1], s[2], s[3], func(a, b, c, d any) any { return f([]any{a, b, c, d}) })
	}
	return observable.ZipSlice(s, f)
}

func zipDelayError(s []erased, f func([]any) any) erased {
	if len(s) == 2 {
		return observable.Zip2DelayError(s[0], s[1], func(a, b any) any { return f([]any{a, b}) })
	}
	return observable.ZipSliceDelayError(s, f)
}

func latestAll(s []erased, f func([]any) any) erased {
	switch len(s) {
	case 2:
		return observable.CombineLatest2(s[0], s[1], func(a, b any) any { return f([]any{a, b}) })
	case 4:
		return observable.CombineLatest4(s[0], s[1], s[2], s[3], func(a, b, c, d any) any { return f([]any{a, b, c, d}) })
	}
	return observable.CombineLatestSlice(s, f)
}

func latestDelayError(s []erased, f func([]any) any) erased {
	if len(s) == 2 {
		return observable.CombineLatest2DelayError(s[0], s[1], func(a, b any) any { return f([]any{a, b}) })
	}
	return observable.CombineLatestSliceDelayError(s, f)
}

func withLatestAll(up erased, s []erased, f func([]any) any) erased {
	if len(s) == 2 {
		return observable.WithLatestFrom2(up, s[0], s[1], func(v, a, b any) any { return f([]any{v, a, b}) })
	}
	return observable.WithLatestFromSlice(up, s, func(v any, latest []any) any { return f(append([]any{v}, latest...)) })
}
