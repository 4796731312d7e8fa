//go:build dashboard

package dashboard_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// modules is where npm puts the dashboard.
const modules = "node_modules"

// site serves the genuine dashboard, and returns the address of its page about
// a stream. It changes one thing: a script comes from here, not from the network.
func site(t *testing.T, stream string) string {
	t.Helper()
	webapp := filepath.Join(modules, "hystrix-dashboard", "webapp")
	page, err := os.ReadFile(filepath.Join(webapp, "monitor", "monitor.html"))
	if err != nil {
		t.Fatalf("%v (make dashboard-test installs it)", err)
	}
	const script = "//cdnjs.cloudflare.com/ajax/libs/underscore.js/1.8.3/underscore-min.js"
	if strings.Count(string(page), script) != 1 {
		t.Fatalf("the page does not load %s", script)
	}
	local := strings.Replace(string(page), script, "/underscore-min.js", 1)

	mux := http.NewServeMux()
	mux.HandleFunc("GET /monitor/monitor.html", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, local) })
	mux.HandleFunc("GET /underscore-min.js", func(w http.ResponseWriter, r *http.Request) {
		http.ServeFile(w, r, filepath.Join(modules, "underscore", "underscore-min.js"))
	})
	mux.HandleFunc("GET /favicon.ico", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("GET /proxy.stream", proxy)
	mux.Handle("GET /", http.FileServer(http.Dir(webapp)))
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server.URL + "/monitor/monitor.html?title=quill&stream=" + url.QueryEscape(stream)
}

// proxy stands in for the dashboard's servlet of that name: the page never
// opens a stream itself.
func proxy(w http.ResponseWriter, r *http.Request) {
	origin := r.URL.Query().Get("origin")
	if !strings.HasPrefix(origin, "http://127.0.0.1:") {
		http.Error(w, "want a stream of this machine", http.StatusForbidden)
		return
	}
	req, err := http.NewRequestWithContext(r.Context(), http.MethodGet, origin, nil)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	res, err := transport.RoundTrip(req)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	defer func() { _ = res.Body.Close() }()
	w.Header().Set("Content-Type", res.Header.Get("Content-Type"))
	w.WriteHeader(res.StatusCode)
	chunk := make([]byte, 4096)
	for {
		n, err := res.Body.Read(chunk)
		if _, failed := w.Write(chunk[:n]); err != nil || failed != nil || http.NewResponseController(w).Flush() != nil {
			return
		}
	}
}
