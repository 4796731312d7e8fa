package rules_test

import (
	"testing"
	"time"

	"github.com/quillgo/quill/observable"
	"github.com/quillgo/quill/observable/observabletest"
)

// TestRules_Buffer puts buffers, windows and groups through the contract, with
// upstream in each place that it can have.
func TestRules_Buffer(t *testing.T) {
	for _, op := range bufferOperators {
		observabletest.Contract(t, op)
	}
}

type windows = observable.Observable[stream]

// forgiving is a window, or a group, whose error does not count: it is that of
// the stream of windows, too, for which it would come too late.
func forgiving(w stream) stream {
	return w.OnErrorResumeNext(func(error) stream { return observable.Empty[token]() })
}

// opened is the items of all windows.
func opened(o windows) erased { return erase(observable.FlatMap(o, forgiving, observable.Unlimited)) }

// ignored is an item for each window, which nobody observes.
func ignored(o windows) erased {
	return erase(observable.Map(o, func(stream) int { return 1 }))
}

func listed(o windows) erased {
	return erase(observable.FlatMap(o, func(w stream) observable.Observable[[]token] {
		return observable.ToList(forgiving(w))
	}, observable.Unlimited))
}

func grouped2(o observable.Observable[observable.Grouped[int, token]]) erased {
	return erase(observable.FlatMap(o, func(g observable.Grouped[int, token]) stream {
		return forgiving(g.Observable)
	}, observable.Unlimited))
}

// parity tells two groups apart.
func parity(v token) int {
	if v == nil {
		return 0
	}
	return v.N % 2
}

func noTokens(int) stream    { return observable.Empty[token]() }
func neverTokens(int) stream { return observable.Never[token]() }

// stillOpen is what does not hold if nobody observes windows.
var stillOpen = func() map[string]string {
	exempt := make(map[string]string)
	for _, name := range []string{
		"C5 C6 Take(1) behind stops a synchronous source",
		"C9 a panic below is not put down to the operator",
		"C10 a panic of the observer in OnNext",
		"C10 a Goexit of the observer in OnNext",
	} {
		exempt[name] = "the source runs for a window until it is clear that nobody wants it, when OnNext has returned"
	}
	return exempt
}()

// onlyFirst is for places whose first item ends the stream.
var onlyFirst = map[string]string{
	"C20 the context ends while a synchronous source emits": "it has completed before",
}

