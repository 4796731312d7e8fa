package quillhttp

import (
	"errors"
	"fmt"
	"time"
)

// Unlimited is the [Options].MaxConnections that is no limit.
const Unlimited = -1

// Options are the numbers of a [Stream]. A zero field means its default.
type Options struct {
	// Every is how often the registry is read and a burst of messages sent. Zero
	// means 500ms, and 5s for the configuration. A stream of requests has no use
	// for it. (hystrix.stream.dashboard.intervalInMilliseconds and the like)
	Every time.Duration
	// Ping is how often each client gets a line that it ignores, so that neither
	// side takes a quiet connection for a broken one. Zero means 500ms.
	Ping time.Duration
	// MaxConnections is how many clients may be connected at a time; further ones
	// get 503. Zero means 5, Unlimited (-1) as many as come. Each Stream counts its
	// own. (hystrix.config.stream.maxConcurrentConnections)
	MaxConnections int
	// WriteTimeout is how long a client may leave what was sent unread, beyond
	// what the network holds, before it is disconnected. Zero means 5s. It takes
	// the place of http.Server.WriteTimeout, which a stream would outlive.
	WriteTimeout time.Duration
}

const (
	defaultEvery          = 500 * time.Millisecond
	defaultConfigEvery    = 5 * time.Second
	defaultPing           = 500 * time.Millisecond
	defaultMaxConnections = 5
	defaultWriteTimeout   = 5 * time.Second
	shortest              = time.Millisecond // less is a number without its unit
)

// withDefaults returns o with every field set, or what is wrong with it.
func (o Options) withDefaults(every time.Duration) (Options, error) {
	fill(&o.Every, every)
	fill(&o.Ping, defaultPing)
	fill(&o.MaxConnections, defaultMaxConnections)
	fill(&o.WriteTimeout, defaultWriteTimeout)
	var connections error
	if o.MaxConnections < Unlimited {
		connections = fmt.Errorf("quillhttp: Options.MaxConnections is %d, want 1 or more, 0 for %d, or Unlimited (-1) for any", o.MaxConnections, defaultMaxConnections)
	}
	return o, errors.Join(
		notTooShort("Every", o.Every, every),
		notTooShort("Ping", o.Ping, defaultPing),
		connections,
		notTooShort("WriteTimeout", o.WriteTimeout, defaultWriteTimeout),
	)
}

func notTooShort(field string, d, byDefault time.Duration) error {
	if d < shortest {
		return fmt.Errorf("quillhttp: Options.%s is %v, want %v or more, or 0 for %v", field, d, shortest, byDefault)
	}
	return nil
}

func fill[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}
