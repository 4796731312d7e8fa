package observable_test

import (
	"slices"

	"github.com/quillgo/quill/observable"
)

// coreBuilders is what belongs to no family of operators.
var coreBuilders = map[string]builder{
	"source": func(p *player, _ erased, a args) erased { return p.source(a.int("index")) },

	// hide and onTerminateDetach hide what is above: in quill a foreign source is.
	"hide":              shieldedAgain,
	"onTerminateDetach": shieldedAgain,
}

func shieldedAgain(_ *player, up erased, _ args) erased { return observable.New(up.Source()) }

// subjects is every kind of subject, for scripts.
var subjects = map[string]func(p *player, a args) observable.Subject[any]{
	"PublishSubject": func(*player, args) observable.Subject[any] { return observable.NewPublishSubject[any]() },
	"AsyncSubject":   func(*player, args) observable.Subject[any] { return observable.NewAsyncSubject[any]() },
	"BehaviorSubject": func(_ *player, a args) observable.Subject[any] {
		if a.has("default") {
			return observable.NewBehaviorSubjectOf(a.value("default"))
		}
		return observable.NewBehaviorSubject[any]()
	},
	"ReplaySubject":          replaySubject,
	"ReplaySubject.size":     replaySubject,
	"ReplaySubject.time":     replaySubject,
	"ReplaySubject.timeSize": replaySubject,
	"UnicastSubject": func(p *player, a args) observable.Subject[any] {
		return observable.NewUnicastSubject[any](observable.UnicastOptions{
			OnTerminate: func() { p.log("onTerminate") },
			EagerError:  a.has("delayError") && !a.bool("delayError"),
		})
	},
}

func replaySubject(p *player, a args) observable.Subject[any] {
	return observable.NewReplaySubject[any](p.replayOptions(a))
}

// replayOptions is the bounds of a replay. RxJava's time 0 keeps an item for no
// time at all, quill's zero for ever, so it becomes the shortest time that there
// is.
func (p *player) replayOptions(a args) observable.ReplayOptions {
	o := observable.ReplayOptions{Size: a.intOr("size", 0), On: p.on}
	if a.has("time") {
		o.MaxAge = max(a.ms("time"), 1)
	}
	return o
}

// probe is the state of a subject as far as quill tells it.
func probe(s observable.Subject[any]) map[string]any {
	seen := map[string]any{
		"hasObservers": s.HasObservers(),
		"hasComplete":  s.Completed(),
		"hasThrowable": s.Err() != nil,
		"throwable":    nil,
	}
	if s.Err() != nil {
		seen["throwable"] = message(s.Err())
	}
	switch s := s.(type) {
	case interface{ Value() (any, bool) }:
		seen["value"], seen["hasValue"] = s.Value()
	case interface {
		Values() []any
		Size() int
	}:
		seen["values"], seen["hasValue"] = slices.Clone(s.Values()), s.Size() > 0
	}
	return seen
}
