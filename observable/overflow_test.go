package observable_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/quillgo/quill/observable"
	"github.com/quillgo/quill/observable/observabletest"
)

// overflowing is each operator with a buffer, and what becomes of the items 2 to
// 5 that come while the observer is busy with 1, and of 6, after that.
var overflowing = []struct {
	name    string
	plain   func(o observable.Observable[int], on observable.Scheduler) observable.Observable[int]
	telling func(o observable.Observable[int], dropped func(int), on observable.Scheduler) observable.Observable[int]
	want    []int
	dropped []int
}{
	{"OnBackpressureBuffer, oldest", buffered(2, observable.OverflowDropOldest), bufferedTelling(2, observable.OverflowDropOldest),
		[]int{1, 4, 5, 6}, []int{2, 3}},
	{"OnBackpressureBuffer, latest", buffered(2, observable.OverflowDropLatest), bufferedTelling(2, observable.OverflowDropLatest),
		[]int{1, 2, 5, 6}, []int{3, 4}},
	{"OnBackpressureBuffer, room for all", buffered(4, observable.OverflowError), bufferedTelling(4, observable.OverflowError),
		[]int{1, 2, 3, 4, 5, 6}, nil},
	{"OnBackpressureDrop", func(o observable.Observable[int], on observable.Scheduler) observable.Observable[int] {
		return observable.OnBackpressureDrop(o, on)
	}, func(o observable.Observable[int], dropped func(int), on observable.Scheduler) observable.Observable[int] {
		return observable.OnBackpressureDropFunc(o, dropped, on)
	}, []int{1, 6}, []int{2, 3, 4, 5}},
	{"OnBackpressureLatest", func(o observable.Observable[int], on observable.Scheduler) observable.Observable[int] {
		return observable.OnBackpressureLatest(o, on)
	}, func(o observable.Observable[int], dropped func(int), on observable.Scheduler) observable.Observable[int] {
		return observable.OnBackpressureLatestFunc(o, dropped, on)
	}, []int{1, 5, 6}, []int{2, 3, 4}},
}

func buffered(n int, full observable.Overflow) func(observable.Observable[int], observable.Scheduler) observable.Observable[int] {
	return func(o observable.Observable[int], on observable.Scheduler) observable.Observable[int] {
		return observable.OnBackpressureBuffer(o, n, full, on)
	}
}

func bufferedTelling(n int, full observable.Overflow) func(observable.Observable[int], func(int), observable.Scheduler) observable.Observable[int] {
	return func(o observable.Observable[int], dropped func(int), on observable.Scheduler) observable.Observable[int] {
		return observable.OnBackpressureBufferFunc(o, n, full, dropped, on)
	}
}

// whileBusy returns an observer that has src emit 2 to 5 while it is busy with 1.
func whileBusy(t *testing.T, src *manual[int]) *observabletest.TestObserver[int] {
	obs := observabletest.NewObserver[int](t)
	obs.Inside.Next = func(v int) {
		for i := 2; v == 1 && i <= 5; i++ {
			src.o.OnNext(i)
		}
	}
	return obs
}

func TestOverflow_WhatStaysAndWhatIsDropped(t *testing.T) {
	for _, op := range overflowing {
		t.Run(op.name, func(t *testing.T) {
			var dropped []int
			for _, tell := range []bool{false, true} {
				c := newTimed(t)
				src := new(manual[int])
				obs := whileBusy(t, src)
				o := op.plain(src.observable(), c)
				if tell {
					o = op.telling(src.observable(), func(v int) { dropped = append(dropped, v) }, c)
				}
				o.Subscribe(c.ctx, obs)
				src.o.OnNext(1)
				obs.AssertEmpty(t)
				c.Trigger()
				src.o.OnNext(6)
				src.o.OnComplete()
				obs.AssertNotTerminated(t)
				c.Trigger()
				obs.AssertValues(t, op.want...)
				obs.AssertComplete(t)
				assert.False(t, src.disposed.Load())
				assert.Zero(t, c.Pending())
			}
			assert.Equal(t, op.dropped, dropped)
		})
	}
}

