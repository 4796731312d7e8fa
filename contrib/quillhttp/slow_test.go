package quillhttp_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/quillgo/quill/contrib/quillhttp"
	"github.com/quillgo/quill/observable"
)

// count is a stream of a burst every half second: data: 0, data: 1, ...
func count() observable.Observable[[]byte] {
	return observable.Map(observable.Interval(500*time.Millisecond), func(n int) []byte { return fmt.Appendf(nil, "data: %d\n\n", n) })
}

// TestSlow_SkipsBursts: a client that does not read for a while misses what it
// had no time for, beyond what is kept, and nobody else does.
func TestSlow_SkipsBursts(t *testing.T) {
	for keep := 1; keep <= 4; keep += 3 {
		synctest.Test(t, func(t *testing.T) {
			s, err := quillhttp.NewStreamOf(count(), keep, 0, quillhttp.Options{Ping: time.Hour, WriteTimeout: time.Minute})
			require.NoError(t, err)
			server := serve(t, &http.Server{Handler: s})
			slow, quick := server.get(t), server.get(t)
			frames := quick.collect()
			time.Sleep(20*500*time.Millisecond + time.Millisecond)
			require.Len(t, frames(), 20)
			require.Equal(t, "data: 0", slow.frame(), "this one it was about to get")
			for i := 20 - keep; i < 20; i++ {
				require.Equal(t, fmt.Sprint("data: ", i), slow.frame(), "keep %d", keep)
			}
			began := time.Now()
			require.Equal(t, "data: 20", slow.frame())
			require.Equal(t, 499*time.Millisecond, time.Since(began))
		})
	}
}

// TestSlow_IsDisconnected: a client that does not read at all is let go after
// WriteTimeout, and until then takes part of nothing.
func TestSlow_IsDisconnected(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := of(t, count(), quillhttp.Options{WriteTimeout: 3 * time.Second})
		server := serve(t, &http.Server{Handler: s})
		dead, quick := server.get(t), server.get(t)
		frames := quick.collect()
		time.Sleep(3400 * time.Millisecond)
		require.Equal(t, 2, s.Clients())
		time.Sleep(200 * time.Millisecond) // 500ms + 3s have passed
		require.Equal(t, 1, s.Clients())
		_, err := io.ReadAll(dead.Body)
		require.Error(t, err)
		require.Contains(t, frames(), "data: 6")
	})
}

// TestSlow_ReadsJustInTime: what counts is each write, not all of them.
func TestSlow_ReadsJustInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, err := quillhttp.NewStreamOf(count(), 1, 0, quillhttp.Options{Ping: time.Hour, WriteTimeout: 3 * time.Second})
		require.NoError(t, err)
		c := serve(t, &http.Server{Handler: s}).get(t)
		for range 20 {
			time.Sleep(2900 * time.Millisecond)
			require.Contains(t, c.frame(), "data: ")
		}
	})
}

// TestSlow_RequestEnds: a context that ends frees the handler at once, also while
// it is writing to somebody who does not read.
func TestSlow_RequestEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := of(t, count(), quillhttp.Options{WriteTimeout: time.Hour})
		returned := make(chan time.Time, 1)
		limited := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			ctx, cancel := context.WithTimeout(r.Context(), 4*time.Second)
			defer cancel()
			s.ServeHTTP(w, r.WithContext(ctx))
			returned <- time.Now()
		})
		began := time.Now()
		serve(t, &http.Server{Handler: limited}).get(t)
		require.Equal(t, 4*time.Second, (<-returned).Sub(began))
		require.Zero(t, s.Clients())
	})
}

// TestSlow_ServersWriteTimeout: that of the server does not end a stream, neither
// while it sends nor between.
func TestSlow_ServersWriteTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := of(t, count(), quillhttp.Options{Ping: time.Hour, Every: time.Second})
		c := serve(t, &http.Server{Handler: s, WriteTimeout: 100 * time.Millisecond}).get(t)
		for i := range 20 {
			require.Equal(t, fmt.Sprint("data: ", i), c.frame())
		}
	})
}

