package quillhttp_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/quillgo/quill/cache"
	"github.com/quillgo/quill/command"
	"github.com/quillgo/quill/contrib/quillhttp"
)

func middleware(t *testing.T, o quillhttp.MiddlewareOptions) func(http.Handler) http.Handler {
	t.Helper()
	m, err := quillhttp.Middleware(o)
	require.NoError(t, err)
	return m
}

// answer serves one request by a server of its own.
func answer(t *testing.T, h http.Handler) (res *http.Response, body string) {
	t.Helper()
	server := httptest.NewServer(h)
	defer server.Close()
	res, err := server.Client().Get(server.URL)
	require.NoError(t, err)
	defer res.Body.Close()
	all, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return res, string(all)
}

// timeless is a log whose executions took no time.
func timeless(log string) string {
	return regexp.MustCompile(`\[\d+ms\]`).ReplaceAllString(log, "[0ms]")
}

func TestMiddleware_OneScopePerRequest(t *testing.T) {
	var scopes []*cache.Scope
	h := middleware(t, quillhttp.MiddlewareOptions{})(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s := cache.ScopeFrom(r.Context())
		require.False(t, s.Closed())
		scopes = append(scopes, s)
		_, plain := w.(interface{ Unwrap() http.ResponseWriter })
		require.False(t, plain, "without a log the writer is the server's")
	}))
	for range 2 {
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
	}
	require.Len(t, scopes, 2)
	require.NotSame(t, scopes[0], scopes[1])
	for _, s := range scopes {
		require.True(t, s.Closed())
	}
}

func TestMiddleware_ScopeThatIsThere(t *testing.T) {
	ctx, scope := cache.NewScope(t.Context())
	defer scope.Close()
	m := middleware(t, quillhttp.MiddlewareOptions{})
	h := m(m(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { require.Same(t, scope, cache.ScopeFrom(r.Context())) })))
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil).WithContext(ctx))
	require.False(t, scope.Closed(), "who opened it closes it")
}

// TestMiddleware_AbnormalEnds: the scope is closed, and a panic goes on.
func TestMiddleware_AbnormalEnds(t *testing.T) {
	for name, end := range map[string]func(){
		"panic":  func() { panic("no") },
		"abort":  func() { panic(http.ErrAbortHandler) },
		"goexit": runtime.Goexit,
	} {
		for _, header := range []string{"", quillhttp.LogHeader} {
			t.Run(name+header, func(t *testing.T) {
				var scope *cache.Scope
				h := middleware(t, quillhttp.MiddlewareOptions{LogHeader: header})(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
					scope = cache.ScopeFrom(r.Context())
					end()
				}))
				recovered, returned := make(chan any, 1), false
				go func() {
					defer func() { recovered <- recover() }()
					h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
					returned = true
				}()
				switch v := <-recovered; name {
				case "panic":
					require.Equal(t, "no", v)
				case "abort":
					require.Equal(t, http.ErrAbortHandler, v)
				default:
					require.Nil(t, v)
				}
				require.False(t, returned)
				require.True(t, scope.Closed())
			})
		}
	}
}

func TestMiddleware_LogHeader(t *testing.T) {
	r := registry(t)
	ok := newCommand(t, r, "Get\nÜser", command.Settings{Isolation: command.Semaphore})
	call := func(req *http.Request) { _, _ = ok.Execute(req.Context(), nil) }
	const one, two = "Get??ser[SUCCESS][0ms]", "Get??ser[SUCCESS][0ms]x2"
	for name, test := range map[string]struct {
		handle func(w http.ResponseWriter, r *http.Request)
		want   string
		status int
		body   string
	}{
		"nothing executed": {func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "a") }, "", 200, "a"},
		"no answer":        {func(_ http.ResponseWriter, r *http.Request) { call(r) }, one, 200, ""},
		"Write": {func(w http.ResponseWriter, r *http.Request) {
			call(r)
			_, _ = io.WriteString(w, "a")
			call(r) // too late
		}, one, 200, "a"},
		"WriteHeader": {func(w http.ResponseWriter, r *http.Request) {
			call(r)
			w.WriteHeader(418)
			call(r)
		}, one, 418, ""},
		"an informational answer": {func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(http.StatusEarlyHints)
			call(r)
			w.WriteHeader(404)
		}, one, 404, ""},
		"Flusher": {func(w http.ResponseWriter, r *http.Request) {
			call(r)
			call(r)
			w.(http.Flusher).Flush()
			call(r)
		}, two, 200, ""},
		"ResponseController": {func(w http.ResponseWriter, r *http.Request) {
			call(r)
			require.NoError(t, http.NewResponseController(w).Flush())
			require.NoError(t, http.NewResponseController(w).EnableFullDuplex(), "by Unwrap")
		}, one, 200, ""},
		"ReaderFrom": {func(w http.ResponseWriter, r *http.Request) {
			call(r)
			n, err := io.Copy(w, struct{ io.Reader }{strings.NewReader("abc")})
			require.NoError(t, err)
			require.EqualValues(t, 3, n)
			call(r)
		}, one, 200, "abc"},
	} {
		t.Run(name, func(t *testing.T) {
			res, body := answer(t, middleware(t, quillhttp.MiddlewareOptions{LogHeader: "X-Log"})(http.HandlerFunc(test.handle)))
			require.Equal(t, test.want, timeless(res.Header.Get("X-Log")))
			require.Equal(t, test.status, res.StatusCode)
			require.Equal(t, test.body, body)
		})
	}
}

