package observable_test

import (
	"errors"

	"github.com/quillgo/quill/observable"
)

var filterBuilders = map[string]builder{
	// transform
	"map": func(p *player, up erased, a args) erased { return observable.Map(up, p.fn(a.str("fn"))) },
	"mapOptional": func(p *player, up erased, a args) erased {
		keep := p.pred(a.str("pred"))
		return observable.FilterMap(up, func(v any) (any, bool) { return v, keep(v) })
	},
	"scan": func(p *player, up erased, a args) erased { return observable.ScanNoSeed(up, p.fn2(a.str("fn"))) },
	"scan.seed": func(p *player, up erased, a args) erased {
		return observable.Scan(up, a.value("seed"), p.fn2(a.str("fn")))
	},
	"scanWith": func(p *player, up erased, a args) erased {
		return observable.ScanWith(up, seedOf(a), p.fn2(a.str("fn")))
	},
	"ofType": func(_ *player, up erased, a args) erased {
		if a.str("type") == "int" {
			return erase(observable.OfType[int](up))
		}
		return erase(observable.OfType[string](up))
	},
	"cast": func(_ *player, up erased, a args) erased {
		if a.str("type") == "int" {
			return castNamed(erase(observable.Cast[int](up)))
		}
		return castNamed(erase(observable.Cast[string](up)))
	},

	// filter
	"filter": func(p *player, up erased, a args) erased { return up.Filter(p.pred(a.str("pred"))) },
	"take":   func(_ *player, up erased, a args) erased { return up.Take(a.int("n")) },
	"take.time": func(p *player, up erased, a args) erased {
		return observable.TakeTime(up, a.ms("time"), p.on)
	},
	"takeLast": func(_ *player, up erased, a args) erased { return observable.TakeLast(up, a.int("n")) },
	"takeLast.time": func(p *player, up erased, a args) erased {
		return observable.TakeLastTime(up, a.ms("time"), observable.TakeLastOptions{DelayError: a.bool("delayError")}, p.on)
	},
	"takeLast.countTime": func(p *player, up erased, a args) erased {
		if a.int("n") == 0 { // in the options that is all
			return observable.TakeLast(up, 0)
		}
		return observable.TakeLastTime(up, a.ms("time"),
			observable.TakeLastOptions{Count: a.int("n"), DelayError: a.bool("delayError")}, p.on)
	},
	"takeWhile":      func(p *player, up erased, a args) erased { return up.TakeWhile(p.pred(a.str("pred"))) },
	"takeUntil.pred": func(p *player, up erased, a args) erased { return up.TakeUntil(p.pred(a.str("pred"))) },
	"takeUntil": func(p *player, up erased, a args) erased {
		return observable.TakeUntilWhen(up, p.source(a.int("other")))
	},
	"skip": func(_ *player, up erased, a args) erased { return up.Skip(a.int("n")) },
	"skip.time": func(p *player, up erased, a args) erased {
		return observable.SkipTime(up, a.ms("time"), p.on)
	},
	"skipLast": func(_ *player, up erased, a args) erased { return observable.SkipLast(up, a.int("n")) },
	"skipLast.time": func(p *player, up erased, a args) erased {
		if a.bool("delayError") {
			return observable.SkipLastTimeDelayError(up, a.ms("time"), p.on)
		}
		return observable.SkipLastTime(up, a.ms("time"), p.on)
	},
	"skipWhile": func(p *player, up erased, a args) erased { return up.SkipWhile(p.pred(a.str("pred"))) },
	"skipUntil": func(p *player, up erased, a args) erased {
		return observable.SkipUntilWhen(up, p.source(a.int("other")))
	},
	"distinct": func(p *player, up erased, a args) erased {
		if a.has("key") {
			return observable.DistinctBy(up, p.fn(a.str("key")))
		}
		return observable.Distinct(up)
	},
	"distinctUntilChanged": func(p *player, up erased, a args) erased {
		if a.has("key") {
			return observable.DistinctUntilChangedBy(up, p.fn(a.str("key")))
		}
		return observable.DistinctUntilChanged(up)
	},
	"distinctUntilChanged.comparer": func(p *player, up erased, a args) erased {
		return observable.DistinctUntilChangedFunc(up, p.cmp(a.str("cmp")))
	},
	"elementAt": func(_ *player, up erased, a args) erased { return observable.ElementAt(up, a.int("index")) },
	"elementAt.default": func(_ *player, up erased, a args) erased {
		return observable.ElementAtOr(up, a.int("index"), a.value("default"))
	},
	"elementAtOrError": func(_ *player, up erased, a args) erased {
		return observable.ElementAtOrError(up, a.int("index"))
	},
	"firstElement":   func(_ *player, up erased, _ args) erased { return observable.FirstElement(up) },
	"first":          func(_ *player, up erased, a args) erased { return observable.FirstOr(up, a.value("default")) },
	"firstOrError":   func(_ *player, up erased, _ args) erased { return observable.FirstOrError(up) },
	"lastElement":    func(_ *player, up erased, _ args) erased { return observable.LastElement(up) },
	"last":           func(_ *player, up erased, a args) erased { return observable.LastOr(up, a.value("default")) },
	"lastOrError":    func(_ *player, up erased, _ args) erased { return observable.LastOrError(up) },
	"singleElement":  func(_ *player, up erased, _ args) erased { return observable.SingleElement(up) },
	"single":         func(_ *player, up erased, a args) erased { return observable.SingleOr(up, a.value("default")) },
	"singleOrError":  func(_ *player, up erased, _ args) erased { return observable.SingleOrError(up) },
	"ignoreElements": func(_ *player, up erased, _ args) erased { return observable.IgnoreElements(up) },

	// conditional
	"all":            func(p *player, up erased, a args) erased { return erase(observable.All(up, p.pred(a.str("pred")))) },
	"any":            func(p *player, up erased, a args) erased { return erase(observable.Any(up, p.pred(a.str("pred")))) },
	"contains":       func(_ *player, up erased, a args) erased { return erase(observable.Contains(up, a.value("value"))) },
	"isEmpty":        func(_ *player, up erased, _ args) erased { return erase(observable.IsEmpty(up)) },
	"defaultIfEmpty": func(_ *player, up erased, a args) erased { return up.DefaultIfEmpty(a.value("value")) },
	"switchIfEmpty":  func(p *player, up erased, a args) erased { return up.SwitchIfEmpty(p.source(a.int("other"))) },

	// aggregate
	"count":  func(_ *player, up erased, _ args) erased { return erase(observable.Count(up)) },
	"reduce": func(p *player, up erased, a args) erased { return observable.Reduce(up, p.fn2(a.str("fn"))) },
	"reduce.seed": func(p *player, up erased, a args) erased {
		return observable.ReduceSeed(up, a.value("seed"), p.fn2(a.str("fn")))
	},
	"reduceWith": func(p *player, up erased, a args) erased {
		return observable.ReduceWith(up, seedOf(a), p.fn2(a.str("fn")))
	},
	"collect": func(p *player, up erased, a args) erased {
		create := func() *[]any {
			if a.bool("throw") {
				throw("supplierThrow")
			}
			return new([]any)
		}
		return contents(observable.Collect(up, create, func(list *[]any, v any) {
			if a.bool("failOn3") {
				p.fn("failOn3")(v)
			}
			*list = append(*list, v)
		}))
	},
	"collectInto.shared": func(_ *player, up erased, _ args) erased {
		shared := new([]any)
		return contents(observable.Collect(up, func() *[]any { return shared }, func(list *[]any, v any) {
			*list = append(*list, v)
		}))
	},
	"toList": func(_ *player, up erased, _ args) erased { return erase(observable.ToList(up)) },
	"toMap": func(p *player, up erased, a args) erased {
		if a.has("value") {
			return erase(observable.ToMapValue(up, p.fn(a.str("key")), p.fn(a.str("value"))))
		}
		return erase(observable.ToMap(up, p.fn(a.str("key"))))
	},
	"toMultimap": func(p *player, up erased, a args) erased {
		if a.has("value") {
			return erase(observable.ToMultimapValue(up, p.fn(a.str("key")), p.fn(a.str("value"))))
		}
		return erase(observable.ToMultimap(up, p.fn(a.str("key"))))
	},
	"sorted": func(p *player, up erased, a args) erased {
		return observable.SortedFunc(up, p.order(a.strOr("cmp", "natural")))
	},
	"toSortedList": func(p *player, up erased, a args) erased {
		return erase(observable.ToSortedListFunc(up, p.order(a.strOr("cmp", "natural"))))
	},

	// signals and times as items
	"materialize": func(_ *player, up erased, _ args) erased {
		return observable.Map(observable.Materialize(up), recordedSignal)
	},
	"dematerialize": func(p *player, up erased, a args) erased {
		if !a.has("fn") {
			return observable.Dematerialize(observable.Map(up, signalOf))
		}
		return observable.Dematerialize(observable.Map(up, p.toSignal(a.str("fn"))))
	},
	"timestamp": func(p *player, up erased, _ args) erased {
		return observable.Map(observable.Timestamp(up, p.on), func(v observable.Timestamped[any]) any {
			return []any{v.Value, p.ms(v.At)}
		})
	},
	"timeInterval": func(p *player, up erased, _ args) erased {
		return observable.Map(observable.TimeInterval(up, p.on), func(v observable.Timed[any]) any {
			return []any{v.Value, int(v.Elapsed.Milliseconds())}
		})
	},
}

