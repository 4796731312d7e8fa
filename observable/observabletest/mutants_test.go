package observabletest

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/quillgo/quill/observable"
)

// broken is an operator that passes everything on, except where a function
// says otherwise: each use of it is an operator that breaks a rule.
type broken struct {
	up        observable.Source[*Token]
	ctx       func(context.Context) context.Context
	before    func(b *brokenObserver)
	subscribe func(b *brokenObserver, d observable.Disposable)
	next      func(b *brokenObserver, v *Token)
	fail      func(b *brokenObserver, err error)
	complete  func(b *brokenObserver)
	blame     func(b *brokenObserver) (bool, observable.Disposable, any)
	anonymous bool // not a Stage
}

func (s *broken) Subscribe(ctx context.Context, o observable.Observer[*Token]) {
	b := &brokenObserver{broken: s, down: o}
	if s.before != nil {
		s.before(b)
	}
	if s.ctx != nil {
		ctx = s.ctx(ctx)
	}
	if s.anonymous {
		s.up.Subscribe(ctx, struct{ observable.Observer[*Token] }{b})
		return
	}
	s.up.Subscribe(ctx, b)
}

type brokenObserver struct {
	*broken
	down   observable.Observer[*Token]
	up     observable.Disposable
	handle observable.Disposable // what down was given, if not up
	n      int
	kept   *Token
	busy   bool
}

func (b *brokenObserver) OnSubscribe(d observable.Disposable) {
	b.up = d
	if b.subscribe != nil {
		b.subscribe(b, d)
		return
	}
	b.down.OnSubscribe(d)
}

func (b *brokenObserver) OnNext(v *Token) {
	b.n++
	if b.next != nil {
		b.next(b, v)
		return
	}
	b.down.OnNext(v)
}

func (b *brokenObserver) OnError(err error) {
	if b.fail != nil {
		b.fail(b, err)
		return
	}
	b.down.OnError(err)
}

func (b *brokenObserver) OnComplete() {
	if b.complete != nil {
		b.complete(b)
		return
	}
	b.down.OnComplete()
}

func (b *brokenObserver) Blame() (bool, observable.Disposable, any) {
	if b.blame != nil {
		return b.blame(b)
	}
	return b.busy, b.up, b.down
}

// own is a Disposable that tells when it is disposed.
type own struct {
	probeRun
	told func()
}

func (d *own) Dispose() {
	if !d.Disposed() {
		d.probeRun.Dispose()
		d.told()
	}
}

