package observable_test

import "github.com/quillgo/quill/observable"

// bufferBuilders is buffer, window and groupBy.
var bufferBuilders = map[string]builder{
	"buffer.count": func(_ *player, up erased, a args) erased { return erase(observable.Buffer(up, a.int("count"))) },
	"buffer.countSkip": func(_ *player, up erased, a args) erased {
		return erase(observable.BufferSkip(up, a.int("count"), a.int("skip")))
	},
	"buffer.time": func(p *player, up erased, a args) erased {
		return erase(observable.BufferTime(up, a.ms("span"), p.on))
	},
	"buffer.timeSkip": func(p *player, up erased, a args) erased {
		return erase(observable.BufferTimeSkip(up, a.ms("span"), a.ms("skip"), p.on))
	},
	"buffer.timeCount": func(p *player, up erased, a args) erased {
		options := observable.BufferOptions{Count: a.int("count"), RestartTimer: a.bool("restart")}
		return erase(observable.BufferTimeCount(up, a.ms("span"), options, p.on))
	},
	"buffer.boundary": func(p *player, up erased, a args) erased {
		return erase(observable.BufferWhen(up, p.source(a.int("boundary"))))
	},
	"buffer.openClose": func(p *player, up erased, a args) erased {
		return erase(observable.BufferOpenClose(up, p.source(a.int("open")), p.inner(a.str("close"))))
	},

	"window.count": func(_ *player, up erased, a args) erased { return erase(observable.Window(up, a.int("count"))) },
	"window.countSkip": func(_ *player, up erased, a args) erased {
		return erase(observable.WindowSkip(up, a.int("count"), a.int("skip")))
	},
	"window.time": func(p *player, up erased, a args) erased {
		return erase(observable.WindowTime(up, a.ms("span"), p.on))
	},
	"window.timeSkip": func(p *player, up erased, a args) erased {
		return erase(observable.WindowTimeSkip(up, a.ms("span"), a.ms("skip"), p.on))
	},
	"window.timeCount": func(p *player, up erased, a args) erased {
		options := observable.WindowOptions{Count: a.int("count"), RestartTimer: a.bool("restart")}
		return erase(observable.WindowTimeCount(up, a.ms("span"), options, p.on))
	},
	"window.boundary": func(p *player, up erased, a args) erased {
		return erase(observable.WindowWhen(up, p.source(a.int("boundary"))))
	},
	"window.openClose": func(p *player, up erased, a args) erased {
		return erase(observable.WindowOpenClose(up, p.source(a.int("open")), p.inner(a.str("close"))))
	},

	"groupBy": func(p *player, up erased, a args) erased {
		a.only("groupBy", "key", "value", "delayError")
		key := p.fn(a.str("key"))
		switch delay := a.bool("delayError"); {
		case !a.has("value") && delay:
			return erase(observable.GroupByDelayError(up, key))
		case !a.has("value"):
			return erase(observable.GroupBy(up, key))
		case delay:
			return erase(observable.GroupByValueDelayError(up, key, p.fn(a.str("value"))))
		}
		return erase(observable.GroupByValue(up, key, p.fn(a.str("value"))))
	},
}
