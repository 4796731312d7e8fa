package observabletest_test

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
)

// fakeTB is a testing.TB that keeps failures to itself.
type fakeTB struct {
	testing.TB
	skipped bool

	mu       sync.Mutex
	errors   []string // guarded by mu; of Fatalf too
	fatal    bool     // guarded by mu
	logs     []string // guarded by mu
	cleanups []func() // guarded by mu
}

// attempt runs test, and what it has registered with Cleanup, like package
// testing does.
func attempt(t testing.TB, test func(tb testing.TB)) *fakeTB {
	f := &fakeTB{TB: t}
	f.run(func() { test(f) })
	return f
}

func (f *fakeTB) run(test func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		test()
	}()
	<-done
	f.finish()
}

func (f *fakeTB) finish() {
	for _, c := range slices.Backward(f.cleanups) {
		c()
	}
}

func (f *fakeTB) Helper()       {}
func (f *fakeTB) Skipped() bool { return f.skipped }

func (f *fakeTB) Cleanup(c func()) {
	f.mu.Lock()
	f.cleanups = append(f.cleanups, c)
	f.mu.Unlock()
}

func (f *fakeTB) Errorf(format string, args ...any) {
	f.mu.Lock()
	f.errors = append(f.errors, fmt.Sprintf(format, args...))
	f.mu.Unlock()
}

func (f *fakeTB) Logf(format string, args ...any) {
	f.mu.Lock()
	f.logs = append(f.logs, fmt.Sprintf(format, args...))
	f.mu.Unlock()
}

func (f *fakeTB) Fatalf(format string, args ...any) {
	f.Errorf(format, args...)
	f.fatal = true
	runtime.Goexit()
}

func (f *fakeTB) Failed() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.errors) > 0
}

// text is all that was told.
func (f *fakeTB) text() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return strings.Join(f.errors, "\n")
}
