package main

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"
)

// backend is a real HTTP server on loopback that can be made slow and made to
// fail.
type backend struct {
	URL     string
	hits    atomic.Int64
	latency atomic.Int64 // a time.Duration
	failing atomic.Bool
	server  *http.Server
}

func startBackend() (*backend, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	b := &backend{URL: "http://" + listener.Addr().String()}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /users/{id}", b.user)
	b.server = &http.Server{Handler: mux, ReadHeaderTimeout: time.Second}
	go func() { _ = b.server.Serve(listener) }() // ends with Close
	return b, nil
}

func (b *backend) user(w http.ResponseWriter, r *http.Request) {
	b.hits.Add(1)
	select {
	case <-time.After(time.Duration(b.latency.Load())):
	case <-r.Context().Done(): // the caller hung up
		return
	}
	id, err := strconv.Atoi(r.PathValue("id"))
	switch {
	case b.failing.Load():
		http.Error(w, "out of order", http.StatusInternalServerError)
	case err != nil:
		http.Error(w, "no such user", http.StatusNotFound)
	default:
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(User{ID: id, Name: fmt.Sprintf("user %d", id)})
	}
}

// Close stops the server.
func (b *backend) Close() { _ = b.server.Close() }