// TestMiddleware_LogIsRenderedOnce: later writes cost nothing.
func TestMiddleware_LogIsRenderedOnce(t *testing.T) {
	c := newCommand(t, registry(t), "A", command.Settings{Isolation: command.Semaphore})
	w := httptest.NewRecorder()
	middleware(t, quillhttp.MiddlewareOptions{LogHeader: "X-Log"})(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for range 3 {
			_, _ = c.Execute(r.Context(), nil)
			_, _ = io.WriteString(w, "a")
		}
	})).ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	require.Equal(t, "A[SUCCESS][0ms]", timeless(w.Header().Get("X-Log")), "of the recorder, which the server would not send")
}

// TestMiddleware_LogAfterAPanic: who answers for a handler that panicked has the
// log, which tells what led to it.
func TestMiddleware_LogAfterAPanic(t *testing.T) {
	c := newCommand(t, registry(t), "GetUser", command.Settings{Isolation: command.Semaphore})
	h := middleware(t, quillhttp.MiddlewareOptions{LogHeader: quillhttp.LogHeader})(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = c.Execute(r.Context(), errors.New("no"))
		panic("no")
	}))
	res, _ := answer(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			require.Equal(t, "no", recover())
			http.Error(w, "sorry", http.StatusInternalServerError)
		}()
		h.ServeHTTP(w, r)
	}))
	require.Equal(t, "GetUser[FAILURE, FALLBACK_SUCCESS][0ms]", timeless(res.Header.Get("X-Quill-Log")))
	require.Equal(t, http.StatusInternalServerError, res.StatusCode)
}

func TestMiddleware_LogIsCut(t *testing.T) {
	r := registry(t)
	for limit, want := range map[int]int{0: 2048, 16: 16} {
		res, _ := answer(t, middleware(t, quillhttp.MiddlewareOptions{LogHeader: "X-Log", LogLimit: limit})(http.HandlerFunc(func(_ http.ResponseWriter, req *http.Request) {
			for i := range 100 {
				c := newCommand(t, r, "GetSomething"+strings.Repeat("x", i), command.Settings{Isolation: command.Semaphore})
				_, _ = c.Execute(req.Context(), nil)
			}
		})))
		log := res.Header.Get("X-Log")
		require.Len(t, log, want)
		require.True(t, strings.HasPrefix(log, "GetSomething") && strings.HasSuffix(log, "..."), log)
	}
}

func TestMiddleware_Hijack(t *testing.T) {
	m := middleware(t, quillhttp.MiddlewareOptions{LogHeader: "X-Log"})
	res, body := answer(t, m(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		conn, rw, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		_, _ = rw.WriteString("HTTP/1.1 299 Mine\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi")
		_ = rw.Flush()
	})))
	require.Equal(t, 299, res.StatusCode)
	require.Equal(t, "hi", body)

	m(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _, err := w.(http.Hijacker).Hijack()
		require.ErrorIs(t, err, http.ErrNotSupported)
	})).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
}

// TestMiddleware_NoFlusher: the handler is not promised what the server cannot.
func TestMiddleware_NoFlusher(t *testing.T) {
	h := middleware(t, quillhttp.MiddlewareOptions{LogHeader: "X-Log"})(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, ok := w.(http.Flusher)
		require.False(t, ok)
		require.ErrorIs(t, http.NewResponseController(w).Flush(), http.ErrNotSupported)
	}))
	h.ServeHTTP(opaque{httptest.NewRecorder()}, httptest.NewRequest("GET", "/", nil))
}

func TestMiddleware_Options(t *testing.T) {
	for want, o := range map[string]quillhttp.MiddlewareOptions{
		`quillhttp: MiddlewareOptions.LogHeader is "X Log", want the name of a header, such as X-Quill-Log`:      {LogHeader: "X Log"},
		"quillhttp: MiddlewareOptions.LogHeader is \"X-Log\\r\", want the name of a header, such as X-Quill-Log": {LogHeader: "X-Log\r"},
		"quillhttp: MiddlewareOptions.LogLimit is -1, want 16 or more, or 0 for 2048":                            {LogHeader: "X-Log", LogLimit: -1},
		"quillhttp: MiddlewareOptions.LogLimit is 15, want 16 or more, or 0 for 2048":                            {LogLimit: 15},
	} {
		m, err := quillhttp.Middleware(o)
		require.EqualError(t, err, want)
		require.Nil(t, m)
	}
}
