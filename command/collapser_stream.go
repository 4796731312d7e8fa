package command

import (
	"errors"
	"log/slog"

	"github.com/quillgo/quill/observable"
)

// StreamCollapserSpec defines a collapser whose requests may get several items
// each, as the batch command gives them (HystrixObservableCollapser). Name,
// ArgKey, ItemKey, Map, and one of Batch and Create are required. The fields that
// a [CollapserSpec] has too mean the same here.
type StreamCollapserSpec[In, Key comparable, Out, Item any] struct {
	Name string
	// Batch is the streaming command that serves a batch.
	Batch  *Command[[]In, Item]
	Create func(args []In) (*Call[[]In, Item], error)
	// ArgKey and ItemKey tell whose an item is: it goes to the requests with the
	// same key. An item that is nobody's is logged and dropped.
	ArgKey  func(arg In) Key
	ItemKey func(item Item) Key
	// Map makes an item into what the request gets. An error fails the requests
	// whose item it is.
	Map func(item Item) (Out, error)
	// Missing is called when the batch is complete for each request that got no
	// item and no error (onMissingResponse). It may answer: a request to which it
	// says nothing completes empty. Nil fails such requests with [ErrNoResponse].
	Missing func(request *Request[In, Out])

	Shard    func(arg In) string
	CacheKey func(arg In) (key string, ok bool)
	Scope    CollapserScope
	Settings CollapserSettings
	Registry *Registry
}

// NewStreamCollapser is [NewCollapser] for a [StreamCollapserSpec].
func NewStreamCollapser[In, Key comparable, Out, Item any](s StreamCollapserSpec[In, Key, Out, Item]) (*Collapser[In, Out], error) {
	c := &Collapser[In, Out]{shardOf: s.Shard, cacheKey: s.CacheKey, scope: s.Scope}
	r := &routing[In, Key, Out, Item]{spec: s, create: creator(s.Batch, s.Create)}
	c.serve = r.serve
	errs := checkCollapser(s.Name, s.Batch, s.Create, s.Scope)
	wrong := func(is bool, field string) {
		if is {
			errs = append(errs, errors.New(field+" is nil, want a function"))
		}
	}
	wrong(s.ArgKey == nil, "ArgKey")
	wrong(s.ItemKey == nil, "ItemKey")
	wrong(s.Map == nil, "Map")
	return c.register(s.Name, registryOf(s.Registry, s.Batch), s.Settings, errs)
}

// routing serves the shards of a streaming collapser.
type routing[In, Key comparable, Out, Item any] struct {
	spec   StreamCollapserSpec[In, Key, Out, Item]
	create func(args []In) (*Call[[]In, Item], error)
}

// serve subscribes to the batch command, whose end ends the shard.
func (m *routing[In, Key, Out, Item]) serve(s *shard[In, Out]) {
	o := &routed[In, Key, Out, Item]{routing: m, shard: s, byKey: map[Key][]*Request[In, Out]{}}
	err := observable.ErrGoexit // stands if user code ends this goroutine
	var call *Call[[]In, Item]
	defer func() {
		if err != nil {
			o.OnError(err)
		}
	}()
	err = guard(func() (err error) {
		for _, r := range s.requests {
			key := m.spec.ArgKey(r.arg)
			o.byKey[key] = append(o.byKey[key], r)
		}
		call, err = createCall(s, m.create)
		return err
	})
	if err == nil {
		each(s.requests, (*Request[In, Out]).release)
		call.ToObservable().Subscribe(s.ctx, o)
	}
}

// routed observes the batch command of a shard. User functions that panic here
// make the stream fail, as in any observer.
type routed[In, Key comparable, Out, Item any] struct {
	*routing[In, Key, Out, Item]
	shard *shard[In, Out]
	byKey map[Key][]*Request[In, Out]
}

func (o *routed[In, Key, Out, Item]) OnSubscribe(observable.Disposable) {}

func (o *routed[In, Key, Out, Item]) OnNext(item Item) {
	key := o.spec.ItemKey(item)
	requests := o.byKey[key]
	if len(requests) == 0 {
		slog.Default().Warn("command: a batch gave an item that nobody asked for",
			"collapser", o.shard.collapser.core.name, "key", key)
		return
	}
	v, err := o.spec.Map(item)
	for _, r := range requests { // to one that is over nothing can be said
		if err != nil {
			if r.Fail(err) == nil {
				r.seats.batcher.settle(r)
			}
		} else {
			_ = r.Emit(v)
		}
	}
}

func (o *routed[In, Key, Out, Item]) OnError(err error) {
	defer o.shard.cancel()
	o.shard.end(err)
}

func (o *routed[In, Key, Out, Item]) OnComplete() {
	defer o.shard.cancel()
	defer each(o.shard.requests, (*Request[In, Out]).Complete)
	defer o.shard.end(nil)
	if o.spec.Missing != nil {
		each(o.shard.requests, o.missing)
	}
}

// missing asks the user what becomes of a request without an item.
func (o *routed[In, Key, Out, Item]) missing(r *Request[In, Out]) {
	if r.silent() {
		if err := guard(func() error { o.spec.Missing(r); return nil }); err != nil {
			r.end(err)
		}
		r.Complete()
	}
}
