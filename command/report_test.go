package command_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/quillgo/quill/command"
	"github.com/quillgo/quill/isolation"
	"github.com/quillgo/quill/metrics"
)

func TestReport_OnlyWhatWasUsed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := registry(t, command.RegistryOptions{})
		newCommand(t, command.Spec[int, int]{Name: "Idle", Registry: r, Run: identity})
		require.NoError(t, r.ConfigurePool("Idle", isolation.PoolConfig{Core: 3}))
		require.NoError(t, r.UpdateCollapser("Idle", command.CollapserSettings{MaxRequests: 3}))
		rep := r.Report()
		require.Equal(t, command.Report{At: time.Now()}, rep)

		b := newCommand(t, command.Spec[int, int]{Name: "B", Registry: r, Run: identity, Settings: command.Settings{Isolation: command.Semaphore}})
		a := newCommand(t, command.Spec[int, int]{Name: "A", Group: "G", Registry: r, Run: identity})
		for _, c := range []*command.Command[int, int]{b, a, a} {
			_, err := c.Execute(t.Context(), 1)
			require.NoError(t, err)
		}
		rep = r.Report()
		require.Len(t, rep.Commands, 2)
		require.Equal(t, "A", rep.Commands[0].Name)
		require.Equal(t, "G", rep.Commands[0].Group)
		require.EqualValues(t, 2, rep.Commands[0].Metrics.Rolling[metrics.Success])
		require.Equal(t, "B", rep.Commands[1].Name)
		require.Len(t, rep.Pools, 1, "a semaphore command uses no pool")
		require.Equal(t, "G", rep.Pools[0].Key)
		require.Empty(t, rep.Collapsers)
		require.Equal(t, []string{"A", "B", "Idle"}, r.Commands())
	})
}

func TestReport_Pools(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := registry(t, command.RegistryOptions{})
		require.NoError(t, r.ConfigurePool("P", isolation.PoolConfig{Core: 2}))
		shared, err := isolation.NewPool("Hand-made", isolation.PoolConfig{Core: 7}, nil)
		require.NoError(t, err)
		gate := make(chan struct{})
		release := sync.OnceFunc(func() { close(gate) })
		defer release()
		body := func(ctx context.Context, in int) (int, error) {
			switch in {
			case 1:
				return 0, errBody
			case 2:
				return 0, command.BadRequest(errBody)
			case 3:
				<-ctx.Done()
				return 0, ctx.Err()
			case 4:
				<-gate
			}
			return in, nil
		}
		add := func(name string, shared *isolation.Pool, window time.Duration) *command.Command[int, int] {
			s := command.Spec[int, int]{Name: name, Registry: r, Run: body, SharedPool: shared, Settings: command.Settings{Window: window}}
			if shared == nil {
				s.PoolKey = "P"
			}
			return newCommand(t, s)
		}
		a, b := add("A", nil, 0), add("B", nil, 20*time.Second)
		c, d := add("C", shared, 0), add("D", shared, 0)
		for in := range 4 {
			_, _ = a.Execute(t.Context(), in)
			_, _ = b.Execute(t.Context(), in)
		}
		synctest.Wait() // bodies that were late have given their slots back
		for range 3 {
			a.ToFuture(t.Context(), 4)
		}
		for _, c := range []*command.Command[int, int]{c, d, d} {
			_, err := c.Execute(t.Context(), 0)
			require.NoError(t, err)
		}
		synctest.Wait()

		rep := r.Report()
		require.Len(t, rep.Pools, 2)
		hand, p := rep.Pools[0], rep.Pools[1]
		require.Equal(t, "P", p.Key)
		require.Equal(t, isolation.PoolConfig{Core: 2, Max: 2, Queue: p.Config.Queue, RejectAt: p.Config.RejectAt}, p.Config)
		require.EqualValues(t, 8, p.Executed, "success, failure, bad request and timeout of both")
		require.EqualValues(t, 1, p.Rejected)
		require.EqualValues(t, 2, p.MaxActive)
		require.Equal(t, 2, p.Active)
		require.Equal(t, 20*time.Second, p.Window)
		require.Equal(t, "Hand-made", hand.Key)
		require.EqualValues(t, 3, hand.Executed)
		require.Equal(t, 7, hand.Config.Core)
		require.Equal(t, 10*time.Second, hand.Window)

		release()
		time.Sleep(time.Minute)
		p = r.Report().Pools[1]
		require.Zero(t, p.Executed+p.Rejected+p.MaxActive, "the window has passed")
		require.EqualValues(t, 1, p.PoolStats.Rejected)
	})
}
