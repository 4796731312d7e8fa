package observable

import "context"

// Generate emits what step makes out of a state, one turn after the other.
// initial is called for each subscription; step gets the state, emits at most
// one item through g, may end the stream through g, and returns the next state.
// release, if not nil, gets the last state when the stream has ended, after the
// observer was told, or is disposed. A panic of initial or step is the stream's
// error, one of release goes to the error handler (rule C8).
//
//	Generate(func() int { return 1 }, func(n int, g *Generator[int]) int {
//		g.Next(n)
//		if n == 3 {
//			g.Complete()
//		}
//		return n + 1
//	}, nil)  =>  1 2 3 |
//
// Everything runs on the subscriber's goroutine; while step runs the
// subscription's [Hold] is retained. For an iterator use [FromSeq].
func Generate[T, S any](initial func() S, step func(state S, g *Generator[T]) S, release func(state S)) Observable[T] {
	switch {
	case initial == nil:
		panic(badArgument("Generate", "initial", nil, "a function"))
	case step == nil:
		panic(badArgument("Generate", "step", nil, "a function"))
	}
	return Observable[T]{src: &generateSource[T, S]{initial, step, release}}
}

type generateSource[T, S any] struct {
	initial func() S
	step    func(S, *Generator[T]) S
	release func(S)
}

func (*generateSource[T, S]) synchronous() bool { return true }

func (s *generateSource[T, S]) Subscribe(ctx context.Context, o Observer[T]) {
	state, ok := s.begin(ctx, o)
	if !ok {
		return
	}
	if s.release != nil {
		defer s.finish(ctx, &state)
	}
	g := &Generator[T]{ctx: ctx, down: o, at: items}
	g.run.body.Init(ctx)
	defer g.guard()
	o.OnSubscribe(&g.run)
	if !g.run.Disposed() {
		if gone := g.run.run(&g.at, func() { s.loop(g, &state) }); gone != nil {
			g.Error(gone)
		}
	}
	g.at = idle
	g.end()
}

// begin makes the state, or reports false and tells o what went wrong.
func (s *generateSource[T, S]) begin(ctx context.Context, o Observer[T]) (state S, ok bool) {
	release, ok := retain(ctx)
	if !ok {
		Error[T](ErrHoldGone).src.Subscribe(ctx, o)
		return state, false
	}
	fail := func(err error) {
		release()
		Error[T](err).src.Subscribe(ctx, o)
	}
	if err := try(func() { state = s.initial() }, fail); err != nil {
		fail(err)
		return state, false
	}
	release()
	return state, true
}

// loop runs the turns. *state is what release will get.
func (s *generateSource[T, S]) loop(g *Generator[T], state *S) {
	for n := 1; !g.over && !g.run.Disposed(); n++ {
		if n%pollEvery == 0 && g.ctx.Err() != nil {
			g.Error(context.Cause(g.ctx)) // nobody may be watching (rule C20)
			return
		}
		*state = s.step(*state, g)
		g.deliver()
	}
}

// finish gives the state to release.
func (s *generateSource[T, S]) finish(ctx context.Context, state *S) {
	report := func(err error) { ReportError(ctx, err) }
	if err := try(func() { s.release(*state) }, report); err != nil {
		report(err)
	}
}

// Generator is how the function given to [Generate] emits. It is for that
// function alone, and only while it runs.
type Generator[T any] struct {
	run  userRun
	ctx  context.Context
	down Observer[T]
	at   phase

	item bool // v is to be emitted when the turn is over
	v    T
	over bool // the end was said
	err  error
}

// Context returns a context that ends when the subscription is disposed, for
// what takes time.
func (g *Generator[T]) Context() context.Context { return &g.run.body }

// Next emits v when the turn is over. A second item in one turn fails the stream
// with a [*ProtocolError].
func (g *Generator[T]) Next(v T) {
	switch {
	case g.over:
	case g.item:
		g.Error(&ProtocolError{"Generator.Next was called twice in one turn"})
	default:
		g.item, g.v = true, v
	}
}

// Complete completes the stream when the turn is over, after the turn's item.
func (g *Generator[T]) Complete() { g.over = true }

// Error fails the stream when the turn is over, after the turn's item. After an
// end it goes to the error handler.
func (g *Generator[T]) Error(err error) {
	err = failure(err)
	if g.over {
		ReportError(g.ctx, err)
		return
	}
	g.over, g.err = true, err
}

// deliver emits the turn's item.
func (g *Generator[T]) deliver() {
	if !g.item {
		return
	}
	v := g.v
	var zero T
	g.item, g.v = false, zero
	if g.run.Disposed() {
		return
	}
	g.at = items
	g.down.OnNext(v)
	g.at = own
}

// end gives the end.
func (g *Generator[T]) end() {
	switch {
	case g.run.Disposed():
		reportLate(g.ctx, g.err)
	case g.over:
		End(g.ctx, &g.run, g.down, g.err)
	}
}

// guard is the boundary; it must be deferred itself. What the turn said before
// it failed counts.
func (g *Generator[T]) guard() {
	switch g.at {
	case idle:
	case own:
		r := recover()
		g.flush()
		if !g.over {
			fault(g.ctx, own, &g.run, source{&g.run, g.down}, r)
			return
		}
		if r != nil {
			ReportError(g.ctx, NewPanicError(r))
		}
		g.end()
	default:
		fault(g.ctx, g.at, &g.run, g.down, recover())
	}
}

// flush is deliver with a boundary of its own.
func (g *Generator[T]) flush() {
	at := items
	defer catch(g.ctx, &at, &g.run, g.down)
	g.deliver()
	at = idle
}
