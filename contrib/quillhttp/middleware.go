package quillhttp

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/quillgo/quill/cache"
	"github.com/quillgo/quill/command"
)

// LogHeader is the usual name for [MiddlewareOptions].LogHeader.
const LogHeader = "X-Quill-Log"

// MiddlewareOptions say what [Middleware] does besides opening scopes.
type MiddlewareOptions struct {
	// LogHeader is the name of a response header that gets the request's log:
	// GetUser[SUCCESS][12ms], GetPrice[SUCCESS][3ms]x2. "" means none. A client can
	// read in it what the service calls: it is for services behind a gateway that
	// drops it, and for development.
	LogHeader string
	// LogLimit is how many bytes of the log are sent; what is longer is cut, and
	// ends with "...". Zero means 2048. Servers and proxies between refuse headers
	// of more than some kilobytes.
	LogLimit int
}

const (
	defaultLogLimit  = 2048
	shortestLogLimit = 16
)

// Middleware returns what wraps a handler so that each request has a scope of its
// own in its context (HystrixRequestContextServletFilter): a request cache, a
// request log, and variables. The scope is closed when the handler has returned,
// panicked, or ended its goroutine; a panic goes on. A request whose context has a
// scope already keeps that one, and nothing is added to it.
//
// With a LogHeader the header is set when the handler begins to answer: at its
// first WriteHeader, Write or Flush, or when it returns without any. So it tells
// what was executed by then, which is everything if the handler fetches before it
// writes. (A trailer could tell all, but most clients do not read trailers.) The
// handler's ResponseWriter then is one that http.ResponseController and
// io.Copy can see through; it is an http.Flusher if the server's is.
//
// The error names the option that cannot be.
func Middleware(o MiddlewareOptions) (func(http.Handler) http.Handler, error) {
	fill(&o.LogLimit, defaultLogLimit)
	switch {
	case o.LogHeader != "" && !isToken(o.LogHeader):
		return nil, fmt.Errorf("quillhttp: MiddlewareOptions.LogHeader is %q, want the name of a header, such as %s", o.LogHeader, LogHeader)
	case o.LogLimit < shortestLogLimit:
		return nil, fmt.Errorf("quillhttp: MiddlewareOptions.LogLimit is %d, want %d or more, or 0 for %d", o.LogLimit, shortestLogLimit, defaultLogLimit)
	}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if cache.ScopeFrom(r.Context()) != nil {
				next.ServeHTTP(w, r)
				return
			}
			ctx, scope := cache.NewScope(r.Context())
			defer scope.Close()
			r = r.WithContext(ctx)
			if o.LogHeader == "" {
				next.ServeHTTP(w, r)
				return
			}
			log := &logWriter{ResponseWriter: w, log: command.LogFrom(ctx), opts: o}
			defer log.answer() // before the scope closes, and also for who answers after a panic
			next.ServeHTTP(log.writer(), r)
		})
	}, nil
}

// isToken reports whether name can be that of a header (RFC 9110, 5.6.2).
func isToken(name string) bool {
	for _, c := range []byte(name) {
		letter := 'a' <= c|0x20 && c|0x20 <= 'z'
		if !letter && (c < '0' || c > '9') && !strings.ContainsRune("!#$%&'*+-.^_`|~", rune(c)) {
			return false
		}
	}
	return true
}

// headerValue is text as it can stand in a header: printable ASCII, and no longer
// than limit.
func headerValue(text string, limit int) string {
	text = strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '?'
		}
		return r
	}, text)
	if len(text) > limit {
		text = text[:limit-len("...")] + "..."
	}
	return text
}