var bufferOperators = []observabletest.Operator[token]{
	// buffer.go, window.go
	{Name: "Buffer", Needs: 2, Apply: func(up stream, _ func()) erased { return erase(observable.Buffer(up, 2)) }},
	{Name: "BufferSkip overlapping", Needs: 3, Apply: func(up stream, _ func()) erased { return erase(observable.BufferSkip(up, 3, 2)) }},
	{Name: "BufferSkip with gaps", Apply: func(up stream, _ func()) erased { return erase(observable.BufferSkip(up, 1, 2)) }},
	{Name: "Window", Apply: func(up stream, _ func()) erased { return opened(observable.Window(up, 2)) }},
	{Name: "Window ignored", Apply: func(up stream, _ func()) erased { return ignored(observable.Window(up, 2)) }, Exempt: stillOpen},
	{Name: "Window listed", Needs: 2, Apply: func(up stream, _ func()) erased { return listed(observable.Window(up, 2)) }},
	{Name: "WindowSkip overlapping", Apply: func(up stream, _ func()) erased { return opened(observable.WindowSkip(up, 3, 2)) }},
	{Name: "WindowSkip ignored", Apply: func(up stream, _ func()) erased { return ignored(observable.WindowSkip(up, 3, 1)) }, Exempt: stillOpen},
	{Name: "WindowSkip with gaps", Apply: func(up stream, _ func()) erased { return opened(observable.WindowSkip(up, 1, 2)) }},

	// buffer_time.go, window_time.go: time is the bubble's
	{Name: "BufferTime", Async: true, Needs: observabletest.AtEnd, Apply: func(up stream, _ func()) erased {
		return erase(observable.BufferTime(up, 10*time.Second))
	}},
	{Name: "BufferTimeSkip", Async: true, Needs: observabletest.AtEnd, Apply: func(up stream, _ func()) erased {
		return erase(observable.BufferTimeSkip(up, 20*time.Second, 10*time.Second))
	}},
	{Name: "BufferTimeCount", Async: true, Needs: 2, Apply: func(up stream, _ func()) erased {
		return erase(observable.BufferTimeCount(up, 10*time.Second, observable.BufferOptions{Count: 2}))
	}},
	{Name: "BufferTimeCount restarting", Async: true, Needs: 2, Apply: func(up stream, _ func()) erased {
		return erase(observable.BufferTimeCount(up, 10*time.Second, observable.BufferOptions{Count: 2, RestartTimer: true}))
	}},
	{Name: "WindowTime", Async: true, Apply: func(up stream, _ func()) erased {
		return opened(observable.WindowTime(up, 10*time.Second))
	}},
	{Name: "WindowTimeSkip", Async: true, Apply: func(up stream, _ func()) erased {
		return opened(observable.WindowTimeSkip(up, 20*time.Second, 10*time.Second))
	}},
	{Name: "WindowTimeCount", Async: true, Apply: func(up stream, _ func()) erased {
		return opened(observable.WindowTimeCount(up, 10*time.Second, observable.WindowOptions{Count: 2}))
	}},
	{Name: "WindowTimeCount restarting", Async: true, Apply: func(up stream, _ func()) erased {
		return opened(observable.WindowTimeCount(up, 10*time.Second, observable.WindowOptions{Count: 2, RestartTimer: true}))
	}},

	// buffer_when.go, window_when.go. The first window comes without an item.
	{Name: "BufferWhen source", Needs: observabletest.AtEnd, Apply: func(up stream, _ func()) erased {
		return erase(observable.BufferWhen(up, observable.Never[int]()))
	}},
	{Name: "BufferWhen boundary", Apply: func(up stream, _ func()) erased {
		return erase(observable.BufferWhen(observable.Never[int](), up))
	}},
	{Name: "WindowWhen source", Apply: func(up stream, _ func()) erased {
		return opened(observable.WindowWhen(up, observable.Never[int]()))
	}},
	{Name: "WindowWhen boundary", Apply: func(up stream, _ func()) erased {
		return ignored(observable.WindowWhen(observable.Never[token](), up))
	}, Exempt: stillOpen},
	{Name: "WindowWhen boundary listed", Needs: 2, Apply: func(up stream, _ func()) erased {
		return listed(observable.WindowWhen(observable.Never[token](), up))
	}},
	{Name: "BufferOpenClose source", Needs: observabletest.AtEnd, Apply: func(up stream, _ func()) erased {
		return erase(observable.BufferOpenClose(up, observable.Just(1), neverTokens))
	}},
	{Name: "BufferOpenClose open", Hook: observabletest.PerItem, Apply: func(up stream, hook func()) erased {
		return erase(observable.BufferOpenClose(observable.Never[int](), up, func(token) stream { hook(); return noTokens(0) }))
	}},
	{Name: "BufferOpenClose close", Apply: func(up stream, _ func()) erased {
		return erase(observable.BufferOpenClose(observable.Never[int](), observable.Just(1), func(int) stream { return up }))
	}, Exempt: onlyFirst},
	{Name: "WindowOpenClose source", Apply: func(up stream, _ func()) erased {
		return opened(observable.WindowOpenClose(up, observable.Just(1), neverTokens))
	}},
	{Name: "WindowOpenClose open", Hook: observabletest.PerItem, Apply: func(up stream, hook func()) erased {
		return listed(observable.WindowOpenClose(observable.Never[token](), up, func(token) stream { hook(); return noTokens(0) }))
	}},
	{Name: "WindowOpenClose open ignored", Hook: observabletest.PerItem, Apply: func(up stream, hook func()) erased {
		return ignored(observable.WindowOpenClose(observable.Never[token](), up, func(token) stream { hook(); return noTokens(0) }))
	}, Exempt: stillOpen},
	{Name: "WindowOpenClose close", Apply: func(up stream, _ func()) erased {
		return listed(observable.WindowOpenClose(observable.Never[token](), observable.Just(1), func(int) stream { return up }))
	}, Exempt: onlyFirst},

	// groupby.go
	{Name: "GroupBy", Hook: observabletest.PerItem, Apply: func(up stream, hook func()) erased {
		return grouped2(observable.GroupBy(up, func(v token) int { hook(); return parity(v) }))
	}},
	{Name: "GroupByDelayError", Hook: observabletest.PerItem, Apply: func(up stream, hook func()) erased {
		return grouped2(observable.GroupByDelayError(up, func(v token) int { hook(); return parity(v) }))
	}},
	{Name: "GroupByValue", Hook: observabletest.PerItem, Apply: func(up stream, hook func()) erased {
		return grouped2(observable.GroupByValue(up, parity, func(v token) token { hook(); return v }))
	}},
	{Name: "GroupBy ignored", Hook: observabletest.PerItem, Apply: func(up stream, hook func()) erased {
		all := observable.GroupBy(up, func(v token) int { hook(); return parity(v) })
		return erase(observable.Map(all, observable.Grouped[int, token].Key))
	}, Exempt: stillOpen},
}
