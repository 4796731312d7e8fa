package rx_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/reactivex/rxgo/v2"

	"github.com/quillgo/quill/observable"
	"github.com/quillgo/quill/observable/observabletest"
	"github.com/quillgo/quill/observable/rx"
)

// X4: a producer that looks at no context gets rid of everything, however slow
// it is, up to ten seconds from one item to the next. A producer that is stuck would not
// let the bubble end.
func TestDrain_ReadsUntilTheChannelIsClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sent := 0
		stubborn := rxgo.Defer([]rxgo.Producer{func(_ context.Context, next chan<- rxgo.Item) {
			for _, pause := range []time.Duration{0, 0, time.Millisecond, time.Second, 9 * time.Second, 10 * time.Second, 0, 0, 3 * time.Second} {
				time.Sleep(pause)
				next <- rxgo.Of(sent)
				sent++
			}
		}})
		h := &hold{}
		o := observabletest.NewObserver[int](t).DisposeAfter(1)
		rx.From[int](stubborn).Subscribe(observable.WithHold(context.Background(), h), o)
		o.AssertValues(t, 0)
		settle()
		if sent != 9 {
			t.Errorf("%d items were sent", sent)
		}
		if h.refs() != 0 {
			t.Errorf("%d references to the hold are left", h.refs())
		}
	})
}

// X4: a channel that nobody closes is given up when nothing has come for more
// than ten seconds.
func TestDrain_GivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ch := make(chan rxgo.Item)
		h := &hold{}
		o := observabletest.NewObserver[int](t)
		go rx.From[int](rxgo.FromChannel(ch)).Subscribe(observable.WithHold(context.Background(), h), o)
		ch <- rxgo.Of(1)
		synctest.Wait()
		o.Dispose()
		time.Sleep(9 * time.Second)
		ch <- rxgo.Of(2) // is still taken, and makes it ten seconds again
		if h.refs() != 1 {
			t.Errorf("%d references to the hold", h.refs())
		}
		time.Sleep(10 * time.Second)
		ch <- rxgo.Of(3)
		time.Sleep(14 * time.Second)
		if h.refs() != 0 {
			t.Errorf("%d references to the hold are left", h.refs())
		}
		taken := false
		go func() {
			ch <- rxgo.Of(4)
			taken = true
		}()
		time.Sleep(time.Hour)
		if taken {
			t.Error("the channel is still being read")
		}
		<-ch
		o.AssertValues(t, 1)
		o.AssertNotTerminated(t)
	})
}

// X4: a goroutine that waited would not let the bubble end.
func TestDrain_NoGoroutineWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ch := make(chan rxgo.Item, 1)
		ch <- rxgo.Of(1)
		o := observabletest.NewObserver[int](t).DisposeAfter(1)
		rx.From[int](rxgo.FromChannel(ch)).Subscribe(context.Background(), o)
	})
}

// The subscriber may be busy when somebody else disposes: rxgo is not kept
// waiting until it has time.
func TestDrain_BeginsWithDispose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		finished := false
		stubborn := rxgo.Defer([]rxgo.Producer{func(_ context.Context, next chan<- rxgo.Item) {
			for i := range 3 {
				next <- rxgo.Of(i)
			}
			finished = true
		}})
		o := observabletest.NewObserver[int](t)
		o.Inside.Next = func(int) { time.Sleep(time.Hour) }
		go rx.From[int](stubborn).Subscribe(context.Background(), o)
		time.Sleep(time.Second)
		o.Dispose()
		settle()
		if !finished {
			t.Error("the producer is stuck")
		}
		time.Sleep(2 * time.Hour)
		o.AssertValues(t, 0)
	})
}

// rxgo's hot sources send to those who left, too, and wait for them.
func TestDrain_HotSourceGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(context.Background())
		ticks := rx.From[int](rxgo.Interval(rxgo.WithDuration(4*time.Second), rxgo.WithContext(ctx)))
		stays := observabletest.NewObserver[int](t)
		go ticks.Subscribe(context.Background(), stays)
		for range 5 {
			got, err := ticks.Take(2).ToSlice(context.Background())
			if err != nil || len(got) != 2 {
				t.Errorf("got %v and error %v", got, err)
			}
		}
		time.Sleep(5 * time.Minute)
		stays.Dispose()
		cancel()
		for i, v := range stays.Values() {
			if v != i {
				t.Fatalf("item %d is %d", i, v)
			}
		}
		if n := stays.Count(); n < 30 {
			t.Errorf("%d items in five minutes", n)
		}
	})
}
