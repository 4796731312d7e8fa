package quillhttp_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/quillgo/quill/command"
	"github.com/quillgo/quill/contrib/quillhttp"
	"github.com/quillgo/quill/observable"
)

func registry(t *testing.T) *command.Registry {
	t.Helper()
	r, err := command.NewRegistry(command.RegistryOptions{})
	require.NoError(t, err)
	t.Cleanup(r.Close)
	return r
}

// newCommand returns a command that succeeds, or fails with an error as its input.
func newCommand(t *testing.T, r *command.Registry, name string, s command.Settings) *command.Command[error, int] {
	t.Helper()
	c, err := command.New(command.Spec[error, int]{Name: name, Registry: r, Settings: s,
		Run:      func(_ context.Context, in error) (int, error) { return 1, in },
		Fallback: func(context.Context, error, error) (int, error) { return 2, nil }})
	require.NoError(t, err)
	return c
}

// of makes a stream of bursts, which may be 10 behind.
func of(t *testing.T, bursts observable.Observable[[]byte], o quillhttp.Options) *quillhttp.Stream {
	t.Helper()
	s, err := quillhttp.NewStreamOf(bursts, 10, 0, o)
	require.NoError(t, err)
	return s
}

// tick is a stream of a burst every half second: data: 0, data: 1, ...
func tick() observable.Observable[[]byte] {
	return observable.Map(observable.Interval(500*time.Millisecond), func(n int) []byte {
		return []byte("data: " + string(rune('0'+n)) + "\n\n")
	})
}

func TestStream_Frames(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := registry(t)
		s, err := quillhttp.NewHystrixStream(r, quillhttp.Options{Ping: 300 * time.Millisecond})
		require.NoError(t, err)
		c := serve(t, &http.Server{Handler: s}).get(t)
		require.Equal(t, http.StatusOK, c.StatusCode)
		for name, value := range map[string]string{
			"Content-Type":      "text/event-stream;charset=UTF-8",
			"Cache-Control":     "no-cache, no-store, max-age=0, must-revalidate",
			"Pragma":            "no-cache",
			"X-Accel-Buffering": "no",
		} {
			require.Equal(t, value, c.Header.Get(name), name)
		}

		// Pings also while there is nothing to tell.
		frames := c.collect()
		time.Sleep(1100 * time.Millisecond)
		require.Equal(t, []string{"ping: ", "ping: ", "ping: "}, frames())

		pooled := newCommand(t, r, "A", command.Settings{})
		onCaller := newCommand(t, r, "B", command.Settings{Isolation: command.Semaphore})
		for _, c := range []*command.Command[error, int]{pooled, onCaller, onCaller} {
			_, err := c.Execute(t.Context(), nil)
			require.NoError(t, err)
		}
		time.Sleep(500 * time.Millisecond) // 1.6s
		var told []string
		for _, f := range frames() {
			data, ok := strings.CutPrefix(f, "data: ")
			if !ok {
				require.Equal(t, "ping: ", f)
				continue
			}
			var m struct {
				Type, Name  string
				CurrentTime int64
				Success     int `json:"rollingCountSuccess"`
			}
			require.NoError(t, json.Unmarshal([]byte(data), &m))
			require.Equal(t, time.Now().Add(-100*time.Millisecond).UnixMilli(), m.CurrentTime)
			told = append(told, m.Type+" "+m.Name+" "+string(rune('0'+m.Success)))
		}
		require.Equal(t, []string{"HystrixCommand A 1", "HystrixCommand B 2", "HystrixThreadPool A 0"}, told)
	})
}

