package command_test

import (
	"context"
	"encoding/json"
	"sync/atomic"
	"time"

	"github.com/quillgo/quill/command"
	"github.com/quillgo/quill/observable"
)

// scriptError is an error that a script makes.
type scriptError struct {
	category string // USER, BAD_REQUEST, NOT_WRAPPED or PANIC
	message  string
	cause    error
}

func (e *scriptError) Error() string { return e.message }
func (e *scriptError) Unwrap() error { return e.cause }

func userError(message string) error { return &scriptError{category: "USER", message: message} }

func notWrapped(message string) error {
	return command.Bare(&scriptError{category: "NOT_WRAPPED", message: message})
}

// failure returns the error that the action fails with, or nil if it does not.
func (a *action) failure() error {
	switch {
	case a.Fail != nil:
		return userError(*a.Fail)
	case a.NotWrapped != nil:
		return notWrapped(*a.NotWrapped)
	case a.BadRequest != nil:
		e := &scriptError{category: "BAD_REQUEST", message: *a.BadRequest}
		switch {
		case a.Cause != nil:
			e.cause = userError(*a.Cause)
		case a.NotWrappedCause != nil:
			e.cause = notWrapped(*a.NotWrappedCause)
		}
		return command.BadRequest(e)
	}
	return nil
}

// part is the run or the fallback of an instance.
type part struct {
	p      *player
	script script
	worker bool // a stream plays on a goroutine of its own

	entered atomic.Int32
	holding atomic.Int32           // functions that have not returned, streams that have not ended
	context atomic.Pointer[string] // the name of the request context it saw last
}

// enter notes that the part has begun.
func (b *part) enter(ctx context.Context) {
	name := contextName(ctx)
	b.context.Store(&name)
	b.entered.Add(1)
}

func (b *part) contextName() string {
	if name := b.context.Load(); name != nil {
		return *name
	}
	return ""
}

// single plays the script as a function that returns one value.
func (b *part) single(ctx context.Context) (value any, err error) {
	b.p.busy.Add(1)
	defer b.p.busy.Add(-1)
	b.holding.Add(1)
	defer b.holding.Add(-1)
	b.enter(ctx)
	for i := range b.script {
		a := &b.script[i]
		switch {
		case a.Emit != nil:
			if err := decode(a.Emit, &value); err != nil {
				return nil, err
			}
		case a.Throw != nil:
			return nil, userError(*a.Throw)
		case a.Never:
			<-b.p.end
		case a.Complete:
			return value, nil
		default:
			if err := b.play(ctx, a); err != nil {
				return nil, err
			}
		}
	}
	return value, nil
}

// play plays an action that is no signal: what it returns fails the body.
func (b *part) play(ctx context.Context, a *action) error {
	switch {
	case a.Panic != nil:
		panic(*a.Panic)
	case a.Wait != nil && a.OnInterrupt == "fail":
		select {
		case <-b.p.gate(*a.Wait):
		case <-ctx.Done():
			return ctx.Err()
		}
	case a.Wait != nil:
		<-b.p.gate(*a.Wait)
	case a.Sleep != nil:
		time.Sleep(ms(*a.Sleep))
	case a.Open != nil:
		b.p.open(*a.Open)
	default:
		return a.failure()
	}
	return nil
}

// stream plays the script as a stream.
func (b *part) stream(ctx context.Context) observable.Observable[any] {
	b.enter(ctx)
	if len(b.script) > 0 && b.script[0].Throw != nil {
		return observable.Error[any](userError(*b.script[0].Throw))
	}
	return observable.New[any](b)
}

// Subscribe implements observable.Source.
func (b *part) Subscribe(ctx context.Context, o observable.Observer[any]) {
	c := &consumer{Observer: o, part: b}
	b.holding.Add(1)
	b.p.busy.Add(1)
	o.OnSubscribe(c)
	if !b.worker {
		defer b.p.busy.Add(-1)
		b.signals(ctx, c)
		return
	}
	go func() { // ends with the script
		defer b.p.busy.Add(-1)
		defer func() {
			if r := recover(); r != nil { // here it would end the process
				c.end(observable.NewPanicError(r))
			}
		}()
		b.signals(ctx, c)
	}()
}

// signals sends what the script says.
func (b *part) signals(ctx context.Context, c *consumer) {
	for i := range b.script {
		a := &b.script[i]
		switch {
		case a.Emit != nil:
			var value any
			if err := decode(a.Emit, &value); err != nil {
				c.end(err)
				return
			}
			if !c.Disposed() {
				c.OnNext(value)
			}
		case a.Never:
			return
		case a.Complete:
			c.end(nil)
			return
		default:
			if a.Panic != nil {
				c.release()
			}
			if err := b.play(ctx, a); err != nil {
				c.end(err)
				return
			}
		}
	}
	c.end(nil)
}

// consumer is who a stream's script sends to, until it has unsubscribed.
type consumer struct {
	observable.Observer[any]
	part     *part
	gone     atomic.Bool
	released atomic.Bool
}

func (c *consumer) release() {
	if !c.released.Swap(true) {
		c.part.holding.Add(-1)
	}
}

// Dispose implements observable.Disposable.
func (c *consumer) Dispose() {
	c.gone.Store(true)
	c.release()
}

// Disposed implements observable.Disposable.
func (c *consumer) Disposed() bool { return c.gone.Load() }

func (c *consumer) end(err error) {
	c.release()
	switch {
	case c.Disposed():
	case err != nil:
		c.OnError(err)
	default:
		c.OnComplete()
	}
}

func ms(n int) time.Duration { return time.Duration(n) * time.Millisecond }

// text is how a value is written in a hook's entry.
func text(v any) string {
	out, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	if s, ok := v.(string); ok {
		return s
	}
	return string(out)
}
