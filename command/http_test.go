package command_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/quillgo/quill/command"
)

// hangingServer answers nothing, or the beginning of a body and nothing more.
// gone is told when a request's client has hung up.
func hangingServer(t *testing.T, inBody bool) (url string, gone <-chan struct{}) {
	t.Helper()
	left := make(chan struct{}, 16)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if inBody {
			w.Header().Set("Content-Length", "1000")
			_, _ = io.WriteString(w, "half of ")
			_ = http.NewResponseController(w).Flush()
		}
		<-r.Context().Done()
		left <- struct{}{}
	}))
	t.Cleanup(server.Close)
	return server.URL, left
}

// TestHTTP_HangingServer: a call of net/http through a command is aborted at
// the timeout, with either isolation, before the headers and inside the body:
// the caller is told, the body returns, and the server sees the client leave.
// The server is real, so time is too; nothing is asserted about how long it took.
func TestHTTP_HangingServer(t *testing.T) {
	transport := &http.Transport{}
	client := &http.Client{Transport: transport}
	defer transport.CloseIdleConnections()
	for _, i := range both {
		for _, inBody := range []bool{false, true} {
			t.Run(fmt.Sprintf("%v, in the body: %v", i, inBody), func(t *testing.T) {
				url, gone := hangingServer(t, inBody)
				returned := make(chan error, 16)
				c := newCommand(t, command.Spec[string, string]{
					Settings: command.Settings{Isolation: i, Timeout: 50 * time.Millisecond},
					Run: func(ctx context.Context, url string) (text string, err error) {
						defer func() { returned <- err }()
						req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
						if err != nil {
							return "", err
						}
						res, err := client.Do(req)
						if err != nil {
							return "", err
						}
						defer res.Body.Close()
						all, err := io.ReadAll(res.Body)
						return string(all), err
					},
				})
				for name, err := range fourWays(context.Background(), c, url) {
					if !errors.Is(err, command.ErrTimeout) {
						t.Errorf("%s gave %v, want the timeout", name, err)
					}
					if err := <-returned; !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, context.Canceled) {
						t.Errorf("%s: the body returned %v, want the end of its context", name, err)
					}
					<-gone
				}
			})
		}
	}
}
