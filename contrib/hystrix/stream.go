package hystrix

import (
	"net/http"
	"time"

	"github.com/quillgo/quill/contrib/quillhttp"
)

// StreamHandler serves the figures of all circuits to Hystrix's dashboard and
// Turbine: once a second a message for each circuit and for its pool, as
// quillhttp's stream has them. It reads them only while there are clients, and has no
// goroutine of its own. Its methods may be called concurrently, in any order and any
// number of times.
type StreamHandler struct {
	started bool // guarded by shared.mu
}

// NewStreamHandler returns a handler that is to be started.
func NewStreamHandler() *StreamHandler { return new(StreamHandler) }

// Start lets clients in.
func (sh *StreamHandler) Start() {
	shared.mu.Lock()
	defer shared.mu.Unlock()
	sh.started = true
}

// Stop ends the streams of all clients and lets nobody in, until the next Start.
func (sh *StreamHandler) Stop() {
	shared.mu.Lock()
	sh.started = false
	var s *quillhttp.Stream
	if w := shared.world.Load(); w != nil {
		s = w.streams[sh]
		delete(w.streams, sh)
	}
	shared.mu.Unlock()
	if s != nil {
		s.Close()
	}
}

// ServeHTTP sends the stream until the client leaves, does not read, or Stop is
// called; Flush does not end it. It answers 503 before Start and after Stop, 405 to
// methods other than GET and HEAD, and 500 if w can be flushed neither itself nor by its
// Unwrap method.
func (sh *StreamHandler) ServeHTTP(rw http.ResponseWriter, req *http.Request) {
	var served *quillhttp.Stream
	for {
		s := shared.stream(sh)
		switch {
		case s == nil && served == nil:
			http.Error(rw, "hystrix: the stream has not been started, or was stopped", http.StatusServiceUnavailable)
			return
		case s == nil || s == served: // the client has left, or Stop was called
			return
		}
		s.ServeHTTP(rw, req)
		if req.Context().Err() != nil {
			return
		}
		served = s // and now that of the circuits after a Flush
	}
}

// stream returns the stream of a handler, or nil while it is not started.
func (s *state) stream(sh *StreamHandler) *quillhttp.Stream {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !sh.started {
		return nil
	}
	w := s.here()
	stream, ok := w.streams[sh]
	if !ok {
		stream = must(quillhttp.NewHystrixStream(w.registry, quillhttp.Options{Every: time.Second, MaxConnections: quillhttp.Unlimited}))
		if w.streams == nil {
			w.streams = map[*StreamHandler]*quillhttp.Stream{}
		}
		w.streams[sh] = stream
	}
	return stream
}
