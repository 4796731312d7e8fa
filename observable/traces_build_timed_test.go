package observable_test

import "github.com/quillgo/quill/observable"

// timedBuilders is what waits for time, or for another stream that says when.
// Nobody is told what is dropped: see deviations.json.
var timedBuilders = map[string]builder{
	"debounce": func(p *player, up erased, a args) erased {
		a.only("debounce", "time", "onDropped")
		a.has("onDropped")
		return observable.Debounce(up, a.ms("time"), p.on)
	},
	"throttleWithTimeout": func(p *player, up erased, a args) erased {
		a.only("throttleWithTimeout", "time", "onDropped")
		a.has("onDropped")
		return observable.Debounce(up, a.ms("time"), p.on)
	},
	"debounce.selector": func(p *player, up erased, a args) erased {
		a.only("debounce.selector", "fn")
		return observable.DebounceWhen(up, p.inner(a.str("fn")))
	},
	"throttleFirst": func(p *player, up erased, a args) erased {
		a.only("throttleFirst", "time", "onDropped")
		a.has("onDropped")
		return observable.ThrottleFirst(up, a.ms("time"), p.on)
	},
	"throttleLast": func(p *player, up erased, a args) erased {
		a.only("throttleLast", "time", "onDropped")
		a.has("onDropped")
		return observable.ThrottleLast(up, a.ms("time"), p.on)
	},
	"throttleLatest": func(p *player, up erased, a args) erased {
		a.only("throttleLatest", "time", "emitLast", "onDropped")
		a.has("onDropped")
		return observable.ThrottleLatest(up, a.ms("time"), a.bool("emitLast"), p.on)
	},
	"sample": func(p *player, up erased, a args) erased {
		a.only("sample", "time", "emitLast", "onDropped")
		a.has("onDropped")
		return observable.Sample(up, a.ms("time"), a.bool("emitLast"), p.on)
	},
	"sample.sampler": func(p *player, up erased, a args) erased {
		a.only("sample.sampler", "sampler", "emitLast")
		return observable.SampleWhen(up, p.source(a.int("sampler")), a.bool("emitLast"))
	},

	"timeout": func(p *player, up erased, a args) erased {
		a.only("timeout", "time", "fallback")
		if a.has("fallback") {
			return observable.TimeoutWith(up, a.ms("time"), p.source(a.int("fallback")), p.on)
		}
		return up.Timeout(a.ms("time"), p.on)
	},
	"timeout.selector": func(p *player, up erased, a args) erased {
		a.only("timeout.selector", "fn", "fallback")
		return p.timeoutWhen(up, observable.Never[any](), a)
	},
	"timeout.firstSelector": func(p *player, up erased, a args) erased {
		a.only("timeout.firstSelector", "first", "fn", "fallback")
		return p.timeoutWhen(up, p.source(a.int("first")), a)
	},

	"delay": func(p *player, up erased, a args) erased {
		a.only("delay", "time", "delayError")
		if a.bool("delayError") {
			return observable.DelayDelayError(up, a.ms("time"), p.on)
		}
		return observable.Delay(up, a.ms("time"), p.on)
	},
	"delay.selector": func(p *player, up erased, a args) erased {
		a.only("delay.selector", "fn")
		return observable.DelayWhen(up, p.inner(a.str("fn")))
	},
	"delay.subSelector": func(p *player, up erased, a args) erased {
		a.only("delay.subSelector", "sub", "fn")
		return observable.DelayWhen(observable.DelaySubscriptionWhen(up, p.source(a.int("sub"))), p.inner(a.str("fn")))
	},
	"delaySubscription": func(p *player, up erased, a args) erased {
		a.only("delaySubscription", "time")
		return observable.DelaySubscription(up, a.ms("time"), p.on)
	},
	"delaySubscription.other": func(p *player, up erased, a args) erased {
		a.only("delaySubscription.other", "other")
		return observable.DelaySubscriptionWhen(up, p.source(a.int("other")))
	},

	"timer": func(p *player, _ erased, a args) erased { return erase(observable.Timer(a.ms("delay"), p.on)) },
	"interval": func(p *player, _ erased, a args) erased {
		return erase(observable.IntervalAfter(a.ms("initial"), a.ms("period"), p.on))
	},
	"intervalRange": func(p *player, _ erased, a args) erased {
		return erase(observable.IntervalRange(a.int("start"), a.int("count"), a.ms("initial"), a.ms("period"), p.on))
	},
}

// timeoutWhen is the timeout operators with functions.
func (p *player) timeoutWhen(up, first erased, a args) erased {
	if a.has("fallback") {
		return observable.TimeoutWhenWith(up, first, p.inner(a.str("fn")), p.source(a.int("fallback")))
	}
	return observable.TimeoutWhen(up, first, p.inner(a.str("fn")))
}
