package command_test

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/quillgo/quill/command"
	"github.com/quillgo/quill/observable"
)

var errSource = errors.New("the source failed")

// source is a command.Source made of functions; the zero value has an empty
// Config.
type source struct {
	load    func() (command.Config, error)
	watch   func(changed func()) (func(), error)
	changed func()
	loads   atomic.Int64
	stops   atomic.Int64
}

func (s *source) Load() (command.Config, error) {
	s.loads.Add(1)
	if s.load == nil {
		return command.Config{}, nil
	}
	return s.load()
}

func (s *source) Watch(changed func()) (func(), error) {
	s.changed = changed
	if s.watch != nil {
		return s.watch(changed)
	}
	return func() { s.stops.Add(1) }, nil
}

func timeout(ms int) command.Config {
	return command.Config{Default: command.Settings{Timeout: time.Duration(ms) * time.Millisecond}}
}

// TestFollow: applied at once, at each change, and no more after stop.
func TestFollow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := registry(t, command.RegistryOptions{})
		c := use(t, r, spec{Name: "A"})
		ms := 100
		src := &source{load: func() (command.Config, error) { return timeout(ms), nil }}
		stop, err := r.Follow(src, func(err error) { t.Error(err) })
		require.NoError(t, err)
		for ms = 100; ms < 105; ms++ {
			src.changed()
			require.Equal(t, time.Duration(ms)*time.Millisecond, c.Settings().Timeout)
		}
		_, err = r.Follow(&source{}, nil)
		require.ErrorContains(t, err, "follows a source already")
		require.Equal(t, 104*time.Millisecond, c.Settings().Timeout)
		stop()
		stop()
		loads := src.loads.Load()
		src.changed()
		require.Equal(t, loads, src.loads.Load(), "loaded after stop")
		require.Equal(t, 104*time.Millisecond, c.Settings().Timeout, "the settings stay")
		require.Equal(t, command.Reloads{Applied: 6}, r.Reloads())
		synctest.Wait()
		require.Equal(t, int64(1), src.stops.Load())

		stop, err = r.Follow(&source{}, nil) // another one may follow
		require.NoError(t, err)
		require.Equal(t, time.Second, c.Settings().Timeout)
		stop()
	})
}

// TestFollow_CannotBegin: an error, and nothing is kept.
func TestFollow_CannotBegin(t *testing.T) {
	for name, src := range map[string]*source{
		"Load fails":   {load: func() (command.Config, error) { return timeout(5), errSource }},
		"Load panics":  {load: func() (command.Config, error) { panic(errSource) }},
		"Watch fails":  {watch: func(func()) (func(), error) { return nil, errSource }},
		"Watch panics": {watch: func(func()) (func(), error) { panic(errSource) }},
		"is refused": {load: func() (command.Config, error) {
			return command.Config{Default: command.Settings{ErrorPercent: 500}}, nil
		}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := registry(t, command.RegistryOptions{})
				c := use(t, r, spec{Name: "A"})
				stop, err := r.Follow(src, func(err error) { t.Error("told", err) })
				require.Error(t, err)
				require.Nil(t, stop)
				if name != "is refused" {
					require.ErrorIs(t, err, errSource)
				}
				require.Equal(t, time.Second, c.Settings().Timeout)
				loads := src.loads.Load()
				src.changed()
				require.Equal(t, loads, src.loads.Load(), "it is still followed")
				require.Equal(t, command.Reloads{}, r.Reloads())
				synctest.Wait()
				if src.watch == nil {
					require.Equal(t, int64(1), src.stops.Load(), "it is still watched")
				}
				stop, err = r.Follow(&source{}, nil)
				require.NoError(t, err, "the place is taken")
				stop()
			})
		})
	}
	r := registry(t, command.RegistryOptions{})
	_, err := r.Follow(nil, nil)
	require.ErrorContains(t, err, "source is nil")
}

// TestFollow_BadReload: the last good settings stay, the failure is told and
// counted, and the next good ones are applied.
func TestFollow_BadReload(t *testing.T) {
	r := registry(t, command.RegistryOptions{})
	c := use(t, r, spec{Name: "A"})
	var next func() (command.Config, error)
	src := &source{load: func() (command.Config, error) { return next() }}
	var failures []error
	good := func() (command.Config, error) { return timeout(100), nil }
	next = good
	stop, err := r.Follow(src, func(err error) {
		failures = append(failures, err)
		if len(failures)%2 == 0 {
			panic("failed fails")
		}
	})
	require.NoError(t, err)
	defer stop()
	for i, bad := range []func() (command.Config, error){
		func() (command.Config, error) { return timeout(7), errSource },
		func() (command.Config, error) { panic(errSource) },
		func() (command.Config, error) {
			c := timeout(7)
			c.Default.ErrorPercent = 500
			return c, nil
		},
	} {
		next = bad
		src.changed()
		require.Equal(t, 100*time.Millisecond, c.Settings().Timeout)
		require.Len(t, failures, i+1)
		require.Equal(t, uint64(i+1), r.Reloads().Failed)
		require.Equal(t, failures[i], r.Reloads().Err)
	}
	require.ErrorIs(t, failures[0], errSource)
	var p *observable.PanicError
	require.ErrorAs(t, failures[1], &p)
	require.ErrorContains(t, failures[2], "ErrorPercent is 500")
	next = good
	src.changed()
	require.Equal(t, command.Reloads{Applied: 2, Failed: 3}, r.Reloads())
}

