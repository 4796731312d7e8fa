package quillhttp

import (
	"time"

	"github.com/quillgo/quill/command"
	"github.com/quillgo/quill/observable"
)

// NewHystrixStream returns the stream that Hystrix's dashboard and Turbine read,
// usually served as /hystrix.stream (HystrixMetricsStreamServlet): every 500ms a
// message for each command, pool and collapser that has been used.
//
// A nil registry means [command.DefaultRegistry]. The error names the option that
// cannot be. A client gets the newest burst when it comes, if others are there
// already, else the first one after [Options].Every; and only pings while nothing
// has been used. The stream ends when the registry is closed. All of this holds
// for the other streams too.
func NewHystrixStream(r *command.Registry, o Options) (*Stream, error) {
	return sampled(r, o, defaultEvery, command.ReportStream, func(rep command.Report) []byte { return burst(hystrixMessages(&rep)...) })
}

// NewUtilizationStream returns the stream of what is in use: every 500ms one
// message (HystrixUtilizationSseServlet).
func NewUtilizationStream(r *command.Registry, o Options) (*Stream, error) {
	return sampled(r, o, defaultEvery, command.UtilizationStream, func(u command.Utilization) []byte { return burst(newHystrixUtilization(u)) })
}

// NewConfigStream returns the stream of the settings in force: every 5s one
// message (HystrixConfigSseServlet).
func NewConfigStream(r *command.Registry, o Options) (*Stream, error) {
	return sampled(r, o, defaultConfigEvery, command.ConfigurationStream, func(c command.Configuration) []byte { return burst(newHystrixConfig(c)) })
}

// NewRequestStream returns the stream of requests: when a scope is closed a
// message about what was executed within it (HystrixRequestEventsSseServlet). It
// has nothing to tell of commands that are called outside a scope; see
// [Middleware]. A client that is more than a few hundred requests behind misses
// some.
func NewRequestStream(r *command.Registry, o Options) (*Stream, error) {
	o, err := o.withDefaults(defaultEvery)
	if err != nil {
		return nil, err
	}
	requests := observable.Map(command.RequestStream(orDefault(r)), func(e command.RequestEvents) []byte { return burst(newRequestEvents(e.Entries)) })
	return newStream(o, requests, requestsKept, 0), nil
}

// requestsKept is how many requests a client may be behind.
const requestsKept = 512

// sampled returns a stream of what open opens. A client that is behind gets the
// newest burst only, and one that comes gets the newest that there is.
func sampled[T any](r *command.Registry, o Options, every time.Duration,
	open func(*command.Registry, time.Duration) observable.Observable[T], encode func(T) []byte) (*Stream, error) {
	o, err := o.withDefaults(every)
	if err != nil {
		return nil, err
	}
	return newStream(o, observable.Map(open(orDefault(r), o.Every), encode), 1, 1), nil
}

func orDefault(r *command.Registry) *command.Registry {
	if r == nil {
		return command.DefaultRegistry
	}
	return r
}
