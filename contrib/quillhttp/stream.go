package quillhttp

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"sync"

	"github.com/quillgo/quill/observable"
)

// Stream is an http.Handler that sends a registry's figures as server-sent
// events for as long as the client stays. Its methods may be called
// concurrently.
//
// The registry is read only while there are clients, once for all of them. A
// client that does not keep up misses bursts, and is disconnected when it stops
// reading for [Options].WriteTimeout; nobody waits for it.
type Stream struct {
	opts   Options                   // with every field set
	bursts observable.Source[[]byte] // not an Observable, which every user of Stream would compile
	keep   int                       // how many bursts a client may be behind
	replay uint64                    // how many bursts a client gets that were sent before it came

	mu      sync.Mutex
	closed  bool                 // guarded by mu
	clients map[*client]struct{} // guarded by mu
	current *session             // guarded by mu; nil while there are no clients
}

func newStream(o Options, bursts observable.Observable[[]byte], keep int, replay uint64) *Stream {
	return &Stream{opts: o, bursts: bursts.Source(), keep: keep, replay: replay, clients: map[*client]struct{}{}}
}

var (
	errShutDown = errors.New("Service has been shut down.") //nolint:revive,staticcheck // Hystrix's text
	errEnded    = errors.New("quillhttp: the stream has been closed")
)

// tooMany is the refusal of a client beyond the limit.
type tooMany int

func (n tooMany) Error() string { return "MaxConcurrentConnections reached: " + strconv.Itoa(int(n)) }

// ServeHTTP sends the stream. It returns when the client has gone or its context
// has ended, when it does not read, and after [Stream.Close]. It answers 405 to
// methods other than GET and HEAD, 503 when there are too many clients and after
// Close, and 500 when w cannot be flushed: neither itself nor by its Unwrap
// method (see http.ResponseController).
func (s *Stream) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.Method {
	case http.MethodGet:
	case http.MethodHead:
		s.head(w)
		return
	default:
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "want GET or HEAD", http.StatusMethodNotAllowed)
		return
	}
	c := newClient(w, r, s.opts)
	defer c.cancel(nil)
	current, err := s.join(c)
	if err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	defer s.leave(c)
	c.serve(current, current.position(s.replay))
}

// head answers without a stream.
func (s *Stream) head(w http.ResponseWriter) {
	s.mu.Lock()
	closed := s.closed
	s.mu.Unlock()
	if closed {
		http.Error(w, errShutDown.Error(), http.StatusServiceUnavailable)
		return
	}
	setHeaders(w.Header())
}

// join lets a client in, and starts the source for the first one.
func (s *Stream) join(c *client) (*session, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed:
		return nil, errShutDown
	case s.opts.MaxConnections != Unlimited && len(s.clients) >= s.opts.MaxConnections:
		return nil, tooMany(s.opts.MaxConnections)
	}
	s.clients[c] = struct{}{}
	if s.current == nil {
		ctx, stop := context.WithCancel(context.Background())
		s.current = newSession(s.keep, stop)
		go s.feed(ctx, s.current) // ends when the session is stopped, or its source ends
	}
	return s.current, nil
}

// leave lets a client out, and ends the source with the last one.
func (s *Stream) leave(c *client) {
	s.mu.Lock()
	delete(s.clients, c)
	var over *session
	if len(s.clients) == 0 {
		over, s.current = s.current, nil
	}
	s.mu.Unlock()
	if over != nil {
		over.stop()
	}
}

// feed publishes what the source sends until ctx ends.
func (s *Stream) feed(ctx context.Context, current *session) {
	defer current.end()
	err := observable.NewUnsafe(s.bursts).ForEach(ctx, func(burst []byte) error {
		current.publish(burst)
		return nil
	})
	if err != nil && ctx.Err() == nil {
		slog.Default().Error("quillhttp: the source of a stream has failed", "error", err)
	}
}

// Clients returns how many clients are connected.
func (s *Stream) Clients() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.clients)
}

// Close ends the stream for all clients, those that do not read too, and for
// good: later requests get 503. It is idempotent, and waits for nobody. Call it
// before http.Server.Shutdown, or by http.Server.RegisterOnShutdown: Shutdown
// waits for requests, and streams do not end by themselves.
func (s *Stream) Close() {
	s.mu.Lock()
	s.closed = true
	clients := slices.Collect(maps.Keys(s.clients))
	s.mu.Unlock()
	for _, c := range clients {
		c.cancel(errEnded)
	}
}
