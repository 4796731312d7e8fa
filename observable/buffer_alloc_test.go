//go:build !race

package observable_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/quillgo/quill/observable"
)

// TestAllocs_Parts counts the allocations of a part of eight items: none is made
// per item.
func TestAllocs_Parts(t *testing.T) {
	for _, c := range []struct {
		name string
		cut  func(o observable.Observable[int]) observable.Observable[int]
		want float64
	}{
		// The slice; what is emitted of it costs nothing.
		{"Buffer", func(o observable.Observable[int]) observable.Observable[int] {
			return observable.Map(observable.Buffer(o, 8), func(b []int) int { return len(b) })
		}, 1},
		// The window, the place of its observer, and that observer.
		{"Window", func(o observable.Observable[int]) observable.Observable[int] {
			return observable.FlatMap(observable.Window(o, 8), func(w intWindow) intWindow { return w }, observable.Unlimited)
		}, 3},
	} {
		few, many := c.cut(observable.Range(0, 8*100)), c.cut(observable.Range(0, 8*300))
		assert.InDelta(t, c.want, (subscriptionAllocs(many)-subscriptionAllocs(few))/200, 0.05, c.name)
	}
}
