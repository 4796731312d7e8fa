package command

import (
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"

	"github.com/quillgo/quill/observable"
)

// Source is where a [Config] comes from. Package config has one for files; a
// configuration library takes a few lines. Its methods may be called concurrently.
type Source interface {
	// Load returns the configuration as it is now. What it returns must not be
	// changed later.
	Load() (Config, error)
	// Watch arranges for changed to be called each time that Load may have
	// something new, until stop is called. A source that never changes, or
	// cannot stop, returns a nil stop.
	//
	// changed may be called from any goroutine, by several at once, inside Load
	// or Watch, and after stop. It returns when the new configuration is in force
	// or was refused, or at once if another call of it is at work, which then loads
	// once more.
	Watch(changed func()) (stop func(), err error)
}

// Reloads tells what became of the configurations of the sources that a registry
// has followed.
type Reloads struct {
	Applied uint64 // configurations that were put in force, the first included
	Failed  uint64 // reloads that could not be loaded or were refused
	Err     error  // why the last one failed; nil if it was applied
}

// Reloads returns what became of the configurations since the registry was made.
func (r *Registry) Reloads() Reloads {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.reloads
}

// following is one Follow.
type following struct {
	registry *Registry
	source   Source
	failed   func(error) // nil: log

	// pending counts the changes that were told and that no load which has ended
	// can have seen. Who makes it 1 loads until it is 0, so that never two loads
	// run at once.
	pending atomic.Int64

	// stopped and unwatch are guarded by registry.mu. A follower that is not
	// stopped is registry.follower: the same lock decides whether it may configure.
	stopped bool
	unwatch func() // what Watch returned; nil until then
}

// Follow configures the registry, as [Registry.Configure] does, with what src
// loads now, and again whenever src says that it changed. An error means that
// this could not be done: then the registry is as before, and src is not watched.
// It blocks for as long as src.Load does.
//
// A later reload that fails, or whose configuration is refused, changes nothing:
// the last good settings stay in force. failed is told why; nil means an error in
// slog.Default. [Registry.Reloads] counts both outcomes. Nothing is called under a
// lock; a panic of src is such a failure, and one of failed is logged.
//
// stop ends it, as Close and Shutdown of the registry do: the settings stay, no
// Config of src is put in force any more, and what Watch returned is called, on a
// goroutine of its own, so that stop does not wait and may be called from
// anywhere, repeatedly. A registry follows one source at a time.
func (r *Registry) Follow(src Source, failed func(error)) (stop func(), err error) {
	f := &following{registry: r, source: src, failed: failed}
	if err := r.adopt(f); err != nil {
		return nil, fmt.Errorf("command: Follow: %w", err)
	}
	kept := false
	defer func() {
		if !kept { // an error, or src ended the goroutine
			f.stop()
		}
	}()
	f.pending.Store(1) // the load below: no change that is told meanwhile begins another
	if err := f.watch(); err != nil {
		return nil, fmt.Errorf("command: Follow: %w", err)
	}
	if err := f.load(); err != nil {
		return nil, fmt.Errorf("command: Follow: %w", err)
	}
	kept = true
	f.follow(f.pending.Add(-1))
	return f.stop, nil
}

// adopt makes f the one that the registry follows.
func (r *Registry) adopt(f *following) error {
	if f.source == nil {
		return errors.New("source is nil, want one")
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.closed.Load():
		return ErrClosed
	case r.follower != nil:
		return errors.New("the registry follows a source already, want that one stopped")
	}
	r.follower = f
	return nil
}

// unfollow stops what the registry follows.
func (r *Registry) unfollow() {
	r.mu.Lock()
	f := r.follower
	r.mu.Unlock()
	if f != nil {
		f.stop()
	}
}

// stop ends the following. It waits for nobody, not even for a load that is on:
// configure refuses what that one brings.
func (f *following) stop() {
	f.registry.mu.Lock()
	if f.registry.follower == f {
		f.registry.follower = nil
	}
	f.stopped = true
	unwatch := f.unwatch
	f.unwatch = nil
	f.registry.mu.Unlock()
	f.release(unwatch)
}

// release calls what Watch returned.
func (f *following) release(unwatch func()) {
	if unwatch != nil {
		go logged("stop of a Source's Watch", unwatch) // ends when that returns
	}
}

// watch asks the source to tell its changes.
func (f *following) watch() error {
	var unwatch func()
	err := caught(func() (err error) {
		unwatch, err = f.source.Watch(f.changed)
		return err
	})
	if err != nil {
		return err
	}
	f.registry.mu.Lock()
	stopped := f.stopped
	if !stopped {
		f.unwatch = unwatch
	}
	f.registry.mu.Unlock()
	if stopped { // the registry was closed meanwhile
		f.release(unwatch)
		return ErrClosed
	}
	return nil
}

// changed is what the source calls.
func (f *following) changed() {
	if f.pending.Add(1) == 1 {
		f.follow(1)
	}
}

// follow loads for as many changes as have been told, and for those that are
// told while it does.
func (f *following) follow(told int64) {
	for told > 0 {
		told = f.reload(told)
	}
}

// reload loads once and returns how many changes were told meanwhile.
func (f *following) reload(told int64) (more int64) {
	loaded, returned := false, false
	defer func() {
		if returned {
			return
		}
		// The source, or failed, ended this goroutine.
		if more := f.pending.Add(-told); more > 0 {
			go f.follow(more) // ends with the last change
		}
	}()
	defer func() {
		if !loaded {
			f.report(observable.ErrGoexit)
		}
	}()
	err := f.load()
	loaded = true
	f.report(err)
	returned = true
	return f.pending.Add(-told)
}

// load puts in force what the source has, and counts it.
func (f *following) load() error {
	r := f.registry
	r.mu.Lock()
	stopped := f.stopped
	r.mu.Unlock()
	if stopped {
		return ErrClosed // told to Follow, and to nobody else
	}
	var c Config
	err := caught(func() (err error) {
		c, err = f.source.Load()
		return err
	})
	if err != nil {
		return err
	}
	return r.configure(c, f)
}

// report counts a reload that failed and tells of it, unless nobody follows any
// more.
func (f *following) report(err error) {
	if err == nil {
		return
	}
	r := f.registry
	r.mu.Lock()
	stopped := f.stopped
	if !stopped {
		r.reloads.Failed++
		r.reloads.Err = err
	}
	r.mu.Unlock()
	switch {
	case stopped:
	case f.failed == nil:
		slog.Default().Error("command: the settings were not reloaded, the last good ones stay", "error", err)
	default:
		logged("failed of Follow", func() { f.failed(err) })
	}
}

// caught returns a panic of f as an error.
func caught(f func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = observable.NewPanicError(r)
		}
	}()
	return f()
}

// logged logs a panic of f.
func logged(what string, f func()) {
	defer func() {
		if r := recover(); r != nil {
			slog.Default().Error("command: "+what+" panicked", "panic", r)
		}
	}()
	f()
}
