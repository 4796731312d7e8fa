package patterns

import (
	"context"
	"fmt"

	"github.com/quillgo/quill/contrib/hystrix"
)

// Fetch asks two backends at the same time and takes what comes, as the many
// small services do.
func Fetch(ctx context.Context, name string, ask func(context.Context) (string, error), memory string) (string, error) {
	output := make(chan string, 2)
	errs := hystrix.GoC(ctx, name, func(ctx context.Context) error {
		v, err := ask(ctx)
		if err != nil {
			return err
		}
		output <- v
		return nil
	}, func(_ context.Context, cause error) error {
		if memory == "" {
			return cause
		}
		output <- memory
		return nil
	})
	select {
	case v := <-output:
		return v, nil
	case err := <-errs:
		return "", err
	}
}

// Lines is a logger of a program's own.
type Lines []string

// Printf keeps a line.
func (l *Lines) Printf(format string, items ...any) {
	*l = append(*l, fmt.Sprintf(format, items...))
}

// Log has the circuits log into l.
func Log(l *Lines) { hystrix.SetLogger(l) }

// Describe prints the settings of all circuits, as debug pages do.
func Describe() (lines []string) {
	for name, s := range hystrix.GetCircuitSettings() {
		lines = append(lines, fmt.Sprintf("%s: %v of %d, %d%% of %d, %v", name, s.Timeout, s.MaxConcurrentRequests,
			s.ErrorPercentThreshold, s.RequestVolumeThreshold, s.SleepWindow))
	}
	return lines
}

// IsTimeout compares with a literal, as some programs do.
func IsTimeout(err error) bool {
	return err == hystrix.CircuitError{Message: "timeout"} //nolint:errorlint // as such programs have it
}

// Reasons is a table by error.
var Reasons = map[error]int{hystrix.ErrTimeout: 504, hystrix.ErrCircuitOpen: 503, hystrix.ErrMaxConcurrency: 429}
