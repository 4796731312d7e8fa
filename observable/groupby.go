package observable

import (
	"context"
	"sync"
)

// Grouped is the stream of the items that have one key, as GroupBy emits it.
type Grouped[K comparable, T any] struct {
	Observable[T]
	key K
}

// Key returns what the items have in common.
func (g Grouped[K, T]) Key() K { return g.key }

// GroupBy emits a stream for each key that the items have, the groups, with the
// items of that key, beginning with the one that made it. The groups complete, or
// fail, with the source, in the order in which they began.
//
//	1 2 3 4 |  GroupBy(v % 2)  =>  1:(1 3|) 0:(2 4|) |
//
// A group has one observer, who must subscribe inside the OnNext that it comes
// with: a group that nobody has subscribed to by then completes after its first
// item, which is queued for whoever subscribes later, and the next item of the key
// makes a new group. The same goes for a group whose observer has disposed. So
// nothing is held for nobody, however many keys there are.
//
// Disposing does not touch groups that are open: no new ones come, items without
// a group are dropped, and the source runs until the last group is disposed, too.
// An observer that panics, of a group or of the stream of groups, is failed
// alone. A panic of key, and a key that cannot be one, fails the groups as well as
// the stream. A key that is not equal to itself, NaN, has a group for each item.
func GroupBy[T any, K comparable](o Observable[T], key func(T) K) Observable[Grouped[K, T]] {
	return groupBy("GroupBy", o, key, func(v T) T { return v }, false)
}

// GroupByDelayError is [GroupBy] whose groups deliver what is queued before an
// error; else that overtakes it.
//
//	1 2 3 #  GroupByDelayError(v % 2)  =>  1:(1 3#) 0:(2#) #
func GroupByDelayError[T any, K comparable](o Observable[T], key func(T) K) Observable[Grouped[K, T]] {
	return groupBy("GroupByDelayError", o, key, func(v T) T { return v }, true)
}

// GroupByValue is [GroupBy] with value(v) in the groups instead of the item v
// (RxJava: groupBy with a value selector).
//
//	1 2 3 4 |  GroupByValue(v % 2, 10v)  =>  1:(10 30|) 0:(20 40|) |
func GroupByValue[T any, K comparable, V any](o Observable[T], key func(T) K, value func(T) V) Observable[Grouped[K, V]] {
	return groupBy("GroupByValue", o, key, value, false)
}

// GroupByValueDelayError is [GroupByValue] with the errors of
// [GroupByDelayError].
//
//	1 2 3 #  GroupByValueDelayError(v % 2, 10v)  =>  1:(10 30#) 0:(20#) #
func GroupByValueDelayError[T any, K comparable, V any](o Observable[T], key func(T) K, value func(T) V) Observable[Grouped[K, V]] {
	return groupBy("GroupByValueDelayError", o, key, value, true)
}

func groupBy[T any, K comparable, V any](name string, o Observable[T], key func(T) K, value func(T) V, delay bool) Observable[Grouped[K, V]] {
	if key == nil {
		panic(badArgument(name, "key", nil, "a function"))
	}
	if value == nil {
		panic(badArgument(name, "value", nil, "a function"))
	}
	return Observable[Grouped[K, V]]{src: &groupBySource[T, K, V]{o.src, key, value, delay}}
}

type groupBySource[T any, K comparable, V any] struct {
	up    Source[T]
	key   func(T) K
	value func(T) V
	delay bool
}

func (s *groupBySource[T, K, V]) synchronous() bool { return isSynchronous(s.up) }

func (s *groupBySource[T, K, V]) Subscribe(ctx context.Context, o Observer[Grouped[K, V]]) {
	g := &grouping[T, K, V]{of: s}
	g.byKey = make(map[K]*grouped[K, V])
	g.open(ctx, o, nil)
	subscribe(ctx, s.up, g)
}