func TestOverflow_ErrorStopsTheSourceAndOvertakes(t *testing.T) {
	for _, tell := range []bool{false, true} {
		c := newTimed(t)
		src := new(manual[int])
		obs := whileBusy(t, src)
		o, dropped := buffered(2, observable.OverflowError)(src.observable(), c), []int(nil)
		if tell {
			o = bufferedTelling(2, observable.OverflowError)(src.observable(), func(v int) { dropped = append(dropped, v) }, c)
		}
		o.Subscribe(c.ctx, obs)
		src.o.OnNext(1)
		c.Trigger()
		obs.AssertValues(t, 1)
		obs.AssertError(t, observable.ErrOverflow)
		assert.True(t, src.disposed.Load())
		if tell {
			assert.Equal(t, []int{4}, dropped, "5 came after the end, 2 and 3 had room")
		}
	}
}

func TestOverflow_TheSourcesErrorOvertakes(t *testing.T) {
	for _, op := range overflowing {
		c := newTimed(t)
		failing := observable.Concat(observable.Range(0, 1), observable.Error[int](errBang))
		obs := observabletest.Subscribe(c.ctx, op.telling(failing, func(int) { t.Error("nothing was dropped for want of room") }, c), t)
		c.Trigger()
		obs.AssertEmpty(t)
		obs.AssertError(t, errBang)
	}
}

func TestOverflow_DisposeLetsGoOfTheBuffer(t *testing.T) {
	for _, op := range overflowing {
		c := newTimed(t)
		src := new(manual[int])
		obs := observabletest.Subscribe(c.ctx, op.telling(src.observable(), func(int) { t.Error("nothing was dropped for want of room") }, c), t)
		src.o.OnNext(1)
		obs.Dispose()
		assert.True(t, src.disposed.Load())
		assert.True(t, obs.Upstream().Disposed())
		for i := range 4 {
			src.o.OnNext(i)
		}
		src.o.OnComplete()
		c.Trigger()
		obs.AssertEmpty(t)
		obs.AssertNotTerminated(t)
		assert.Zero(t, c.Pending())
	}
}

func TestOverflow_PanicOfDropped(t *testing.T) {
	for _, op := range overflowing {
		if op.dropped == nil {
			continue
		}
		c := newTimed(t)
		emitted := 0
		counted := observable.Range(0, 100).DoOnNext(func(int) { emitted++ })
		obs := observabletest.Subscribe(c.ctx, op.telling(counted, func(int) { panic(errBang) }, c), t)
		c.Trigger()
		obs.AssertError(t, errBang)
		obs.AssertEmpty(t)
		assert.LessOrEqual(t, emitted, 4, "%s: the source was stopped", op.name)
	}
}

func TestOverflow_PanicOfDroppedDoesNotHideTheOverflow(t *testing.T) {
	c := newTimed(t)
	var told error
	ctx := observable.WithErrorHandler(context.Background(), func(err error) { told = err })
	o := bufferedTelling(1, observable.OverflowError)(observable.Range(0, 100), func(int) { panic(errBang) }, c)
	obs := observabletest.Subscribe(ctx, o, t)
	c.Trigger()
	obs.AssertError(t, observable.ErrOverflow)
	assert.ErrorIs(t, told, errBang)
}

func TestOverflow_RefusalOfTheScheduler(t *testing.T) {
	errFull := errors.New("no room")
	full := observable.SchedulerFunc(func(func()) error { return errFull })
	for _, op := range overflowing {
		src := new(manual[int])
		obs := observabletest.Subscribe(context.Background(), op.telling(src.observable(), func(int) {}, full), t)
		src.o.OnNext(1)
		obs.AssertEmpty(t)
		obs.AssertError(t, errFull)
		assert.True(t, src.disposed.Load())
	}
}

func TestOverflow_Arguments(t *testing.T) {
	o := observable.Empty[int]()
	ignore := func(int) {}
	refused(t, "OnBackpressureBuffer", "n", func() { observable.OnBackpressureBuffer(o, 0, observable.OverflowError) })
	refused(t, "OnBackpressureBuffer", "overflow", func() { observable.OnBackpressureBuffer(o, 1, 3) })
	refused(t, "OnBackpressureBufferFunc", "n", func() { observable.OnBackpressureBufferFunc(o, 0, observable.OverflowError, ignore) })
	refused(t, "OnBackpressureBufferFunc", "overflow", func() { observable.OnBackpressureBufferFunc(o, 1, 3, ignore) })
	refused(t, "OnBackpressureBufferFunc", "dropped", func() { observable.OnBackpressureBufferFunc(o, 1, 0, nil) })
	refused(t, "OnBackpressureDropFunc", "dropped", func() { observable.OnBackpressureDropFunc(o, nil) })
	refused(t, "OnBackpressureLatestFunc", "dropped", func() { observable.OnBackpressureLatestFunc(o, nil) })
}
