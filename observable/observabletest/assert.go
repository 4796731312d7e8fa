package observabletest

import (
	"errors"
	"reflect"
	"strings"
	"testing"
)

// AssertValues checks that the items so far are exactly want (compared by
// reflect.DeepEqual). Like every Assert it fails by tb.Errorf: the test goes on.
func (o *TestObserver[T]) AssertValues(tb testing.TB, want ...T) {
	tb.Helper()
	got := o.Values()
	for i := range min(len(got), len(want)) {
		if !reflect.DeepEqual(got[i], want[i]) {
			tb.Errorf("item %d is %v, want %v\n got: %v\nwant: %v", i, got[i], want[i], o, want)
			return
		}
	}
	if len(got) != len(want) {
		tb.Errorf("%d items, want %d\n got: %v\nwant: %v", len(got), len(want), o, want)
	}
}

// AssertEmpty checks that no item came.
func (o *TestObserver[T]) AssertEmpty(tb testing.TB) {
	tb.Helper()
	if o.Count() != 0 {
		tb.Errorf("%d items, want none\n got: %v", o.Count(), o)
	}
}

// AssertComplete checks that the stream completed.
func (o *TestObserver[T]) AssertComplete(tb testing.TB) {
	tb.Helper()
	if !o.Completed() {
		tb.Errorf("the stream has not completed\n got: %v", o)
	}
}

// AssertError checks that the stream failed with target (errors.Is).
func (o *TestObserver[T]) AssertError(tb testing.TB, target error) {
	tb.Helper()
	if err := o.Err(); err == nil {
		tb.Errorf("the stream has not failed, want %v\n got: %v", target, o)
	} else if !errors.Is(err, target) {
		tb.Errorf("the stream failed with another error, want %v\n got: %v", target, o)
	}
}

// AssertNotTerminated checks that neither OnError nor OnComplete came.
func (o *TestObserver[T]) AssertNotTerminated(tb testing.TB) {
	tb.Helper()
	if o.Terminated() {
		tb.Errorf("the stream has ended\n got: %v", o)
	}
}

// AssertProtocol checks that no rule was broken. It is for observers that were
// made without a testing.TB.
func (o *TestObserver[T]) AssertProtocol(tb testing.TB) {
	tb.Helper()
	if v := o.Violations(); len(v) > 0 {
		tb.Errorf("protocol violations:\n\t%s", strings.Join(v, "\n\t"))
	}
}