// groupOutlet is the outlet of a GroupBy, and the groups that are open. They may
// be left on any goroutine.
type groupOutlet[K comparable, V any] struct {
	outlet[Grouped[K, V]]
	mu          sync.Mutex
	byKey       map[K]*grouped[K, V] // guarded by mu
	first, last *grouped[K, V]       // guarded by mu; in the order in which they began
}

// grouped is one group.
type grouped[K comparable, V any] struct {
	unicast[V]
	key           K
	in            *groupOutlet[K, V]
	before, after *grouped[K, V] // guarded by mu of in
}

// find returns the group of k, or nil. k may be no key at all.
func (s *groupOutlet[K, V]) find(k K) *grouped[K, V] {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.byKey[k]
}

// begin makes the group of k, unless nobody wants one.
func (s *groupOutlet[K, V]) begin(k K, eager bool) *grouped[K, V] {
	if !s.want() {
		return nil
	}
	g := &grouped[K, V]{key: k, in: s}
	g.home, g.eager = g, eager
	g.wip.Store(1)
	s.mu.Lock()
	defer s.mu.Unlock()
	if same := k; same == k { // what is not equal to itself, NaN, could neither be found nor deleted
		s.byKey[k] = g
	}
	if g.before = s.last; s.last == nil {
		s.first = g
	} else {
		s.last.after = g
	}
	s.last = g
	return g
}

// leave implements unicastHome: the group has ended or was left.
func (g *grouped[K, V]) leave() {
	s := g.in
	s.mu.Lock()
	if s.byKey[g.key] == g {
		delete(s.byKey, g.key)
	}
	if g.before == nil {
		s.first = g.after
	} else {
		g.before.after = g.after
	}
	if g.after == nil {
		s.last = g.before
	} else {
		g.after.before = g.before
	}
	g.before, g.after = nil, nil
	s.mu.Unlock()
	s.leave()
}

// all returns the groups in the order in which they began.
func (s *groupOutlet[K, V]) all() (list []*grouped[K, V]) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for g := s.first; g != nil; g = g.after {
		list = append(list, g)
	}
	return list
}

// grouping observes the source.
type grouping[T any, K comparable, V any] struct {
	groupOutlet[K, V]
	of    *groupBySource[T, K, V]
	fresh *grouped[K, V] // begun, and not emitted yet
	over  bool
}

func (g *grouping[T, K, V]) OnSubscribe(d Disposable) {
	g.arrived(d)
	g.announce()
}

func (g *grouping[T, K, V]) OnNext(v T) {
	if g.over {
		return
	}
	k := g.of.key(v)
	in := g.find(k)
	if in == nil {
		if in = g.begin(k, !g.of.delay); in == nil {
			return
		}
		g.fresh = in
	}
	in.OnNext(g.of.value(v))
	if g.fresh != nil {
		g.show()
	}
}

// show emits the fresh group, whose first item is queued.
func (g *grouping[T, K, V]) show() {
	in := g.fresh
	g.fresh = nil
	g.emit(Grouped[K, V]{Observable[V]{src: in}, in.key})
	if !in.taken.Load() {
		in.end(nil)
	}
}

func (g *grouping[T, K, V]) OnError(err error) { g.end(err) }
func (g *grouping[T, K, V]) OnComplete()       { g.end(nil) }

// end ends the groups, then the stream of groups. Groups that were left are not
// concerned.
func (g *grouping[T, K, V]) end(err error) {
	if g.over {
		reportLate(g.ctx, err)
		return
	}
	g.over = true
	g.stop()
	for _, in := range g.all() {
		in.end(err)
	}
	g.outlet.end(err)
}

// failed implements failer: key or value is to blame, or a Goexit passes by. A
// group that was just made is emitted nevertheless, as in RxJava.
func (g *grouping[T, K, V]) failed(cause error) {
	g.stop()
	if g.fresh != nil && !g.over {
		in := g.fresh
		g.fresh = nil
		g.emit(Grouped[K, V]{Observable[V]{src: in}, in.key})
	}
	g.end(cause)
}

// Blame implements [Stage].
func (g *grouping[T, K, V]) Blame() (bool, Disposable, any) { return true, &g.outlet, g.down }
