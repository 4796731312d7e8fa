package observable

import "context"

// PublishBy shares one subscription to o among the streams that selector makes
// of it, for each observer anew: shared emits, live, what o emits. o is subscribed
// to when selector's stream has been, and disposed when that ends or is
// disposed (RxJava: publish with a selector).
//
//	1 2 3 |  PublishBy(pairs with the next)  =>  (1 2) (2 3) |
//
// A panic of selector is the stream's error.
func PublishBy[T, R any](o Observable[T], selector func(shared Observable[T]) Observable[R]) Observable[R] {
	if selector == nil {
		panic(badArgument("PublishBy", "selector", nil, "a function"))
	}
	return Observable[R]{src: &multicastSource[T, R]{up: o.src, selector: selector}}
}

// ReplayBy is [PublishBy] whose shared stream keeps what o emits, as opts says,
// for those of selector's streams that subscribe to it later (RxJava: replay with
// a selector).
//
//	1 2 3 |  ReplayBy(itself, then itself again)  =>  1 2 3 1 2 3 |
func ReplayBy[T, R any](o Observable[T], selector func(shared Observable[T]) Observable[R], opts ReplayOptions) Observable[R] {
	if selector == nil {
		panic(badArgument("ReplayBy", "selector", nil, "a function"))
	}
	opts.check("ReplayBy")
	return Observable[R]{src: &multicastSource[T, R]{o.src, selector, true, opts}}
}

type multicastSource[T, R any] struct {
	up       Source[T]
	selector func(Observable[T]) Observable[R]
	replays  bool
	opts     ReplayOptions
}

func (s *multicastSource[T, R]) Subscribe(ctx context.Context, o Observer[R]) {
	c := &Connectable[T]{up: s.up, replays: s.replays, opts: s.opts}
	m := &multicastObserver[T, R]{ctx: ctx, down: o, conn: c.present()}
	m.conn.ctx = ctx
	var chosen Observable[R]
	fail := func(err error) { Error[R](err).src.Subscribe(ctx, o) }
	if err := try(func() { chosen = s.selector(c.Observable()) }, fail); err != nil {
		fail(err)
		return
	}
	defer m.connect() // after the observer is in, however that goes
	subscribe(ctx, chosen.src, m)
}

// multicastObserver observes selector's stream. conn is the subscription to the
// source, which nobody else can connect.
type multicastObserver[T, R any] struct {
	relay
	ctx  context.Context
	down Observer[R]
	conn *connection[T]
}

func (m *multicastObserver[T, R]) connect() {
	if !m.conn.Disposed() {
		subscribe[T](m.ctx, m.conn.parent.up, m.conn.core)
	}
}

func (m *multicastObserver[T, R]) OnSubscribe(d Disposable) {
	m.up = d
	m.down.OnSubscribe(m)
}

func (m *multicastObserver[T, R]) OnNext(v R) { m.down.OnNext(v) }

func (m *multicastObserver[T, R]) OnError(err error) {
	m.ended = true
	m.conn.Dispose()
	m.down.OnError(err)
}

func (m *multicastObserver[T, R]) OnComplete() {
	m.ended = true
	m.conn.Dispose()
	m.down.OnComplete()
}

func (m *multicastObserver[T, R]) Dispose() {
	m.disposed.Store(true)
	m.conn.Dispose()
	m.up.Dispose()
}

// Blame implements [Stage]: selector has a boundary of its own. The handle is
// not the relay's: disposing has to end the connection.
func (m *multicastObserver[T, R]) Blame() (bool, Disposable, any) {
	if m.ended {
		return false, nil, m.down
	}
	return false, m, m.down
}