// TestSlow_HTTP2: there a deadline that passes between two writes would end the
// stream, and one in the past when Close comes would break it off.
func TestSlow_HTTP2(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var both http.Protocols
		both.SetUnencryptedHTTP2(true)
		s := of(t, count(), quillhttp.Options{WriteTimeout: 100 * time.Millisecond, Ping: time.Hour})
		server := serve(t, &http.Server{Handler: s, Protocols: &both})
		transport := &http.Transport{Protocols: &both, DialContext: func(context.Context, string, string) (net.Conn, error) {
			ours, theirs := net.Pipe()
			server.conns <- theirs
			return ours, nil
		}}
		defer transport.CloseIdleConnections()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://quill/hystrix.stream", nil)
		require.NoError(t, err)
		res, err := transport.RoundTrip(req)
		require.NoError(t, err)
		defer res.Body.Close()
		require.Equal(t, 2, res.ProtoMajor)
		frames := make([]byte, len("data: 0\n\n")*3)
		_, err = io.ReadFull(res.Body, frames)
		require.NoError(t, err)
		require.Equal(t, "data: 0\n\ndata: 1\n\ndata: 2\n\n", string(frames))
		synctest.Wait() // the write of the third is over
		s.Close()
		rest, err := io.ReadAll(res.Body)
		require.NoError(t, err, "the stream ends as it should")
		require.Empty(t, rest)
	})
}

// opaque is a ResponseWriter that hides what the server's can.
type opaque struct{ http.ResponseWriter }

// transparent shows it to those who ask.
type transparent struct{ opaque }

func (w transparent) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func TestStream_WrappedWriters(t *testing.T) {
	for name, test := range map[string]struct {
		wrap   func(http.ResponseWriter) http.ResponseWriter
		status int
		frame  string
	}{
		"hidden": {func(w http.ResponseWriter) http.ResponseWriter { return opaque{w} }, http.StatusInternalServerError, ""},
		"seen":   {func(w http.ResponseWriter) http.ResponseWriter { return transparent{opaque{w}} }, http.StatusOK, "data: 0"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := of(t, count(), quillhttp.Options{Ping: time.Hour})
				c := serve(t, &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.ServeHTTP(test.wrap(w), r) })}).get(t)
				require.Equal(t, test.status, c.StatusCode)
				if test.status == http.StatusOK {
					require.Equal(t, test.frame, c.frame())
					return
				}
				body, err := io.ReadAll(c.Body)
				require.NoError(t, err)
				require.Equal(t, "quillhttp: a stream needs a ResponseWriter that can be flushed, which a quillhttp_test.opaque cannot\n", string(body))
				require.Equal(t, "text/plain; charset=utf-8", c.Header.Get("Content-Type"))
				require.Empty(t, c.Header.Get("X-Accel-Buffering"))
				require.Zero(t, s.Clients())
			})
		})
	}
}

// broken is a ResponseWriter that panics: when it is told of a deadline that has
// passed, or when it is written to.
type broken struct {
	http.ResponseWriter
	write, deadline bool
}

func (w broken) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w broken) Write(p []byte) (int, error) {
	if w.write {
		panic("write")
	}
	return w.ResponseWriter.Write(p)
}

func (w broken) SetWriteDeadline(at time.Time) error {
	if w.deadline && !at.IsZero() && at.Before(time.Now()) {
		panic("deadline")
	}
	return http.NewResponseController(w.ResponseWriter).SetWriteDeadline(at)
}