// TestContract_CatchesMutants checks that operators which break a rule fail a
// case of that rule.
func TestContract_CatchesMutants(t *testing.T) {
	hooked := Operator[*Token]{Hook: PerItem}
	count := 0
	for _, m := range []struct {
		name string
		rule string // of the case that must fail
		op   Operator[*Token]
		with func(s *broken, hook func())
	}{
		{"subscribes twice", "C1", Operator[*Token]{}, func(s *broken, _ func()) {
			s.subscribe = func(b *brokenObserver, d observable.Disposable) { b.down.OnSubscribe(d); b.down.OnSubscribe(d) }
		}},
		{"emits before OnSubscribe", "C1", Operator[*Token]{}, func(s *broken, _ func()) {
			s.subscribe = func(b *brokenObserver, d observable.Disposable) { b.down.OnNext(nil); b.down.OnSubscribe(d) }
		}},
		{"emits after the end", "C1 C2 C3", Operator[*Token]{}, func(s *broken, _ func()) {
			s.complete = func(b *brokenObserver) { b.down.OnComplete(); b.down.OnNext(nil) }
		}},
		{"emits from two goroutines", "C1 C2 C3", Operator[*Token]{}, func(s *broken, _ func()) {
			s.next = func(b *brokenObserver, v *Token) {
				done := make(chan bool)
				for range 2 {
					go func() {
						for range 100 {
							b.down.OnNext(v)
						}
						done <- true
					}()
				}
				<-done
				<-done
			}
		}},
		{"does not hand on the error", "C1 C2 C3", Operator[*Token]{}, func(s *broken, _ func()) {
			s.fail = func(b *brokenObserver, _ error) { b.down.OnError(context.Canceled) }
		}},
		{"never ends", "C1 C2 C3", Operator[*Token]{}, func(s *broken, _ func()) {
			s.complete = func(*brokenObserver) {}
		}},
		{"does not dispose upstream", "C5", Operator[*Token]{}, func(s *broken, _ func()) {
			s.subscribe = func(b *brokenObserver, _ observable.Disposable) { b.down.OnSubscribe(new(probeRun)) }
		}},
		{"emits once more after Dispose", "C5", Operator[*Token]{}, func(s *broken, _ func()) {
			s.next = func(b *brokenObserver, v *Token) { b.down.OnNext(v); b.down.OnNext(v) }
		}},
		{"completes inside OnSubscribe although disposed", "C4 dispose inside OnSubscribe", Operator[*Token]{}, func(s *broken, _ func()) {
			s.subscribe = func(b *brokenObserver, d observable.Disposable) { b.down.OnSubscribe(d); b.down.OnNext(nil) }
		}},
		{"disposes itself at the end", "C4 Disposed", Operator[*Token]{}, func(s *broken, _ func()) {
			s.complete = func(b *brokenObserver) { b.up.Dispose(); b.down.OnComplete() }
		}},
		{"completes before it stops upstream", "C1 C2 C3", Operator[*Token]{}, func(s *broken, _ func()) {
			s.next = func(b *brokenObserver, v *Token) {
				if b.down.OnNext(v); b.n == 2 {
					b.down.OnComplete()
					b.up.Dispose()
				}
			}
		}},
		{"takes two to emit one", "C5", Operator[*Token]{}, func(s *broken, _ func()) {
			s.next = func(b *brokenObserver, v *Token) {
				if b.n > 1 {
					b.down.OnNext(v)
				}
			}
		}},
		{"completes when disposed", "C7", Operator[*Token]{}, func(s *broken, _ func()) {
			s.subscribe = func(b *brokenObserver, d observable.Disposable) {
				b.down.OnSubscribe(&own{told: func() { d.Dispose(); b.down.OnComplete() }})
			}
		}},
		{"does not say that its function runs", "C9", hooked, func(s *broken, hook func()) {
			s.next = func(b *brokenObserver, v *Token) { hook(); b.down.OnNext(v) }
		}},
		{"says that its function runs for ever", "C9 a panic below", hooked, func(s *broken, hook func()) {
			s.next = func(b *brokenObserver, v *Token) { b.busy = true; hook(); b.down.OnNext(v) }
		}},
		{"blames what is not there", "C9", hooked, func(s *broken, hook func()) {
			s.next = func(b *brokenObserver, v *Token) { b.busy = true; hook(); b.busy = false; b.down.OnNext(v) }
			s.blame = func(b *brokenObserver) (bool, observable.Disposable, any) { return b.busy, new(probeRun), b.down }
		}},
		{"recovers by itself", "C9", hooked, func(s *broken, hook func()) {
			s.next = func(b *brokenObserver, v *Token) {
				defer func() { _ = recover() }()
				hook()
				b.down.OnNext(v)
			}
		}},
		{"goes on after its failure", "C9", hooked, func(s *broken, hook func()) {
			s.next = func(b *brokenObserver, v *Token) {
				defer func() {
					if r := recover(); r != nil {
						b.down.OnError(observable.NewPanicError(r))
					}
				}()
				hook()
				b.down.OnNext(v)
			}
		}},
		{"ends early and does not say so", "C10", Operator[*Token]{}, func(s *broken, _ func()) {
			s.next = func(b *brokenObserver, v *Token) {
				if b.down.OnNext(v); b.n == 2 && !b.handle.Disposed() {
					b.up.Dispose()
					b.down.OnComplete()
				}
			}
			s.subscribe = func(b *brokenObserver, d observable.Disposable) {
				b.handle = &own{told: d.Dispose}
				b.down.OnSubscribe(b.handle)
			}
			s.blame = func(b *brokenObserver) (bool, observable.Disposable, any) { return false, b.handle, b.down }
		}},
		{"counts at assembly", "C12 each", Operator[*Token]{}, func(s *broken, _ func()) {
			n := 0
			s.next = func(b *brokenObserver, v *Token) {
				if n++; n > 2 {
					b.down.OnNext(v)
				}
			}
		}},
		{"subscribes at assembly", "C13", Operator[*Token]{}, func(s *broken, _ func()) {
			s.up.Subscribe(context.Background(), NewObserver[*Token]())
		}},
		{"calls its function at assembly", "C13", hooked, func(_ *broken, hook func()) {
			hook()
		}},
		{"starts a goroutine at assembly", "C13", Operator[*Token]{}, func(*broken, func()) {
			go time.Sleep(time.Second)
		}},
		{"keeps the last item", "C18", Operator[*Token]{}, func(s *broken, _ func()) {
			s.next = func(b *brokenObserver, v *Token) { b.kept = v; b.down.OnNext(v) }
			s.subscribe = func(b *brokenObserver, d observable.Disposable) {
				b.down.OnSubscribe(&own{told: func() { b.n++; d.Dispose() }})
			}
		}},
		{"drops nil", "C19", Operator[*Token]{}, func(s *broken, _ func()) {
			s.next = func(b *brokenObserver, v *Token) {
				if v != nil {
					b.down.OnNext(v)
				}
			}
		}},
		{"forgets the context", "C20 the context is passed on", Operator[*Token]{}, func(s *broken, _ func()) {
			s.ctx = func(ctx context.Context) context.Context {
				return observable.WithErrorHandler(context.Background(), func(error) {})
			}
		}},
		{"subscribes more than once and mixes", "C20 the context is passed on", Operator[*Token]{}, func(s *broken, _ func()) {
			s.ctx = func(ctx context.Context) context.Context {
				if count++; count%2 == 0 {
					return ctx
				}
				return context.WithoutCancel(context.Background())
			}
		}},
	} {
		t.Run(m.name, func(t *testing.T) {
			op := m.op
			op.Item = func(i int) *Token { return &Token{N: i} }
			op.Apply = func(up observable.Observable[*Token], hook func()) observable.Observable[any] {
				s := &broken{up: up.Source()}
				m.with(s, hook)
				return Erase(observable.NewUnsafe[*Token](s))
			}
			if failed := failures(t, op, m.rule); len(failed) == 0 {
				t.Errorf("no case of %q failed", m.rule)
			}
		})
	}
}