// seedOf is the function of scanWith and reduceWith.
func seedOf(a args) func() any {
	return func() any {
		if a.bool("throw") {
			throw("seedThrow")
		}
		return a.value("seed")
	}
}

// contents is each list as it is when it is emitted.
func contents(lists observable.Observable[*[]any]) erased {
	return observable.Map(lists, func(list *[]any) any { return append([]any{}, *list...) })
}

// castNamed gives the error of a cast the text that recordings have.
func castNamed(o erased) erased {
	return o.OnErrorResumeNext(func(err error) erased {
		if wrong := new(observable.CastError); errors.As(err, &wrong) {
			err = errors.New("!ClassCastException")
		}
		return observable.Error[any](err)
	})
}

// recordedSignal is a notification as recordings have it, which signalOf reads.
func recordedSignal(n observable.Notification[any]) any {
	switch n.Kind {
	case observable.SignalNext:
		return []any{"N", n.Value}
	case observable.SignalError:
		return []any{"E", message(n.Err)}
	default:
		return []any{"C"}
	}
}

func signalOf(v any) observable.Notification[any] {
	switch s := v.([]any); s[0] {
	case "N":
		return observable.Notification[any]{Value: s[1]}
	case "E":
		return observable.Notification[any]{Kind: observable.SignalError, Err: errors.New(s[1].(string))}
	default:
		return observable.Notification[any]{Kind: observable.SignalComplete}
	}
}

// toSignal is a selector of dematerialize.
func (p *player) toSignal(name string) func(any) observable.Notification[any] {
	if name == "toNotif" {
		return func(v any) observable.Notification[any] {
			switch v {
			case 99:
				return signalOf([]any{"C"})
			case 98:
				return signalOf([]any{"E", "notif"})
			}
			return signalOf([]any{"N", v})
		}
	}
	f := p.fn(name)
	return func(v any) observable.Notification[any] { return signalOf(f(v)) }
}
