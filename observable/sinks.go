package observable

import "context"

// First waits for the first item, stops the stream and returns it; an empty
// stream gives [ErrEmpty]. When ctx ends First returns context.Cause(ctx).
//
//	1 2 3  First  =>  1, nil
//
// First, like every sink, runs a synchronous stream on the caller's goroutine;
// any other it subscribes to on a goroutine of its own, so that the end of ctx
// frees the caller even while the source blocks.
func (o Observable[T]) First(ctx context.Context) (T, error) {
	s := &valueSink[T]{most: 1}
	return s.result(ctx, o)
}

// Single waits for the end and returns the only item. An empty stream gives
// [ErrEmpty], one of several items [ErrTooMany], at the second item. When ctx ends
// Single returns context.Cause(ctx).
//
//	1 |    Single  =>  1, nil
//	1 2    Single  =>  ErrTooMany
func (o Observable[T]) Single(ctx context.Context) (T, error) {
	s := &valueSink[T]{most: 2}
	return s.result(ctx, o)
}

// Last waits for the end and returns the last item; an empty stream gives
// [ErrEmpty]. When ctx ends Last returns context.Cause(ctx), and no item.
//
//	1 2 3 |  Last  =>  3, nil
func (o Observable[T]) Last(ctx context.Context) (T, error) {
	s := &valueSink[T]{most: Unlimited}
	return s.result(ctx, o)
}

// ToSlice waits for the end and returns all items. After an error, which is
// context.Cause(ctx) when ctx ends, it returns the items that came before, with
// the error.
//
//	1 2 3 |  ToSlice  =>  [1 2 3], nil
//	1 2 #    ToSlice  =>  [1 2], #
func (o Observable[T]) ToSlice(ctx context.Context) ([]T, error) {
	s := new(sliceSink[T])
	err := await(ctx, o, s)
	return s.all, err
}

// Wait waits for the end and drops the items. It returns the stream's error, or
// context.Cause(ctx) when ctx ends.
//
//	1 2 |  Wait  =>  nil
//	1 #    Wait  =>  #
func (o Observable[T]) Wait(ctx context.Context) error {
	return await(ctx, o, new(waitSink[T]))
}

// ForEach calls f for each item, one at a time, and waits for the end. An
// error of f stops the stream and is returned; a panic of f is returned as a
// [*PanicError]. When ctx ends ForEach returns context.Cause(ctx). f runs on the
// goroutine that emits; ForEach does not return while f runs, even when ctx has
// ended.
//
//	1 2 |  ForEach(f)  =>  f(1) f(2), nil
func (o Observable[T]) ForEach(ctx context.Context, f func(T) error) error {
	if f == nil {
		panic(badArgument("ForEach", "f", nil, "a function"))
	}
	return await(ctx, o, &eachSink[T]{f: f})
}

// ending is what sinks have in common: how the stream ended. Its fields are
// the emitting goroutine's until over is closed, or, without over, until
// Subscribe returns.
type ending struct {
	up   Disposable
	err  error
	over chan struct{} // nil for a synchronous stream whose context cannot end
}

func (e *ending) base() *ending            { return e }
func (e *ending) OnSubscribe(d Disposable) { e.up = d }
func (e *ending) OnError(err error)        { e.end(err) }
func (e *ending) OnComplete()              { e.end(nil) }

func (e *ending) end(err error) {
	e.err = err
	if e.over != nil {
		close(e.over)
	}
}

// stop ends the stream from inside OnNext.
func (e *ending) stop(err error) {
	e.up.Dispose()
	e.end(err)
}

// run subscribes to a synchronous stream by subscribe, and returns when the end
// has been told. The end of ctx is told by a goroutine of its own, which stops
// the stream first: subscribe may return before that.
func (e *ending) run(ctx context.Context, subscribe func()) {
	if ctx.Done() == nil {
		subscribe()
		return
	}
	e.over = make(chan struct{})
	subscribe()
	if ctx.Err() != nil {
		<-e.over
	}
}

// await subscribes s to o and waits for the end.
func await[T any, S interface {
	Observer[T]
	base() *ending
}](ctx context.Context, o Observable[T], s S) error {
	e := s.base()
	if isSynchronous(o.src) {
		e.run(ctx, func() { o.Subscribe(ctx, s) })
		return e.err
	}
	e.over = make(chan struct{})
	go o.Subscribe(ctx, s) // ends with the source's Subscribe
	<-e.over               // the watching of ctx, too, ends in OnError
	return e.err
}

// valueSink keeps the newest item and stops the stream at the most-th.
type valueSink[T any] struct {
	ending
	value T
	n     int
	most  int // 1: the first will do; 2: a second is an error; Unlimited: the last
}

func (s *valueSink[T]) OnNext(v T) {
	s.n++
	if s.n == 2 && s.most == 2 {
		s.stop(ErrTooMany)
		return
	}
	s.value = v
	if s.n == s.most {
		s.stop(nil)
	}
}

func (s *valueSink[T]) result(ctx context.Context, o Observable[T]) (T, error) {
	err := await(ctx, o, s)
	if err == nil && s.n == 0 {
		err = ErrEmpty
	}
	if err != nil {
		var zero T
		return zero, err
	}
	return s.value, nil
}

type sliceSink[T any] struct {
	ending
	all []T
}

func (s *sliceSink[T]) OnNext(v T) { s.all = append(s.all, v) }

type waitSink[T any] struct{ ending }

func (s *waitSink[T]) OnNext(T) {}

type eachSink[T any] struct {
	ending
	f func(T) error
}

func (s *eachSink[T]) OnNext(v T) {
	if err := s.f(v); err != nil {
		s.stop(err)
	}
}
