package patterns

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/quillgo/quill/contrib/hystrix"
)

// Invocation is a call of a remote procedure.
type Invocation func(ctx context.Context) (result any, err error)

// Filter is what RPC frameworks (dubbo-go) wrap invocations in: it knows which
// errors of the business must not count, and tells a circuit's refusal by its type.
type Filter struct {
	Config hystrix.CommandConfig
	Spare  []string // parts of errors that do not count
}

// Invoke calls by way of a circuit for each method.
func (f Filter) Invoke(ctx context.Context, method string, invoke Invocation) (result any, err error) {
	name := "rpc:" + method
	if _, created, _ := hystrix.GetCircuit(name); created {
		hystrix.ConfigureCommand(name, f.Config)
	}
	done := make(chan struct{}, 1) // what the invocation wrote may be read
	failed := hystrix.Do(name, func() error {
		result, err = invoke(ctx)
		done <- struct{}{}
		for _, part := range f.Spare {
			if err != nil && strings.Contains(err.Error(), part) {
				return nil
			}
		}
		return err
	}, nil)
	if refused, ok := failed.(hystrix.CircuitError); ok { //nolint:errorlint // as such filters have it
		return nil, fmt.Errorf("%s was not called: %w", method, refused)
	}
	<-done
	return result, err
}

// Forget is for tests of such filters.
func Forget() { hystrix.Flush() }

// Extension is a filter as motan-go has it: made once with a circuit that it
// keeps, numbers that default to the package's, and a fallback that only reports.
type Extension struct {
	circuit *hystrix.CircuitBreaker
	failed  func(error)
}

// NewExtension configures a circuit by parameters in text.
func NewExtension(name string, parameters map[string]int, failed func(error)) (*Extension, error) {
	number := func(key string, otherwise int) int {
		if n, ok := parameters[key]; ok {
			return n
		}
		return otherwise
	}
	hystrix.ConfigureCommand(name, hystrix.CommandConfig{
		Timeout:                number("timeout", hystrix.DefaultTimeout),
		RequestVolumeThreshold: number("volume", hystrix.DefaultVolumeThreshold),
		SleepWindow:            number("sleep", hystrix.DefaultSleepWindow),
		ErrorPercentThreshold:  number("percent", hystrix.DefaultErrorPercentThreshold),
		MaxConcurrentRequests:  number("concurrent", hystrix.DefaultMaxConcurrent),
	})
	circuit, _, err := hystrix.GetCircuit(name)
	if err != nil {
		return nil, err
	}
	return &Extension{circuit, failed}, nil
}

// Call runs f by way of the circuit.
func (e *Extension) Call(f func() error) error {
	return hystrix.Do(e.circuit.Name, f, func(cause error) error {
		e.failed(cause)
		return cause
	})
}

// Healthy is for a health check.
func (e *Extension) Healthy() bool { return !e.circuit.IsOpen() }

// ByHand drives the circuit without Do.
func (e *Extension) ByHand(f func() error) error {
	if !e.circuit.AllowRequest() {
		return hystrix.ErrCircuitOpen
	}
	begun := time.Now()
	err := f()
	event := "success"
	if err != nil {
		event = "failure"
	}
	if reported := e.circuit.ReportEvent([]string{event}, begun, time.Since(begun)); reported != nil {
		return reported
	}
	return err
}