// TestFollow_Reentrant: changed may be called inside Watch, Load and failed: one
// more load follows, no deadlock.
func TestFollow_Reentrant(t *testing.T) {
	r := registry(t, command.RegistryOptions{})
	src := &source{}
	src.watch = func(changed func()) (func(), error) { changed(); changed(); return nil, nil }
	again := 0
	src.load = func() (command.Config, error) {
		if again > 0 {
			again--
			src.changed()
			src.changed()
			return command.Config{}, errSource
		}
		return command.Config{}, nil
	}
	told := 0
	stop, err := r.Follow(src, func(error) {
		if told++; told == 1 {
			src.changed()
		}
	})
	require.NoError(t, err)
	require.Equal(t, int64(2), src.loads.Load(), "a change that was told before the first load began, or inside Watch, is loaded once more")
	again = 2
	src.changed()
	require.Equal(t, int64(5), src.loads.Load())
	require.Equal(t, 2, told)
	stop()
}

// TestFollow_Concurrent: changes from all sides; loads do not overlap, and the
// last change is in force when all calls have returned.
func TestFollow_Concurrent(t *testing.T) {
	r := registry(t, command.RegistryOptions{})
	c := use(t, r, spec{Name: "A"})
	var now, inside atomic.Int64
	now.Store(1)
	src := &source{load: func() (command.Config, error) {
		if inside.Add(1) != 1 {
			t.Error("two loads at once")
		}
		defer inside.Add(-1)
		ms := now.Load()
		runtime.Gosched()
		return timeout(int(ms)), nil
	}}
	stop, err := r.Follow(src, func(err error) { t.Error(err) })
	require.NoError(t, err)
	defer stop()
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 200 {
				now.Add(1)
				src.changed()
			}
		})
	}
	all.Wait()
	require.Equal(t, time.Duration(now.Load())*time.Millisecond, c.Settings().Timeout)
}

// TestFollow_BlockedLoad: who tells a change meanwhile does not wait, stop does not
// wait, and what the load brings in the end is not applied.
func TestFollow_BlockedLoad(t *testing.T) {
	for name, end := range map[string]func(r *command.Registry, stop func()){
		"stop":  func(_ *command.Registry, stop func()) { stop() },
		"Close": func(r *command.Registry, _ func()) { r.Close() },
		"Shutdown": func(r *command.Registry, _ func()) {
			if err := r.Shutdown(context.Background()); err != nil {
				t.Error(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := registry(t, command.RegistryOptions{})
				c := use(t, r, spec{Name: "A"})
				gate := make(chan struct{})
				first := true
				src := &source{}
				src.load = func() (command.Config, error) {
					if first {
						first = false
						return timeout(100), nil
					}
					<-gate
					return timeout(200), nil
				}
				src.watch = func(func()) (func(), error) {
					return func() { <-gate; src.stops.Add(1); panic("stop fails") }, nil
				}
				stop, err := r.Follow(src, func(err error) { t.Error(err) })
				require.NoError(t, err)
				go src.changed()
				synctest.Wait()
				src.changed() // the load is on
				require.Equal(t, int64(2), src.loads.Load())
				end(r, stop)
				close(gate)
				synctest.Wait()
				require.Equal(t, 100*time.Millisecond, c.Settings().Timeout)
				require.Equal(t, int64(1), src.stops.Load())
				require.Equal(t, int64(2), src.loads.Load())
				require.Equal(t, command.Reloads{Applied: 1}, r.Reloads())
			})
		})
	}
}

// TestFollow_ClosedMeanwhile: a registry that is closed while Follow begins does
// not follow.
func TestFollow_ClosedMeanwhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, inLoad := range []bool{true, false} {
			r := registry(t, command.RegistryOptions{})
			src := &source{}
			stopped := func() { src.stops.Add(1) }
			if inLoad {
				src.load = func() (command.Config, error) { r.Close(); return timeout(5), nil }
			} else {
				src.watch = func(func()) (func(), error) { r.Close(); return stopped, nil }
			}
			_, err := r.Follow(src, nil)
			require.ErrorIs(t, err, command.ErrClosed)
			synctest.Wait()
			require.Equal(t, int64(1), src.stops.Load())
		}
	})
}

// TestFollow_Goexit: a source, or failed, that ends its goroutine ends no more
// than that.
func TestFollow_Goexit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := registry(t, command.RegistryOptions{})
		c := use(t, r, spec{Name: "A"})
		var next atomic.Pointer[func() (command.Config, error)]
		set := func(f func() (command.Config, error)) { next.Store(&f) }
		set(func() (command.Config, error) { return timeout(100), nil })
		src := &source{load: func() (command.Config, error) { return (*next.Load())() }}
		var told atomic.Int64
		stop, err := r.Follow(src, func(error) {
			told.Add(1)
			runtime.Goexit()
		})
		require.NoError(t, err)
		defer stop()
		changed := func() {
			ended := make(chan struct{})
			go func() { defer close(ended); src.changed() }()
			<-ended
			synctest.Wait()
		}
		set(func() (command.Config, error) { runtime.Goexit(); return timeout(7), nil })
		changed()
		require.Equal(t, int64(1), told.Load())
		require.ErrorIs(t, r.Reloads().Err, observable.ErrGoexit)
		set(func() (command.Config, error) { return timeout(7), errSource })
		changed()
		require.Equal(t, int64(2), told.Load())
		// A change that is told during such a load is not lost.
		set(func() (command.Config, error) {
			set(func() (command.Config, error) { return timeout(300), nil })
			src.changed()
			runtime.Goexit()
			return timeout(7), nil
		})
		changed()
		require.Equal(t, 300*time.Millisecond, c.Settings().Timeout)

		// Follow itself.
		stop()
		go func() {
			_, _ = r.Follow(&source{load: func() (command.Config, error) { runtime.Goexit(); return command.Config{}, nil }}, nil)
		}()
		synctest.Wait()
		stop, err = r.Follow(&source{}, nil)
		require.NoError(t, err, "the place is taken")
		stop()
	})
}
