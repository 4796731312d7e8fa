package observable_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/quillgo/quill/observable"
)

var utilityBuilders = map[string]builder{
	// creation
	"just":         func(_ *player, _ erased, a args) erased { return observable.Just(a.values("values")...) },
	"fromArray":    func(_ *player, _ erased, a args) erased { return observable.FromSlice(a.values("values")) },
	"fromIterable": func(_ *player, _ erased, a args) erased { return observable.FromSeq(slices.Values(a.values("values"))) },
	"empty":        func(*player, erased, args) erased { return observable.Empty[any]() },
	"never":        func(*player, erased, args) erased { return observable.Never[any]() },
	"error":        func(_ *player, _ erased, a args) erased { return observable.Error[any](errors.New(a.str("msg"))) },
	"error.supplier": func(p *player, _ erased, a args) erased {
		fails, err := a.bool("throw"), errors.New(a.strOr("msg", ""))
		return observable.Defer(func(context.Context) erased {
			p.log("error.supplier")
			if fails {
				throw("boom")
			}
			return observable.Error[any](err)
		})
	},
	"range":     rangeBuilder,
	"rangeLong": rangeBuilder,
	"defer": func(p *player, _ erased, a args) erased {
		fails, source := a.bool("throw"), p.source(a.int("source"))
		return observable.Defer(func(context.Context) erased {
			p.log("defer.call")
			if fails {
				throw("deferThrow")
			}
			return source
		})
	},
	"fromCallable": func(p *player, _ erased, a args) erased {
		n, fails := a.intOr("value", 0), a.bool("throw")
		return observable.FromFunc(func(context.Context) (any, error) {
			p.log("callable")
			if fails {
				throw(p.thrown())
			}
			n++
			return n - 1, nil
		})
	},
	"fromAction": func(p *player, _ erased, a args) erased {
		fails := a.bool("throw")
		return observable.FromAction[any](func(context.Context) error {
			p.log("action")
			if fails {
				throw(p.thrown())
			}
			return nil
		})
	},
	"using":    usingBuilder,
	"generate": generateBuilder,
	"create":   func(p *player, _ erased, a args) erased { return observable.New[any](foreignSource{p, a}) },

	// errors
	"onErrorReturn": func(p *player, up erased, a args) erased {
		f := p.fn(a.strOr("fn", "identity"))
		return up.OnErrorReturn(func(err error) any {
			if a.bool("throw") {
				throw("handlerThrow")
			}
			return f(err)
		})
	},
	"onErrorReturnItem": func(_ *player, up erased, a args) erased {
		return observable.OnErrorReturnItem(up, a.value("value"))
	},
	"onErrorComplete": func(p *player, up erased, a args) erased {
		if !a.has("pred") {
			return observable.OnErrorComplete(up)
		}
		return observable.OnErrorComplete(up, p.errPred(a.str("pred")))
	},
	"onErrorResumeNext": func(p *player, up erased, a args) erased {
		return up.OnErrorResumeNext(func(err error) erased {
			p.log("resume(" + message(err) + ")")
			if a.bool("throw") {
				throw("handlerThrow")
			}
			return p.source(a.int("fallback"))
		})
	},
	"onErrorResumeWith": func(p *player, up erased, a args) erased {
		return observable.OnErrorResumeWith(up, p.source(a.int("fallback")))
	},
	"retry":   func(_ *player, up erased, _ args) erased { return up.Retry(observable.Unlimited) },
	"retry.n": func(_ *player, up erased, a args) erased { return up.Retry(a.int("n")) },
	"retry.pred": func(p *player, up erased, a args) erased {
		return observable.RetryIf(up, observable.Unlimited, p.errPred(a.str("pred")))
	},
	"retry.nPred": func(p *player, up erased, a args) erased {
		return observable.RetryIf(up, a.int("n"), p.errPred(a.str("pred")))
	},
	"retry.biPred": func(p *player, up erased, a args) erased {
		limit := a.int("lessThan")
		return observable.RetryBy(up, func(failures int, err error) bool {
			p.log(fmt.Sprintf("retry(%d,%s)", failures, message(err)))
			return failures < limit
		})
	},
	"retryUntil": func(p *player, up erased, a args) erased {
		return observable.RetryUntil(up, p.stop(a))
	},
	"retryWhen": func(p *player, up erased, a args) erased {
		handle := p.handler(a.str("handler"))
		return observable.RetryWhen(up, func(errs observable.Observable[error]) erased { return handle(erase(errs)) })
	},

	// repeat
	"repeat":   func(_ *player, up erased, _ args) erased { return up.Repeat(observable.Unlimited) },
	"repeat.n": func(_ *player, up erased, a args) erased { return up.Repeat(a.int("n")) },
	"repeatUntil": func(p *player, up erased, a args) erased {
		return observable.RepeatUntil(up, p.stop(a))
	},
	"repeatWhen": func(p *player, up erased, a args) erased {
		handle := p.handler(a.str("handler"))
		return observable.RepeatWhen(up, func(n observable.Observable[int]) erased { return handle(erase(n)) })
	},

	// multicast
	"publish.selector": func(p *player, up erased, a args) erased {
		return observable.PublishBy(up, p.selector(a.str("selector")))
	},
	"replay.selector": func(p *player, up erased, a args) erased {
		return observable.ReplayBy(up, p.selector(a.str("selector")), p.replayOptions(a))
	},
	"publish": func(p *player, up erased, _ args) erased {
		p.connectable = observable.Publish(up)
		return p.connectable.Observable()
	},
	"replay":          replayBuilder,
	"replay.size":     replayBuilder,
	"replay.time":     replayBuilder,
	"replay.sizeTime": replayBuilder,
	"refCount": func(p *player, _ erased, a args) erased {
		n := a.intOr("n", 1)
		if a.has("time") {
			return p.connectable.RefCountTime(n, a.ms("time"), p.on)
		}
		return p.connectable.RefCount(n)
	},
	"autoConnect": func(p *player, _ erased, a args) erased { return p.connectable.AutoConnect(a.intOr("n", 1)) },
	"share":       func(_ *player, up erased, _ args) erased { return observable.Share(up) },
	"cache":       func(_ *player, up erased, _ args) erased { return observable.Cache(up) },

	// schedulers
	"observeOn": func(p *player, up erased, a args) erased {
		if a.bool("delayError") {
			return observable.ObserveOnDelayError(up, p.on, observable.Unlimited)
		}
		return up.ObserveOn(p.on, observable.Unlimited)
	},
	"subscribeOn": func(p *player, up erased, _ args) erased { return up.SubscribeOn(p.on) },

	// side effects
	"doOnNext":    func(p *player, up erased, a args) erased { return up.DoOnNext(p.itemEffect(a, "doOnNext")) },
	"doAfterNext": func(p *player, up erased, a args) erased { return up.DoAfterNext(p.itemEffect(a, "doAfterNext")) },
	"doOnError": func(p *player, up erased, a args) erased {
		do := p.effect(a, "doOnError")
		return up.DoOnError(func(err error) { do(message(err)) })
	},
	"doOnComplete": func(p *player, up erased, a args) erased {
		do := p.effect(a, "doOnComplete")
		return up.DoOnComplete(func() { do() })
	},
	"doOnTerminate": func(p *player, up erased, a args) erased {
		do := p.effect(a, "doOnTerminate")
		return up.DoOnTerminate(func() { do() })
	},
	"doAfterTerminate": func(p *player, up erased, a args) erased {
		do := p.effect(a, "doAfterTerminate")
		return up.DoAfterTerminate(func() { do() })
	},
	"doFinally": func(p *player, up erased, a args) erased {
		do := p.effect(a, "doFinally")
		return up.DoFinally(func() { do() })
	},
	"doOnSubscribe": func(p *player, up erased, a args) erased {
		do := p.effect(a, "doOnSubscribe")
		return up.DoOnSubscribe(func(observable.Disposable) { do() })
	},
	"doOnDispose": func(p *player, up erased, a args) erased {
		do := p.effect(a, "doOnDispose")
		return up.DoOnDispose(func() { do() })
	},
	"doOnLifecycle": func(p *player, up erased, a args) erased {
		subscribed, disposed := p.effect(a, "lifecycle.subscribe"), p.effect(a, "lifecycle.dispose")
		return observable.DoOnLifecycle(up, func(observable.Disposable) { subscribed() }, func() { disposed() })
	},
	"doOnEach": func(p *player, up erased, a args) erased {
		do := p.effect(a, "doOnEach")
		return observable.DoOnEach(up, func(n observable.Notification[any]) { do(asJSON(noted(n))) })
	},
	"serialize": func(_ *player, up erased, _ args) erased { return observable.Serialize(up) },
}