// TestStream_BrokenWriters: a writer that panics ends its own request only.
func TestStream_BrokenWriters(t *testing.T) {
	for name, write := range map[string]bool{"Write": true, "SetWriteDeadline": false} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := of(t, count(), quillhttp.Options{Ping: time.Hour, WriteTimeout: 2 * time.Second})
				recovered := make(chan any, 1)
				h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					defer func() { recovered <- recover() }()
					s.ServeHTTP(broken{w, write, !write}, r)
				})
				server := serve(t, &http.Server{Handler: h})
				stuck := server.get(t)
				healthy := serve(t, &http.Server{Handler: s}).get(t)
				require.Equal(t, "data: 0", healthy.frame())
				if write {
					require.Equal(t, "write", <-recovered)
					synctest.Wait()
					require.Equal(t, 1, s.Clients())
					return
				}
				synctest.Wait() // stuck is in a write
				s.Close()
				require.Nil(t, <-recovered)
				require.Zero(t, s.Clients())
				_, err := io.ReadAll(stuck.Body)
				require.Error(t, err, "the write deadline has passed")
			})
		})
	}
}

// meddling closes the stream when the next write is given its time, before that
// is done.
type meddling struct {
	http.ResponseWriter
	stream *quillhttp.Stream
	once   *sync.Once
}

func (w meddling) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w meddling) SetWriteDeadline(at time.Time) error {
	if at.After(time.Now().Add(time.Minute)) {
		w.once.Do(func() {
			w.stream.Close()
			time.Sleep(time.Millisecond) // the interruption comes first
		})
	}
	return http.NewResponseController(w.ResponseWriter).SetWriteDeadline(at)
}

// TestSlow_CloseMeetsTheDeadline: a deadline that is set after the one that
// interrupts does not let the write begin.
func TestSlow_CloseMeetsTheDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := of(t, count(), quillhttp.Options{Ping: time.Hour, WriteTimeout: time.Hour})
		returned := make(chan struct{})
		server := serve(t, &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			s.ServeHTTP(meddling{w, s, new(sync.Once)}, r)
			close(returned)
		})})
		began := time.Now()
		ours, theirs := net.Pipe()
		defer ours.Close()
		server.conns <- theirs
		_, err := io.WriteString(ours, "GET / HTTP/1.1\r\nHost: quill\r\n\r\n") // and nothing is read
		require.NoError(t, err)
		<-returned
		require.Equal(t, time.Millisecond, time.Since(began))
	})
}

// TestSlow_EndOfTheResponse: who does not read when the stream is closed holds
// the server's connection no longer than WriteTimeout.
func TestSlow_EndOfTheResponse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := of(t, count(), quillhttp.Options{Ping: time.Hour, WriteTimeout: 3 * time.Second})
		c := serve(t, &http.Server{Handler: s}).get(t)
		require.Equal(t, "data: 0", c.frame())
		synctest.Wait()
		s.Close()
		time.Sleep(3100 * time.Millisecond)
		_, err := io.ReadAll(c.Body)
		require.ErrorIs(t, err, io.ErrUnexpectedEOF, "the end was not waited for")
	})
}

// lingering takes its time with a deadline that has passed.
type lingering struct {
	http.ResponseWriter
	left *atomic.Bool
}

func (w lingering) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w lingering) SetWriteDeadline(at time.Time) error {
	err := http.NewResponseController(w.ResponseWriter).SetWriteDeadline(at)
	if !at.IsZero() && at.Before(time.Now()) {
		time.Sleep(time.Second) // the write that it ends does so meanwhile
		w.left.Store(true)
	}
	return err
}

// TestSlow_NothingAfterTheHandler: the ResponseWriter is let alone once the
// handler has returned.
func TestSlow_NothingAfterTheHandler(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := of(t, count(), quillhttp.Options{Ping: time.Hour, WriteTimeout: time.Hour})
		var left atomic.Bool
		letAlone := make(chan bool, 1)
		serve(t, &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			s.ServeHTTP(lingering{w, &left}, r)
			letAlone <- left.Load()
		})}).get(t)
		time.Sleep(time.Second) // a write is stuck
		s.Close()
		require.True(t, <-letAlone)
	})
}
