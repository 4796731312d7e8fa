package hystrix

import "sync/atomic"

type logger interface {
	Printf(format string, items ...any)
}

// NoopLogger prints nothing.
type NoopLogger struct{}

// Printf does nothing.
func (l NoopLogger) Printf(string, ...any) {}

// chosen is the logger that SetLogger was given; nil means DefaultLogger.
var chosen atomic.Pointer[logger]

// SetLogger has l told when a circuit opens, lets a call try, and closes. It may
// be called at any time; nil prints nothing. A panic of l is logged to slog.Default.
func SetLogger(l logger) {
	if l == nil {
		l = NoopLogger{}
	}
	chosen.Store(&l)
}

func logf(format string, items ...any) {
	if l := chosen.Load(); l != nil {
		(*l).Printf(format, items...)
	}
}
