package hystrix_test

import (
	"io"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/quillgo/quill/contrib/hystrix"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// bubble runs f in virtual time, with circuits that are made inside.
func bubble(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	hystrix.Flush()
	synctest.Test(t, func(t *testing.T) {
		f(t)
		time.Sleep(24 * time.Hour) // virtual: runs that only sleep end
	})
	hystrix.Flush()
}

// quiet drops what slog.Default gets, until the test ends.
func quiet(t *testing.T) {
	was := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(io.Discard, nil)))
	t.Cleanup(func() { slog.SetDefault(was) })
}

// configured configures a circuit with the test's name, which nobody else has,
// and returns the name.
func configured(t *testing.T, c hystrix.CommandConfig) string {
	hystrix.ConfigureCommand(t.Name(), c)
	return t.Name()
}

// circuitOf returns a circuit.
func circuitOf(t *testing.T, name string) *hystrix.CircuitBreaker {
	t.Helper()
	c, _, err := hystrix.GetCircuit(name)
	if err != nil {
		t.Fatal(err)
	}
	return c
}
