package isolation_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/quillgo/quill/isolation"
	"github.com/quillgo/quill/observable"
	"github.com/quillgo/quill/observable/observabletest"
)

var _ observable.Scheduler = (*isolation.Pool)(nil)

func scheduler(t *testing.T, cfg isolation.PoolConfig) *isolation.Pool {
	t.Helper()
	p, err := isolation.NewPool("scheduler", cfg, nil)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestPoolScheduler_RunsStreamsInItsSlots(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := scheduler(t, isolation.PoolConfig{Core: 2})
		gate := make(chan struct{})
		slow := observable.FromFunc(func(context.Context) (int, error) { <-gate; return p.Stats().Active, nil }).SubscribeOn(p)
		first := observabletest.Subscribe(context.Background(), slow)
		second := observabletest.Subscribe(context.Background(), slow)
		synctest.Wait()
		third := observabletest.Subscribe(context.Background(), slow)
		synctest.Wait()
		third.AssertError(t, isolation.ErrPoolFull)
		close(gate)
		synctest.Wait()
		first.AssertComplete(t)
		second.AssertComplete(t)
		if s := p.Stats(); s.Active != 0 || s.Largest != 2 || s.Rejected != 1 {
			t.Errorf("the pool's figures are %+v, want none active, 2 at most and 1 rejected", s)
		}
	})
}

func TestPoolScheduler_HoldsNoSlotWhileItWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := scheduler(t, isolation.PoolConfig{Core: 1})
		var timers []*observabletest.TestObserver[int]
		for range 10 {
			timers = append(timers, observabletest.Subscribe(context.Background(), observable.Timer(time.Second, p).ObserveOn(observable.Go(), observable.Unlimited)))
			time.Sleep(time.Millisecond) // so that they fall due one after the other
		}
		synctest.Wait()
		if s := p.Stats(); s.Active != 0 {
			t.Errorf("%d slots are taken by timers that wait", s.Active)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		for _, o := range timers {
			o.AssertComplete(t)
		}
	})
}

func TestPoolScheduler_CloseTellsWhoIsQueued(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := scheduler(t, isolation.PoolConfig{Core: 1, Queue: 5})
		gate := make(chan struct{})
		running := observabletest.Subscribe(context.Background(), observable.FromFunc(func(context.Context) (int, error) { <-gate; return 1, nil }).SubscribeOn(p))
		synctest.Wait()
		queued := observabletest.Subscribe(context.Background(), observable.Just(2).SubscribeOn(p))
		observed := observabletest.Subscribe(context.Background(), observable.Just(3).ObserveOn(p, observable.Unlimited))
		p.Close()
		synctest.Wait()
		queued.AssertError(t, isolation.ErrPoolClosed)
		observed.AssertError(t, isolation.ErrPoolClosed)
		close(gate)
		synctest.Wait()
		running.AssertValues(t, 1)
		if err := p.Wait(context.Background()); err != nil {
			t.Error(err)
		}
		late := observabletest.Subscribe(context.Background(), observable.Just(4).SubscribeOn(p))
		if !errors.Is(late.Err(), isolation.ErrPoolClosed) {
			t.Errorf("after Close a stream ended with %v", late.Err())
		}
	})
}
