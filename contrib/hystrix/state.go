package hystrix

import (
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/quillgo/quill/command"
	"github.com/quillgo/quill/contrib/quillhttp"
)

// shared is the state of the package, which the API is about: circuits and
// settings by name. It has nothing in it before the first use.
var shared state

type state struct {
	world atomic.Pointer[world] // nil: none yet, or flushed

	mu       sync.Mutex          // guards what follows, and the making of worlds and circuits
	settings map[string]Settings // by name, also of names without a circuit; survives Flush
}

// world is what Flush replaces as a whole. The registry of an old one is not
// closed, since calls that are on are to end as they would have; it has no goroutine
// and no timer of its own, and goes with the last of them.
type world struct {
	registry *command.Registry
	circuits sync.Map                             // the name to the *circuit
	streams  map[*StreamHandler]*quillhttp.Stream // guarded by state.mu
}

// find returns the circuit of a name if there is one.
func (s *state) find(name string) (*circuit, bool) {
	if w := s.world.Load(); w != nil {
		if c, ok := w.circuits.Load(name); ok {
			return c.(*circuit), true
		}
	}
	return nil, false
}

// circuit returns the circuit of a name and whether it made it.
func (s *state) circuit(name string) (*circuit, bool) {
	c, ok := s.find(name)
	if ok {
		return c, false
	}
	if c, ok = s.make(name); ok {
		return c, false
	}
	c.feed.open(name) // outside of the lock: it calls the program
	return c, true
}

// make makes the circuit of a name, unless it is there.
func (s *state) make(name string) (c *circuit, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c, ok = s.find(name); ok {
		return c, true
	}
	w := s.here()
	c = &circuit{public: CircuitBreaker{Name: name}, registry: w.registry}
	c.public.circuit = c
	c.feed.busy = true // until open
	w.apply(name, s.setting(name))
	spec := command.Spec[call, struct{}]{
		Name: engineName(name), Registry: w.registry, Run: c.work,
		Settings: command.Settings{Isolation: command.Pool, FallbackSemaphore: command.Unlimited},
	}
	c.bare = command.MustNew(spec)
	spec.Fallback = c.serve
	c.backed = command.MustNew(spec)
	c.breaker = w.registry.Breaker(spec.Name)
	c.breaker.Listen(c.changed)
	w.circuits.Store(name, c)
	return c, false
}

// here returns the world, made if need be. mu is held.
func (s *state) here() *world {
	w := s.world.Load()
	if w == nil {
		w = new(world)
		w.registry = must(command.NewRegistry(command.RegistryOptions{}))
		s.world.Store(w)
	}
	return w
}

func (s *state) flush() {
	s.mu.Lock()
	old := s.world.Swap(nil)
	s.mu.Unlock()
	if old == nil {
		return
	}
	for _, stream := range old.streams { // nobody writes to it any more: it is no longer the world
		stream.Close()
	}
	for _, c := range old.circuits.Range {
		c.(*circuit).feed.reset(true)
	}
}

// apply puts settings in force for a name, at once for a circuit that is in
// use. state.mu is held.
func (w *world) apply(name string, s Settings) {
	name = engineName(name)
	_ = must(struct{}{}, w.registry.Update(name, s.engine()))
	_ = must(struct{}{}, w.registry.ConfigurePool(name, s.pool()))
}

// engineName is what a circuit is called in the registry, whose commands have
// names that are not empty.
func engineName(name string) string {
	if name == "" {
		return `""`
	}
	return name
}

// must returns v. The engine refuses nothing that it is given here.
func must[T any](v T, err error) T {
	if err != nil {
		panic(fmt.Sprintf("hystrix: settings that were made possible were refused: %v", err))
	}
	return v
}
