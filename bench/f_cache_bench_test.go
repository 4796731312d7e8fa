package bench_test

import (
	"context"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/failsafe-go/failsafe-go"
	"github.com/failsafe-go/failsafe-go/cachepolicy"
	"golang.org/x/sync/singleflight"

	"github.com/quillgo/quill/bench/internal/peers"
	"github.com/quillgo/quill/cache"
	"github.com/quillgo/quill/command"
)

// entry is a value that is made once, as the bare references keep it.
type entry struct {
	ready atomic.Bool
	mu    sync.Mutex
	v     int
	err   error
}

func (e *entry) get(ctx context.Context, id int) (int, error) {
	if !e.ready.Load() {
		e.mu.Lock()
		defer e.mu.Unlock()
		if !e.ready.Load() {
			e.v, e.err = peers.Work(ctx, id)
			e.ready.Store(true)
		}
	}
	return e.v, e.err
}

// table is a map behind a mutex; it is failsafe-go's cache as well.
type table[T any] struct {
	mu sync.Mutex
	m  map[string]T
}

func (t *table[T]) Get(key string) (T, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	v, ok := t.m[key]
	return v, ok
}

func (t *table[T]) Set(key string, v T) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.m[key] = v
}

const cachedID = 42

func key(id int) (string, bool) { return strconv.Itoa(id), true }

// BenchmarkF is a result that the request cache has.
func BenchmarkF(b *testing.B) {
	background := context.Background()
	row(b, "bare-syncmap", func(b *meter) {
		var m sync.Map
		m.Store("42", &entry{})
		b.ResetTimer()
		for range b.N {
			e, _ := m.Load("42")
			v, err := e.(*entry).get(background, cachedID)
			check(b, v, err, cachedID+1)
		}
	})
	row(b, "bare-map", func(b *meter) {
		t := &table[*entry]{m: map[string]*entry{"42": {}}}
		b.ResetTimer()
		for range b.N {
			e, _ := t.Get("42")
			v, err := e.get(background, cachedID)
			check(b, v, err, cachedID+1)
		}
	})
	row(b, "quill", func(b *meter) {
		q := peers.QuillKeyed(once(b), command.Semaphore, key, command.Unset)
		ctx, scope := cache.NewScope(background)
		defer scope.Close()
		b.ResetTimer()
		for range b.N {
			v, err := q.Execute(ctx, cachedID)
			check(b, v, err, cachedID+1)
		}
	})
	row(b, "failsafe", func(b *meter) {
		s := once(b)
		policies := failsafe.With[int](cachepolicy.NewBuilder[int](&table[int]{m: map[string]int{}}).Build()).
			WithContext(cachepolicy.ContextWithCacheKey(background, "42"))
		b.ResetTimer()
		for range b.N {
			v, err := policies.Get(func() (int, error) { return s.Run(background, cachedID) })
			check(b, v, err, cachedID+1)
		}
	})
	row(b, "singleflight", func(b *meter) {
		var g singleflight.Group
		b.ResetTimer()
		for range b.N {
			v, err, _ := g.Do("42", func() (any, error) { return peers.Work(background, cachedID) })
			check(b, v.(int), err, cachedID+1)
		}
	})
}

// once is a setup whose body may run only once.
func once(b *meter) peers.Setup {
	s := peers.Default()
	ran := false
	s.Run = func(ctx context.Context, id int) (int, error) {
		if ran {
			b.Error("the body ran again")
		}
		ran = true
		return peers.Work(ctx, id)
	}
	return s
}

// BenchmarkFScope is the life of a request scope: it is made, one call runs and
// ninety-nine share its result, and it is closed.
func BenchmarkFScope(b *testing.B) {
	const calls = 100
	background := context.Background()
	row(b, "bare-syncmap", func(b *meter) {
		for range b.N {
			var m sync.Map
			for range calls {
				e, ok := m.Load("42")
				if !ok {
					e, _ = m.LoadOrStore("42", &entry{})
				}
				v, err := e.(*entry).get(background, cachedID)
				check(b, v, err, cachedID+1)
			}
		}
	})
	row(b, "bare-map", func(b *meter) {
		for range b.N {
			t := &table[*entry]{m: map[string]*entry{}}
			for range calls {
				e, ok := t.Get("42")
				if !ok {
					e = &entry{}
					t.Set("42", e)
				}
				v, err := e.get(background, cachedID)
				check(b, v, err, cachedID+1)
			}
		}
	})
	for _, log := range []command.Switch{command.On, command.Off} {
		name := "quill"
		if log == command.Off {
			name = "quill-nolog"
		}
		row(b, name, func(b *meter) {
			q := peers.QuillKeyed(peers.Default(), command.Semaphore, key, log)
			b.ResetTimer()
			for range b.N {
				ctx, scope := cache.NewScope(background)
				for range calls {
					v, err := q.Execute(ctx, cachedID)
					check(b, v, err, cachedID+1)
				}
				scope.Close()
			}
		})
	}
	row(b, "singleflight", func(b *meter) {
		for range b.N {
			var g singleflight.Group
			for range calls {
				v, err, _ := g.Do("42", func() (any, error) { return peers.Work(background, cachedID) })
				check(b, v.(int), err, cachedID+1)
			}
		}
	})
}