func TestStream_Methods(t *testing.T) {
	s := newHystrixStream(t, quillhttp.Options{})
	for method, status := range map[string]int{http.MethodPost: http.StatusMethodNotAllowed, "DELETE": http.StatusMethodNotAllowed, http.MethodHead: http.StatusOK} {
		w := httptest.NewRecorder()
		s.ServeHTTP(w, httptest.NewRequest(method, "/hystrix.stream", nil))
		require.Equal(t, status, w.Code, method)
		if status == http.StatusOK {
			require.Equal(t, "text/event-stream;charset=UTF-8", w.Header().Get("Content-Type"))
			require.Empty(t, w.Body.String())
		} else {
			require.Equal(t, "GET, HEAD", w.Header().Get("Allow"))
		}
	}
	require.Zero(t, s.Clients())
}

func TestStream_MaxConnections(t *testing.T) {
	for limit, name := range map[int]string{0: "by default", 2: "two", quillhttp.Unlimited: "unlimited"} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := of(t, observable.Never[[]byte](), quillhttp.Options{MaxConnections: limit})
				server := serve(t, &http.Server{Handler: s})
				admitted, text := 5, "MaxConcurrentConnections reached: 5\n"
				switch limit {
				case 2:
					admitted, text = 2, "MaxConcurrentConnections reached: 2\n"
				case quillhttp.Unlimited:
					admitted = 50
				}
				var all []*connection
				for range admitted {
					c := server.get(t)
					require.Equal(t, http.StatusOK, c.StatusCode)
					all = append(all, c)
				}
				require.Equal(t, admitted, s.Clients())
				if limit == quillhttp.Unlimited {
					return
				}
				refused := server.get(t)
				require.Equal(t, http.StatusServiceUnavailable, refused.StatusCode)
				body, err := io.ReadAll(refused.Body)
				require.NoError(t, err)
				require.Equal(t, text, string(body))

				require.NoError(t, all[0].conn.Close())
				synctest.Wait()
				require.Equal(t, admitted-1, s.Clients(), "a client that leaves is let out at once")
				require.Equal(t, http.StatusOK, server.get(t).StatusCode)
			})
		})
	}
}

func TestStream_Close(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := of(t, tick(), quillhttp.Options{})
		server := serve(t, &http.Server{Handler: s})
		reading, stuck := server.get(t), server.get(t)
		frames := reading.collect()
		time.Sleep(600 * time.Millisecond)
		require.Contains(t, frames(), "data: 0")
		s.Close()
		s.Close()
		synctest.Wait()
		require.Zero(t, s.Clients())
		require.ErrorIs(t, reading.end, io.EOF, "the response is complete")
		_, err := io.ReadAll(stuck.Body)
		require.ErrorIs(t, err, io.ErrUnexpectedEOF, "nobody waits for who does not read")

		late := server.get(t)
		require.Equal(t, http.StatusServiceUnavailable, late.StatusCode)
		body, err := io.ReadAll(late.Body)
		require.NoError(t, err)
		require.Equal(t, "Service has been shut down.\n", string(body))
		require.Equal(t, http.StatusServiceUnavailable, server.request(t, http.MethodHead).StatusCode)
	})
}

// TestStream_ShutdownOfTheServer: RegisterOnShutdown is all that a server needs.
func TestStream_ShutdownOfTheServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := of(t, tick(), quillhttp.Options{})
		server := &http.Server{Handler: s}
		server.RegisterOnShutdown(s.Close)
		c := serve(t, server).get(t)
		c.collect()
		require.NoError(t, server.Shutdown(t.Context()))
		require.Zero(t, s.Clients())
	})
}

