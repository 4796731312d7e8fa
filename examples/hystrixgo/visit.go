package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"time"
)

// backend is a server that can be made to hang and to fail.
type backend struct {
	*httptest.Server
	mood atomic.Value // string
}

func newBackend() *backend {
	b := new(backend)
	b.mood.Store("well")
	b.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch b.mood.Load() {
		case "hanging":
			<-r.Context().Done() // the client gives up when its circuit does
		case "broken":
			w.WriteHeader(http.StatusInternalServerError)
		default:
			_, _ = io.WriteString(w, "42 EUR")
		}
	}))
	return b
}

// play visits the service in each mood of its backend, and reports whether
// something went other than it should.
func play(b *backend, url string) (wrong bool) {
	for _, step := range []struct {
		mood   string
		visits int
		want   string // part of the last answer
	}{
		{"well", 3, "42 EUR"},
		{"hanging", 1, "hystrix: timeout"},
		{"broken", 2, "the backend is broken"},
		{"well", 1, "hystrix: circuit open"}, // not asked for five seconds
	} {
		b.mood.Store(step.mood)
		fmt.Printf("\nthe backend is %s:\n", step.mood)
		var answer string
		for range step.visits {
			answer = visit(url)
			fmt.Println("  " + answer)
		}
		wrong = wrong || !strings.Contains(answer, step.want)
	}
	return wrong
}

func visit(url string) string {
	response, err := http.Get(url)
	if err != nil {
		return err.Error()
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return err.Error()
	}
	return fmt.Sprintf("%d %s", response.StatusCode, strings.TrimSpace(string(text)))
}

// firstMessage returns the beginning of the first message of a stream.
func firstMessage(url string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return "", err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", err
	}
	defer func() { _ = response.Body.Close() }()
	for lines := bufio.NewScanner(response.Body); lines.Scan(); {
		if data, ok := strings.CutPrefix(lines.Text(), "data:"); ok {
			return data[:min(len(data), 100)] + "...", nil
		}
	}
	return "", errors.New("the stream has ended")
}
