package observable_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/quillgo/quill/observable"
	"github.com/quillgo/quill/observable/observabletest"
)

// The tests here hold entries of docs/intentional.md that no other test is
// about.

// C8: there is no handler for all: each subscription has its context's, and
// slog.Default has what is left.
func TestIntentional_ErrorHandlerBelongsToTheSubscription(t *testing.T) {
	late := func(err error) observable.Observable[int] {
		bad := &observabletest.BadSource[int]{Values: []int{1}, AfterEnd: err}
		return bad.Observable()
	}
	one, two, three := errors.New("one"), errors.New("two"), errors.New("three")
	first, gotFirst := reports(t)
	second, gotSecond := reports(t)
	log := logged(t, func() {
		observabletest.Subscribe(first, late(one), t)
		observabletest.Subscribe(second, late(two), t)
		observabletest.Subscribe(context.Background(), late(three), t)
	})
	wantReports(t, gotFirst(), one)
	wantReports(t, gotSecond(), two)
	require.Contains(t, log, "three")
	require.NotContains(t, log, "one")
}

// Blocking ends return what went wrong; nothing is thrown, and nobody waits
// longer than the context.
func TestIntentional_SinksReturnErrors(t *testing.T) {
	ctx := context.Background()
	_, err := observable.Empty[int]().First(ctx)
	require.Equal(t, observable.ErrEmpty, err)
	_, err = observable.Empty[int]().Last(ctx)
	require.Equal(t, observable.ErrEmpty, err)
	_, err = observable.Just(1, 2).Single(ctx)
	require.Equal(t, observable.ErrTooMany, err)
	got, err := observable.Concat(observable.Just(1, 2), observable.Error[int](errBoom)).ToSlice(ctx)
	require.Equal(t, errBoom, err)
	require.Equal(t, []int{1, 2}, got, "what came before the error")
	var p *observable.PanicError
	require.ErrorAs(t, observable.Just(1).ForEach(ctx, func(int) error { panic("bang") }), &p)

	synctest.Test(t, func(t *testing.T) {
		gate := make(chan struct{})
		deaf := observable.FromFunc(func(context.Context) (int, error) { <-gate; return 1, nil }).SubscribeOn(observable.Go())
		ctx, cancel := context.WithCancelCause(context.Background())
		var err error
		go func() { _, err = deaf.First(ctx) }()
		synctest.Wait()
		cancel(errBoom)
		synctest.Wait()
		require.Equal(t, errBoom, err)
		close(gate)
	})
}

// Who reads a stream as a loop or as a channel holds its producer up.
func TestIntentional_ReadersHoldTheProducerUp(t *testing.T) {
	for name, c := range map[string]struct {
		read func(ctx context.Context, o observable.Observable[int])
		most int64 // of the items that are made, with one taken
	}{
		"Seq": {func(ctx context.Context, o observable.Observable[int]) {
			for range o.Seq(ctx) {
				<-ctx.Done()
				break
			}
		}, 1 + 128 + 1},
		"Chan": {func(ctx context.Context, o observable.Observable[int]) {
			<-o.Chan(ctx, 3)
			<-ctx.Done()
		}, 1 + 3 + 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var made atomic.Int64
				o := observable.Range(0, 1_000_000_000).DoOnNext(func(int) { made.Add(1) }).SubscribeOn(observable.Go())
				ctx, cancel := context.WithCancel(context.Background())
				go c.read(ctx, o)
				synctest.Wait()
				require.Equal(t, c.most, made.Load())
				cancel()
			})
		})
	}
}
