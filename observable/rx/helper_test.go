package rx_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/reactivex/rxgo/v2"

	"github.com/quillgo/quill/observable"
)

var errBoom = errors.New("boom")

func same(_ context.Context, v any) (any, error) { return v, nil }

func even(v any) bool { return v.(int)%2 == 0 }

// items is an rxgo stream of exactly these items; it goes on after an error.
func items(all ...rxgo.Item) rxgo.Observable {
	return rxgo.Defer([]rxgo.Producer{func(ctx context.Context, next chan<- rxgo.Item) {
		for _, item := range all {
			if !item.SendContext(ctx, next) {
				return
			}
		}
	}})
}

// received is what an rxgo channel gave until it was closed.
func received(ch <-chan rxgo.Item) (values []any, err error) {
	for item := range ch {
		if item.E != nil {
			err = errors.Join(err, item.E)
			continue
		}
		values = append(values, item.V)
	}
	return values, err
}

// reports returns a context that collects what the error handler gets.
func reports(t *testing.T) (context.Context, func() []error) {
	t.Helper()
	var mu sync.Mutex
	var all []error
	ctx := observable.WithErrorHandler(context.Background(), func(err error) {
		mu.Lock()
		all = append(all, err)
		mu.Unlock()
	})
	return ctx, func() []error {
		mu.Lock()
		defer mu.Unlock()
		return all
	}
}

// settle lets, in a bubble, everything happen that rxgo is waited for.
func settle() {
	time.Sleep(time.Minute)
	synctest.Wait()
}

// inGoroutine runs f on a goroutine of its own, which may end by a Goexit, and
// waits for its end.
func inGoroutine(f func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	<-done
}
