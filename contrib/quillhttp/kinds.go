package quillhttp

import (
	"time"

	"github.com/quillgo/quill/command"
	"github.com/quillgo/quill/observable"
)

// NewHystrixStream returns the stream that Hystrix's dashboard and Turbine read
// (hystrix.stream): every 500ms a message for each command, pool and collapser
// that has been used. A nil registry means command.DefaultRegistry. The error
// names the option that cannot be.
func NewHystrixStream(r *command.Registry, o Options) (*Stream, error) {
	return sampled(r, o, defaultEvery, func(r *command.Registry, every time.Duration) observable.Observable[[]byte] {
		return observable.Map(reports(r, every), func(rep command.Report) []byte { return burst(hystrixMessages(&rep)) })
	})
}

func sampled(r *command.Registry, o Options, every time.Duration, open func(*command.Registry, time.Duration) observable.Observable[[]byte]) (*Stream, error) {
	o, err := o.withDefaults(every)
	if err != nil {
		return nil, err
	}
	if r == nil {
		r = command.DefaultRegistry
	}
	return newStream(o, open(r, o.Every), 1, 1), nil
}

func reports(r *command.Registry, every time.Duration) observable.Observable[command.Report] {
	return observable.Map(observable.Interval(every), func(int) command.Report { return r.Report() })
}
