//go:build !race

package observable_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/quillgo/quill/observable"
)

func allocs(f func()) int { return int(testing.AllocsPerRun(200, f)) }

// An item costs no allocation; only a replay without bound needs a chunk for
// each 64.
func TestSubjectAlloc_PerItem(t *testing.T) {
	for name, s := range map[string]observable.Subject[int]{
		"publish":          observable.NewPublishSubject[int](),
		"behavior":         observable.NewBehaviorSubject[int](),
		"replay size 10":   observable.NewReplaySubject[int](observable.ReplayOptions{Size: 10}),
		"replay size 1000": observable.NewReplaySubject[int](observable.ReplayOptions{Size: 1000}),
		"async":            observable.NewAsyncSubject[int](),
	} {
		for range 3 {
			s.Subscribe(context.Background(), new(adder))
		}
		for range 2000 {
			s.OnNext(1)
		}
		require.Equal(t, 0, allocs(func() {
			for range 64 {
				s.OnNext(1)
			}
		}), name)
	}

	u := observable.NewUnicastSubject[int](observable.UnicastOptions{})
	u.Subscribe(context.Background(), new(adder))
	require.Equal(t, 0, allocs(func() { u.OnNext(1) }), "unicast")

	r := observable.NewReplaySubject[int](observable.ReplayOptions{})
	r.Subscribe(context.Background(), new(adder))
	require.LessOrEqual(t, allocs(func() {
		for range 64 {
			r.OnNext(1)
		}
	}), 2, "replay without bound")
}

// Items that wait because the subject is busy use the room of those that
// waited before.
func TestSubjectAlloc_PerQueuedItem(t *testing.T) {
	for name, s := range map[string]observable.Subject[int]{
		"publish": observable.NewPublishSubject[int](),
		"unicast": observable.NewUnicastSubject[int](observable.UnicastOptions{}),
	} {
		var l onNextFunc = func(v int) {
			for v > 0 {
				v--
				s.OnNext(0)
			}
		}
		s.Subscribe(context.Background(), l)
		s.OnNext(100)
		s.OnNext(100)
		require.Equal(t, 0, allocs(func() { s.OnNext(100) }), name)
	}
}

// onNextFunc is an observer that is a function.
type onNextFunc func(int)

func (onNextFunc) OnSubscribe(observable.Disposable) {}
func (f onNextFunc) OnNext(v int)                    { f(v) }
func (onNextFunc) OnError(error)                     {}
func (onNextFunc) OnComplete()                       {}

// A subscription is one allocation; the list of several observers is another
// two.
func TestSubjectAlloc_PerSubscription(t *testing.T) {
	var a adder
	for _, c := range []struct {
		name string
		make func() observable.Subject[int]
		made int
	}{
		{"publish", func() observable.Subject[int] { return observable.NewPublishSubject[int]() }, 1},
		{"behavior", func() observable.Subject[int] { return observable.NewBehaviorSubject[int]() }, 1},
		{"replay", func() observable.Subject[int] {
			return observable.NewReplaySubject[int](observable.ReplayOptions{})
		}, 1},
		{"async", func() observable.Subject[int] { return observable.NewAsyncSubject[int]() }, 1},
		{"unicast", func() observable.Subject[int] {
			return observable.NewUnicastSubject[int](observable.UnicastOptions{})
		}, 1},
	} {
		require.Equal(t, c.made, allocs(func() { c.make() }), c.name)
		require.Equal(t, c.made+1, allocs(func() { c.make().Subscribe(context.Background(), &a) }), c.name)
		require.Equal(t, c.made+1, allocs(func() {
			s := c.make()
			s.Subscribe(context.Background(), &a)
			s.OnComplete()
		}), "%s: the end is free", c.name)
	}
	s := observable.NewPublishSubject[int]()
	require.Equal(t, 1+1+3, allocs(func() {
		s = observable.NewPublishSubject[int]()
		s.Subscribe(context.Background(), &a)
		s.Subscribe(context.Background(), &a)
	}))
}

// What a request cache does with a scalar: one allocation to store it, one for
// each observer, before or after the end.
func TestSubjectAlloc_ReplayedScalar(t *testing.T) {
	var a adder
	require.Equal(t, 1, allocs(func() {
		s := observable.NewReplaySubject[int](observable.ReplayOptions{})
		s.OnNext(1)
		s.OnComplete()
	}))
	require.Equal(t, 3, allocs(func() {
		s := observable.NewReplaySubject[int](observable.ReplayOptions{})
		s.Subscribe(context.Background(), &a)
		s.OnNext(1)
		s.OnComplete()
		s.Subscribe(context.Background(), &a)
	}))
}

// Assembly allocates the nodes alone (rule C13), a connection not per item.
func TestSubjectAlloc_SharedStreams(t *testing.T) {
	var a adder
	o := observable.Range(0, 1000)
	var share, cache observable.Observable[int]
	require.Equal(t, 2, allocs(func() { share = observable.Share(o) }))
	require.Equal(t, 2, allocs(func() { cache = observable.Cache(o) }))
	require.Equal(t, 6, allocs(func() { share.Subscribe(context.Background(), &a) }),
		"the tap, the connection, its hub, the count, its context, the source's own")
	cache.Subscribe(context.Background(), &a)
	require.Equal(t, 1, allocs(func() { cache.Subscribe(context.Background(), &a) }))
}
