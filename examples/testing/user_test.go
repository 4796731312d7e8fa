package testing_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/benbjohnson/clock"

	example "github.com/quillgo/quill/examples/testing"

	"github.com/quillgo/quill/breaker"
	"github.com/quillgo/quill/command"
	"github.com/quillgo/quill/observable/observabletest"
)

func directory(t *testing.T, o command.RegistryOptions, ask func(context.Context, string) (string, error)) (*example.Directory, *command.Registry) {
	t.Helper()
	r, err := command.NewRegistry(o)
	if err != nil {
		t.Fatal(err)
	}
	d, err := example.NewDirectory(r, ask)
	if err != nil {
		t.Fatal(err)
	}
	return d, r
}

// In a synctest bubble time is virtual: a backend that hangs costs nothing, and
// the timeout comes exactly when it is due. The registry is made in the bubble.
func TestHangingBackend(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, _ := directory(t, command.RegistryOptions{}, func(ctx context.Context, _ string) (string, error) {
			<-ctx.Done()
			return "", ctx.Err()
		})
		start := time.Now()
		if got := d.Number(context.Background(), "Ada"); got != "unknown" {
			t.Errorf("Number is %q, want the fallback's", got)
		}
		if took := time.Since(start); took != 2*time.Second {
			t.Errorf("the fallback came after %v, want the timeout of 2s", took)
		}
	})
}

// A mocked clock moves the breaker's time by hand, without a bubble.
func TestBreakerRecovers(t *testing.T) {
	mock := clock.NewMock()
	working := false
	d, r := directory(t, command.RegistryOptions{Clock: mock}, func(context.Context, string) (string, error) {
		if !working {
			return "", errors.New("down")
		}
		return "555", nil
	})
	for range 3 {
		d.Number(context.Background(), "Ada")
	}
	b := r.Breaker("Lookup")
	if b.State() != breaker.Open {
		t.Fatalf("the breaker is %v after three failures, want open", b.State())
	}
	working = true
	if got := d.Number(context.Background(), "Ada"); got != "unknown" {
		t.Errorf("Number is %q while the breaker is open, want the fallback's", got)
	}
	mock.Add(time.Minute + time.Millisecond)
	if got := d.Number(context.Background(), "Ada"); got != "555" {
		t.Errorf("Number is %q after the sleep window, want the trial's", got)
	}
	if b.State() != breaker.Closed {
		t.Errorf("the breaker is %v after the trial, want closed", b.State())
	}
}

// A TestObserver records a stream and checks that it keeps the protocol.
func TestNumbers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, _ := directory(t, command.RegistryOptions{}, func(_ context.Context, name string) (string, error) {
			if name == "Bob" {
				return "", errors.New("no such name")
			}
			return name + ":555", nil
		})
		o := observabletest.Subscribe(context.Background(), d.Numbers("Ada", "Bob", "Eve"))
		synctest.Wait()
		o.AssertValues(t, "Ada:555", "unknown", "Eve:555")
		o.AssertComplete(t)
	})
}