func rangeBuilder(_ *player, _ erased, a args) erased {
	return erase(observable.Range(a.int("start"), a.int("count")))
}

// usingBuilder makes a resource without a use, whose functions may throw.
func usingBuilder(p *player, _ erased, a args) erased {
	using := observable.Using[any, int]
	if a.has("eager") && !a.bool("eager") {
		using = observable.UsingLazy[any, int]
	}
	source, fails := p.source(a.int("source")), a.strOr("fail", "")
	call := func(what string) {
		p.log("using." + what)
		if strings.Contains(fails, what) {
			throw(what + "Throw")
		}
	}
	return using(
		func(context.Context) (int, error) { call("resource"); return 0, nil },
		func(int) erased { call("source"); return source },
		func(int) error { call("cleanup"); return nil })
}

// generateBuilder counts from "initial" to "to" and then ends as "gen" says.
func generateBuilder(p *player, _ erased, a args) erased {
	from, to, gen, fails := a.int("initial"), a.int("to"), a.str("gen"), a.bool("disposeThrows")
	return observable.Generate(func() int { return from },
		func(n int, g *observable.Generator[any]) int {
			switch {
			case gen == "countThenEmptyComplete" && n > to:
				g.Complete()
			case gen == "throwAt" && n == to:
				throw("boom")
			case gen == "errorAt" && n == to:
				g.Error(errors.New(p.thrown()))
			default:
				g.Next(n)
			}
			if n < to {
				return n + 1
			}
			switch gen {
			case "count":
				g.Complete()
			case "nextThenThrowAt":
				throw("boom")
			case "countThenEmptyComplete", "errorAt":
			default:
				panic("no generator is called " + gen)
			}
			return n + 1
		},
		func(n int) {
			p.log(fmt.Sprintf("generate.dispose(%d)", n))
			if fails {
				throw("disposeThrow")
			}
		})
}

