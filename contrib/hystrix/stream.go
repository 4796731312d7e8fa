package hystrix

import "net/http"

// StreamHandler is a placeholder.
type StreamHandler struct{}

// NewStreamHandler returns one.
func NewStreamHandler() *StreamHandler { return new(StreamHandler) }

// Start starts.
func (*StreamHandler) Start() {}

// Stop stops.
func (*StreamHandler) Stop() {}

// ServeHTTP serves.
func (*StreamHandler) ServeHTTP(http.ResponseWriter, *http.Request) {}
