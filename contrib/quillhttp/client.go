package quillhttp

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"
)

// client is one connection of a stream. It has no goroutine but the server's.
type client struct {
	w      http.ResponseWriter
	rc     *http.ResponseController
	ctx    context.Context // ends with the request, and with the stream
	cancel context.CancelCauseFunc
	opts   Options

	// Who writes sets writing, then the deadline, then looks at ended. Who
	// interrupts sets ended, then looks at writing. So either no write begins, or
	// it meets the deadline in the past, which was set last.
	writing, ended atomic.Bool
}

func newClient(w http.ResponseWriter, r *http.Request, o Options) *client {
	c := &client{w: w, rc: http.NewResponseController(w), opts: o}
	c.ctx, c.cancel = context.WithCancelCause(r.Context())
	return c
}

// past is a deadline that has passed in every clock.
var past = time.Unix(1, 0)

var (
	pingFrame = []byte("ping: \n\n")
	headers   = map[string]string{
		"Content-Type":      "text/event-stream;charset=UTF-8",
		"Cache-Control":     "no-cache, no-store, max-age=0, must-revalidate",
		"Pragma":            "no-cache",
		"X-Accel-Buffering": "no", // for nginx
	}
)

func setHeaders(h http.Header) {
	for name, value := range headers {
		h.Set(name, value)
	}
}

// serve sends what the session publishes from position on, until the client's
// context ends, a write fails, or the session ends.
func (c *client) serve(s *session, position uint64) {
	setHeaders(c.w.Header())
	interrupted := make(chan struct{})
	stop := context.AfterFunc(c.ctx, func() { // returns before serve does, if that does not panic
		defer close(interrupted)
		defer func() {
			if v := recover(); v != nil { // of a ResponseWriter around the server's
				slog.Default().Error("quillhttp: SetWriteDeadline of a ResponseWriter has panicked", "panic", v, "writer", fmt.Sprintf("%T", c.w))
			}
		}()
		c.interrupt()
	})
	err := c.loop(s, position)
	if !stop() {
		<-interrupted
	}
	switch {
	case errors.Is(err, http.ErrNotSupported):
		for name := range headers {
			c.w.Header().Del(name)
		}
		http.Error(c.w, fmt.Sprintf("quillhttp: a stream needs a ResponseWriter that can be flushed, which a %T cannot", c.w), http.StatusInternalServerError)
	case err == nil:
		// Nothing is stuck: give the server time to write the response's end.
		_ = c.rc.SetWriteDeadline(time.Now().Add(c.opts.WriteTimeout))
	}
}

// loop returns the error of a write, or nil when there is no more to send.
func (c *client) loop(s *session, position uint64) error {
	if err := c.send(nil); err != nil { // the header
		return err
	}
	ping := time.NewTicker(c.opts.Ping)
	defer ping.Stop()
	for c.ctx.Err() == nil {
		burst, after, changed, ended := s.next(position)
		switch {
		case burst != nil:
			position = after
			if err := c.send(burst); err != nil {
				return err
			}
			continue
		case ended:
			return nil
		}
		select {
		case <-changed:
		case <-ping.C:
			if err := c.send(pingFrame); err != nil {
				return err
			}
		case <-c.ctx.Done():
		}
	}
	return nil
}

// send writes, and flushes so that it is on its way. It takes no longer than
// WriteTimeout, and no longer than the client's context, if the ResponseWriter
// has write deadlines; all of net/http have.
func (c *client) send(frames []byte) error {
	c.writing.Store(true)
	defer c.writing.Store(false)
	_ = c.rc.SetWriteDeadline(time.Now().Add(c.opts.WriteTimeout))
	if c.ended.Load() {
		return nil
	}
	if len(frames) > 0 {
		if _, err := c.w.Write(frames); err != nil {
			return err
		}
	}
	if err := c.rc.Flush(); err != nil {
		return err
	}
	// HTTP/2 ends a stream whose deadline passes, also between two writes.
	_ = c.rc.SetWriteDeadline(time.Time{})
	return nil
}

// interrupt keeps writes from beginning, and ends one that is stuck.
func (c *client) interrupt() {
	c.ended.Store(true)
	if c.writing.Load() {
		_ = c.rc.SetWriteDeadline(past)
	}
}
