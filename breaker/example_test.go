package breaker_test

import (
	"errors"
	"fmt"
	"time"

	"github.com/benbjohnson/clock"

	"github.com/quillgo/quill/breaker"
)

// Guard a call: one Acquire, one Done. The deferred Done is for a call that
// panics or ends its goroutine; otherwise it comes second and does nothing.
func Example() {
	b, err := breaker.New(breaker.Options{
		Name:     "GetUser",
		Settings: breaker.Settings{RequestVolume: 3},
	})
	if err != nil {
		panic(err)
	}
	getUser := func() error {
		permit, err := b.Acquire()
		if err != nil {
			return err
		}
		defer permit.Done(breaker.Failure)
		err = errors.New("connection refused") // the call
		permit.Done(b.Classify(err))
		return err
	}
	for range 4 {
		fmt.Println(getUser())
	}
	// Output:
	// connection refused
	// connection refused
	// connection refused
	// breaker: circuit open: "GetUser"
}

// An open breaker lets one call through after the sleep window. A mocked clock
// shows it without waiting.
func ExampleBreaker_Acquire_trial() {
	mock := clock.NewMock()
	b, err := breaker.New(breaker.Options{
		Settings: breaker.Settings{RequestVolume: 1, SleepWindow: 5 * time.Second},
		Clock:    mock,
		OnChange: func(t breaker.Transition) { fmt.Println(t.From, "->", t.To) },
	})
	if err != nil {
		panic(err)
	}
	p, _ := b.Acquire()
	p.Done(breaker.Failure)

	mock.Add(5*time.Second + 1)
	trial, _ := b.Acquire()
	_, err = b.Acquire()
	fmt.Println(trial.Trial(), err)
	trial.Done(breaker.Success)
	// Output:
	// closed -> open
	// open -> half-open
	// true breaker: circuit open
	// half-open -> closed
}

// An operator closes a breaker by force and gives it free again.
func ExampleBreaker_Update() {
	b, err := breaker.New(breaker.Options{Settings: breaker.Settings{RequestVolume: 1}})
	if err != nil {
		panic(err)
	}
	p, _ := b.Acquire()
	p.Done(breaker.Failure)

	s := b.Settings()
	for _, s.Mode = range []breaker.Mode{breaker.ForcedClosed, breaker.Auto} {
		if err := b.Update(s); err != nil {
			panic(err)
		}
		fmt.Println(s.Mode, b.Allows())
	}

	s.ErrorPercent = 150
	fmt.Println(b.Update(s))
	// Output:
	// forced-closed true
	// auto false
	// breaker: Settings.ErrorPercent is 150, want 1 to 100
}

// A refused caller can tell its own caller when to come back.
func ExampleOpenError() {
	mock := clock.NewMock()
	b, err := breaker.New(breaker.Options{Clock: mock, Settings: breaker.Settings{RequestVolume: 1}})
	if err != nil {
		panic(err)
	}
	p, _ := b.Acquire()
	p.Done(breaker.Failure)
	mock.Add(2 * time.Second)

	_, err = b.Acquire()
	var open *breaker.OpenError
	if errors.As(err, &open) {
		wait, _ := open.RetryAfter(mock.Now())
		fmt.Println("Retry-After:", wait.Round(time.Second))
	}
	// Output:
	// Retry-After: 3s
}
