package metrics_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/quillgo/quill/metrics"
)

// hystrixOrder is the order of HystrixEventType.
var hystrixOrder = [...]string{
	"EMIT", "SUCCESS", "FAILURE", "TIMEOUT", "BAD_REQUEST", "SHORT_CIRCUITED", "THREAD_POOL_REJECTED", "SEMAPHORE_REJECTED",
	"FALLBACK_EMIT", "FALLBACK_SUCCESS", "FALLBACK_FAILURE", "FALLBACK_REJECTION", "FALLBACK_DISABLED", "FALLBACK_MISSING",
	"EXCEPTION_THROWN", "RESPONSE_FROM_CACHE", "CANCELLED", "COLLAPSED",
}

func TestEvent_OrderAndNamesAreHystrixs(t *testing.T) {
	require.Len(t, hystrixOrder, metrics.NumEvents)
	for i, name := range hystrixOrder {
		e := metrics.Event(i)
		require.Equal(t, name, e.String())
		parsed, err := metrics.ParseEvent(name)
		require.NoError(t, err)
		require.Equal(t, e, parsed)
	}
	require.Equal(t, "Event(18)", metrics.Event(metrics.NumEvents).String())
	require.Equal(t, "Event(255)", metrics.Event(255).String())
}

func TestParseEvent_TellsWhatWouldBeRight(t *testing.T) {
	for _, name := range []string{"", "success", "SUCCESS ", "Event(18)", "COMMAND_MAX_ACTIVE"} {
		_, err := metrics.ParseEvent(name)
		require.ErrorContains(t, err, `no event is named "`+name+`", want one of EMIT, SUCCESS, `)
	}
}

func FuzzParseEvent(f *testing.F) {
	for _, name := range hystrixOrder {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		e, err := metrics.ParseEvent(name)
		require.Equal(t, slices.Contains(hystrixOrder[:], name), err == nil)
		if err == nil {
			require.Equal(t, name, e.String())
		}
	})
}

func TestEvents_ListInFixedOrder(t *testing.T) {
	var none metrics.Events
	require.Empty(t, none.String())
	require.Empty(t, slices.Collect(none.All()))

	s := none.With(metrics.FallbackSuccess, metrics.Collapsed, metrics.Failure).With(metrics.Failure).With()
	require.Equal(t, "FAILURE, FALLBACK_SUCCESS, COLLAPSED", s.String())
	require.Equal(t, []metrics.Event{metrics.Failure, metrics.FallbackSuccess, metrics.Collapsed}, slices.Collect(s.All()))
	require.True(t, s.Has(metrics.Failure))
	require.False(t, s.Has(metrics.Success))
	for e := range s.All() { // may be left early
		require.Equal(t, metrics.Failure, e)
		break
	}
}

func TestEvents_KnowNothingBeyondTheEvents(t *testing.T) {
	require.Len(t, slices.Collect(metrics.Events(1<<32-1).All()), metrics.NumEvents)
	require.False(t, metrics.Events(1<<32-1).Has(32))
	require.Zero(t, metrics.Events(0).With(200))
}

func TestEvents_Model(t *testing.T) {
	events := rapid.SliceOf(rapid.Map(rapid.IntRange(0, metrics.NumEvents-1), func(i int) metrics.Event { return metrics.Event(i) }))
	rapid.Check(t, func(t *rapid.T) {
		list := events.Draw(t, "events")
		s := metrics.Events(0).With(list...)
		for e := range metrics.Event(metrics.NumEvents) {
			require.Equal(t, slices.Contains(list, e), s.Has(e))
		}
		slices.Sort(list)
		require.True(t, slices.Equal(slices.Compact(list), slices.Collect(s.All())))
	})
}