// failures returns which of the cases of a rule op fails.
func failures(t *testing.T, op Operator[*Token], rule string) (failed []string) {
	for _, c := range operatorCases[*Token]() {
		if !strings.HasPrefix(c.name, rule) || c.needs != nil && !c.needs(&op) {
			continue
		}
		synctest.Test(t, func(t *testing.T) {
			tb := &recorder{TB: t}
			runCase(tb, func(tr *trial) { c.run(&operatorTrial[*Token]{tr, op}) })
			if len(tb.all()) > 0 {
				failed = append(failed, c.name)
			}
		})
	}
	return failed
}

// TestContract_PassesGoodOperator checks that the mutants' chassis itself keeps
// the rules.
func TestContract_PassesGoodOperator(t *testing.T) {
	Contract(t, Operator[*Token]{
		Name: "pass",
		Hook: PerItem,
		Apply: func(up observable.Observable[*Token], hook func()) observable.Observable[any] {
			return Erase(observable.NewUnsafe[*Token](&broken{
				up: up.Source(),
				next: func(b *brokenObserver, v *Token) {
					b.busy = true
					hook()
					b.busy = false
					b.down.OnNext(v)
				},
			}))
		},
	})
}

// TestContract_Values checks the contract with an element type that needs an
// Item of its own.
func TestContract_Values(t *testing.T) {
	Contract(t, Operator[string]{
		Name: "string",
		Item: func(i int) string { return strings.Repeat("x", i%10) },
		Apply: func(up observable.Observable[string], _ func()) observable.Observable[any] {
			return Erase(up.Filter(func(string) bool { return true }))
		},
	})
}
