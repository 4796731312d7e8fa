package observable_test

import (
	"context"
	"errors"
	"testing"

	"github.com/quillgo/quill/observable"
	"github.com/quillgo/quill/observable/observabletest"
)

var errSecond = errors.New("other")

// meetStreams subscribes to a combination of two streams whose signals the test gives.
func meetStreams(t *testing.T, how func(a, b observable.Observable[int]) observable.Observable[int]) (
	a, b *source, o *observabletest.TestObserver[int], reported func() []error,
) {
	t.Helper()
	ctx, reported := reports(t)
	a, b = new(source), new(source)
	o = observabletest.NewObserver[int](t)
	how(a.stream(), b.stream()).Subscribe(ctx, o)
	return a, b, o, reported
}

func zipDelayed(a, b observable.Observable[int]) observable.Observable[int] {
	return observable.Zip2DelayError(a, b, add)
}

func latestDelayed(a, b observable.Observable[int]) observable.Observable[int] {
	return observable.CombineLatest2DelayError(a, b, add)
}

func TestZip2DelayError_WaitsForItsItems(t *testing.T) {
	a, b, o, reported := meetStreams(t, zipDelayed)
	a.next(1)
	a.next(2)
	a.fail(errBoom)
	b.next(10)
	o.AssertNotTerminated(t)
	b.next(20)
	o.AssertValues(t, 11, 22)
	o.AssertError(t, errBoom)
	if !b.Disposed() {
		t.Error("the other source is running")
	}
	wantReports(t, reported())
}

// The source that ends first decides, and an error that waits is reported (rule
// C8).
func TestZip2DelayError_AnErrorThatIsNotTold(t *testing.T) {
	a, b, o, reported := meetStreams(t, zipDelayed)
	a.next(1)
	a.fail(errBoom)
	b.complete()
	o.AssertComplete(t)
	wantReports(t, reported(), errBoom)

	a, _, o, reported = meetStreams(t, zipDelayed)
	a.next(1)
	a.fail(errBoom)
	o.Dispose()
	o.AssertNotTerminated(t)
	wantReports(t, reported(), errBoom)

	a, b, o, reported = meetStreams(t, func(a, b observable.Observable[int]) observable.Observable[int] {
		return observable.Zip2DelayError(a, b, func(int, int) int { panic(errSecond) })
	})
	a.next(1)
	a.next(2)
	a.fail(errBoom)
	inGoroutine(func() { emitGuarded(b, 10) })
	o.AssertError(t, errSecond)
	wantReports(t, reported(), errBoom)
}

// emitGuarded emits v as a source does that has a boundary.
func emitGuarded(s *source, v int) {
	active := true
	defer observable.Catch(context.Background(), &active, s, *s.o.Load())
	s.next(v)
	active = false
}

func TestCombineLatest2DelayError_AllErrorsInTheEnd(t *testing.T) {
	a, b, o, reported := meetStreams(t, latestDelayed)
	a.next(1)
	b.next(10)
	a.fail(errBoom)
	b.next(20)
	o.AssertValues(t, 11, 21)
	o.AssertNotTerminated(t)
	b.fail(errSecond)
	o.AssertError(t, errBoom)
	o.AssertError(t, errSecond)
	wantReports(t, reported())
}

func TestCombineLatest2DelayError_OneErrorStaysItself(t *testing.T) {
	a, b, o, _ := meetStreams(t, latestDelayed)
	a.next(1)
	a.fail(errBoom)
	b.complete()
	if err := o.Err(); err != errBoom { //nolint:errorlint // it must not be wrapped
		t.Errorf("the error is %v", err)
	}
}

func TestCombineLatest2DelayError_AnErrorWithoutAnItem(t *testing.T) {
	a, b, o, _ := meetStreams(t, latestDelayed)
	a.next(1)
	b.fail(errBoom)
	o.AssertError(t, errBoom)
	if !a.Disposed() {
		t.Error("the other source is running")
	}
}

func TestCombineLatest2DelayError_AnErrorThatIsNotTold(t *testing.T) {
	a, _, o, reported := meetStreams(t, latestDelayed)
	a.next(1)
	a.fail(errBoom)
	o.Dispose()
	o.AssertNotTerminated(t)
	wantReports(t, reported(), errBoom)
}

// A panic of combine does not wait, and what was kept comes with it.
func TestCombineLatest2DelayError_Panic(t *testing.T) {
	a, b, o, reported := meetStreams(t, func(a, b observable.Observable[int]) observable.Observable[int] {
		return observable.CombineLatest2DelayError(a, b, func(_, b int) int { panicOn(b, 20); return b })
	})
	a.next(1)
	a.fail(errSecond)
	emitGuarded(b, 10)
	emitGuarded(b, 20)
	o.AssertValues(t, 10)
	o.AssertError(t, errSecond)
	o.AssertError(t, errBoom)
	if !b.Disposed() {
		t.Error("the other source is running")
	}
	wantReports(t, reported())
}
