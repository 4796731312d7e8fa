package main

import (
	"context"
	"strings"
	"time"

	"github.com/benbjohnson/clock"
)

// followsClock: nothing happens but what the clock that was given says. The
// breaker's sleep window and a body's timeout have to end with it.
func followsClock(l library) verdict {
	mock := clock.NewMock()
	mock.Set(time.Now()) // for libraries that mix it with the real one
	d := demand{timeout: never, volume: 4, sleep: 5 * never, clock: mock}
	c, ok := needs[caller](l, d)
	if !ok {
		return notOffered("no clock of its own")
	}
	if !trip(c, d) {
		return broken("cannot be opened")
	}
	var wrong []string
	mock.Add(d.sleep - time.Millisecond)
	settle()
	if admitted(c) {
		wrong = append(wrong, "tries before the sleep window has passed")
	}
	mock.Add(2 * time.Millisecond)
	settle()
	if !admitted(c) {
		wrong = append(wrong, "the sleep window does not end")
	}
	c, _ = needs[caller](l, d)
	entered, leave, ended := make(chan struct{}), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		_ = c.call(context.Background(), func(ctx context.Context) error {
			close(entered)
			select {
			case <-ctx.Done():
			case <-leave:
			}
			return ctx.Err()
		})
	}()
	<-entered
	settle() // it has to be waiting before the clock moves
	mock.Add(d.timeout + time.Millisecond)
	if !within(func() { <-ended }) {
		wrong = append(wrong, "the timeout stays on the real clock")
	}
	close(leave)
	<-ended
	if len(wrong) != 0 {
		return broken("%s", strings.Join(wrong, "; "))
	}
	return kept()
}