// TestStream_OneSourceForAll: the source is subscribed to when the first client
// comes, read once for all, and left with the last one.
func TestStream_OneSourceForAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var subscribed, disposed, encoded atomic.Int32
		source := observable.Defer(func(context.Context) observable.Observable[[]byte] {
			subscribed.Add(1)
			return tick().DoOnNext(func([]byte) { encoded.Add(1) }).DoOnDispose(func() { disposed.Add(1) })
		})
		s := of(t, source, quillhttp.Options{})
		server := serve(t, &http.Server{Handler: s})
		time.Sleep(time.Minute)
		require.Zero(t, subscribed.Load(), "nobody is there")
		for round := int32(1); round <= 2; round++ {
			var all []*connection
			for range 5 {
				c := server.get(t)
				c.collect()
				all = append(all, c)
			}
			time.Sleep(2100 * time.Millisecond)
			require.Equal(t, round, subscribed.Load())
			require.Equal(t, 4*round, encoded.Load())
			for i, c := range all {
				require.Equal(t, round-1, disposed.Load(), "%d have left", i)
				require.NoError(t, c.conn.Close())
				synctest.Wait()
			}
			require.Equal(t, round, disposed.Load())
		}
	})
}

// TestStream_EndOfTheSource ends the responses, whatever it is.
func TestStream_EndOfTheSource(t *testing.T) {
	for name, end := range map[string]observable.Observable[[]byte]{
		"complete": observable.Empty[[]byte](),
		"error":    observable.Error[[]byte](errors.New("no more")),
		"panic":    observable.FromFunc(func(context.Context) ([]byte, error) { panic("no more") }),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := of(t, observable.Concat(tick().Take(2), end), quillhttp.Options{Ping: time.Hour})
				server := serve(t, &http.Server{Handler: s})
				for range 2 { // a client that comes again gets the stream anew
					c := server.get(t)
					require.Equal(t, []string{"data: 0", "data: 1", ""}, []string{c.frame(), c.frame(), c.frame()})
					require.ErrorIs(t, c.end, io.EOF)
				}
			})
		})
	}
}

func TestStream_LateClientGetsTheLastBurst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, err := quillhttp.NewStreamOf(tick(), 1, 1, quillhttp.Options{Ping: time.Hour})
		require.NoError(t, err)
		server := serve(t, &http.Server{Handler: s})
		server.get(t).collect()
		time.Sleep(1900 * time.Millisecond)
		began := time.Now()
		late := server.get(t)
		require.Equal(t, "data: 2", late.frame())
		require.Zero(t, time.Since(began))
		require.Equal(t, "data: 3", late.frame())
	})
}

// TestStream_EmptyBursts: one without messages is no burst.
func TestStream_EmptyBursts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bursts := observable.Just(nil, []byte{}, []byte("data: 0\n\n"), nil)
		s, err := quillhttp.NewStreamOf(observable.Concat(bursts, observable.Never[[]byte]()), 10, 10, quillhttp.Options{})
		require.NoError(t, err)
		frames := serve(t, &http.Server{Handler: s}).get(t).collect()
		synctest.Wait()
		require.Equal(t, []string{"data: 0"}, frames())
	})
}

func TestOptions(t *testing.T) {
	for want, o := range map[string]quillhttp.Options{
		"quillhttp: Options.Every is -1s, want 1ms or more, or 0 for 500ms":                           {Every: -time.Second},
		"quillhttp: Options.Every is 500ns, want 1ms or more, or 0 for 500ms":                         {Every: 500},
		"quillhttp: Options.Ping is -1ns, want 1ms or more, or 0 for 500ms":                           {Ping: -1},
		"quillhttp: Options.WriteTimeout is 5ns, want 1ms or more, or 0 for 5s":                       {WriteTimeout: 5},
		"quillhttp: Options.MaxConnections is -2, want 1 or more, 0 for 5, or Unlimited (-1) for any": {MaxConnections: -2},
	} {
		s, err := quillhttp.NewHystrixStream(registry(t), o)
		require.EqualError(t, err, want)
		require.Nil(t, s)
	}
	_, err := quillhttp.NewHystrixStream(registry(t), quillhttp.Options{Every: -1, Ping: -1, WriteTimeout: -1, MaxConnections: -3})
	for _, field := range []string{"Every", "Ping", "WriteTimeout", "MaxConnections"} {
		require.ErrorContains(t, err, "Options."+field)
	}
}
