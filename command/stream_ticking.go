package command

import (
	"context"
	"time"

	"github.com/quillgo/quill/metrics"
	"github.com/quillgo/quill/observable"
)

// ofCommand samples the commands of a name.
func ofCommand[T any](r *Registry, kind, name string, every time.Duration, bucket func(Settings) time.Duration, read func(*circuit, time.Duration) T) observable.Observable[T] {
	wantName(kind, name)
	usual := func() time.Duration {
		if c := r.core(name); c != nil {
			return bucket(c.settings.Load().Settings)
		}
		return bucket(r.defaults.or(defaults))
	}
	return sampled(r, kind, name, every, usual, func(now time.Duration) (v T, ok bool) {
		c := r.core(name)
		if c == nil {
			return v, false
		}
		if l := c.circuit.Load(); l != nil {
			v = read(l, now)
		}
		return v, true
	})
}

// ofCollapser samples the collapsers of a name.
func ofCollapser[T any](r *Registry, kind, name string, every time.Duration, bucket func(CollapserSettings) time.Duration, part func(metrics.BatchSnapshot) T) observable.Observable[T] {
	wantName(kind, name)
	usual := func() time.Duration {
		if c := r.collapser(name); c != nil {
			return bucket(*c.settings.Load())
		}
		return bucket(r.collapserDefaults.or(collapserDefaults))
	}
	return sampled(r, kind, name, every, usual, func(now time.Duration) (v T, ok bool) {
		c := r.collapser(name)
		if c == nil {
			return v, false
		}
		b := c.recorder.Load()
		if b == nil {
			return v, false
		}
		return part(b.Snapshot(now)), true
	})
}

// countBucket is the length of a bucket of the window.
func (s Settings) countBucket() time.Duration { return s.Window / time.Duration(s.Buckets) }

func (r *Registry) defaultBucket() time.Duration { return r.defaults.or(defaults).countBucket() }

func fixed(d time.Duration) func() time.Duration { return func() time.Duration { return d } }

// samplingKey is what subscribers share who get the same.
type samplingKey struct {
	kind, name string
	every      time.Duration
}

// sampling is a sampled stream while somebody is subscribed.
type sampling struct {
	key    samplingKey
	stream any // the observable.Observable of the kind's type
	users  int // guarded by live.mu
}

// sampled returns the stream of what read reads. usual says what an interval of 0
// means.
func sampled[T any](r *Registry, kind, name string, every time.Duration, usual func() time.Duration, read func(now time.Duration) (T, bool)) observable.Observable[T] {
	wantRegistry(kind, r)
	wantInterval(kind, every)
	s := liveOf(r)
	return observable.Using(
		func(context.Context) (*sampling, error) {
			key := samplingKey{kind, name, every}
			if every == 0 {
				key.every = usual()
			}
			s.mu.Lock()
			defer s.mu.Unlock()
			p, ok := s.sampled[key]
			if !ok {
				p = &sampling{key: key, stream: ticking(r, key.every, read)}
				s.sampled[key] = p
			}
			p.users++
			return p, nil
		},
		func(p *sampling) observable.Observable[T] {
			return observable.OnBackpressureLatest(p.stream.(observable.Observable[T]))
		},
		func(p *sampling) error {
			s.mu.Lock()
			defer s.mu.Unlock()
			if p.users--; p.users == 0 {
				delete(s.sampled, p.key)
			}
			return nil
		})
}

// ticking is the one reading that subscribers share.
func ticking[T any](r *Registry, every time.Duration, read func(now time.Duration) (T, bool)) observable.Observable[T] {
	clk := r.clock
	ticks := observable.Defer(func(context.Context) observable.Observable[int] {
		last := clk.Now()
		return observable.Interval(every, observable.ClockScheduler(clk.Source())).Filter(func(int) bool {
			now := clk.Now()
			if now-last < every/2 { // it makes up for one that could not come in time
				return false
			}
			last = now
			return true
		})
	})
	samples := observable.FilterMap(ticks, func(int) (T, bool) { return read(clk.Now()) })
	return observable.Share(observable.TakeUntilWhen(samples, liveOf(r).over.Observable()))
}