// stop is a function of retryUntil and repeatUntil: its n-th call, counted from
// assembly, says whether that is enough.
func (p *player) stop(a args) func() bool {
	n, enough, bad := 0, a.int("calls"), a.intOr("throwAt", -1)
	return func() bool {
		n++
		p.log(fmt.Sprintf("stop?%d", n))
		if n == bad {
			throw("boom")
		}
		return n >= enough
	}
}

// noted is a notification as recordings have it.
func noted(n observable.Notification[any]) []any {
	switch n.Kind {
	case observable.SignalError:
		return []any{"E", message(n.Err)}
	case observable.SignalComplete:
		return []any{"C"}
	}
	return []any{"N", n.Value}
}

func replayBuilder(p *player, up erased, a args) erased {
	p.connectable = observable.Replay(up, p.replayOptions(a))
	return p.connectable.Observable()
}

// effect is a side effect that logs its call, and throws if that is what it
// does.
func (p *player) effect(a args, name string) func(of ...string) {
	line, fails := name, a.bool("throw")
	if a.has("tag") {
		line = a.str("tag") + "." + name
	}
	return func(of ...string) {
		if len(of) > 0 {
			p.log(line + "(" + of[0] + ")")
		} else {
			p.log(line)
		}
		if fails {
			throw(name + "Throw")
		}
	}
}

// itemEffect is an effect of each item.
func (p *player) itemEffect(a args, name string) func(any) {
	do, on := p.effect(a, name), a.value("throwOn")
	return func(v any) {
		do(text(v))
		if on != nil && on == v {
			throw("boom")
		}
	}
}
