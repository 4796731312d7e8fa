package fuzz_test

import (
	"context"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/quillgo/quill/observable"
)

// TestChains compares some thousand random chains with the model.
func TestChains(t *testing.T) {
	trials := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) *trial {
		number := rapid.IntRange(0, 255)
		return newTrial(func(n int) int { return number.Draw(t, "") % n })
	}), 1, 40)
	skipped, total := 0, 0
	for range 8 { // of some hundred each
		rapid.Check(t, func(t *rapid.T) {
			for _, c := range trials.Draw(t, "trials") {
				total++
				diff, ok := c.check(newRig())
				if diff != "" {
					t.Fatal(diff)
				}
				if !ok {
					skipped++
				}
			}
		})
	}
	t.Logf("%d chains, %d left out", total, skipped)
	if skipped*20 > total {
		t.Errorf("%d of %d chains were left out: the generator makes them too large", skipped, total)
	}
}

// numbers returns the numbers of data, each below n, and zeros after them.
func numbers(data []byte) func(n int) int {
	return func(n int) int {
		if len(data) == 0 {
			return 0
		}
		b := data[0]
		data = data[1:]
		return int(b) % n
	}
}

func FuzzChains(f *testing.F) {
	f.Add([]byte("the quick brown fox jumps over the lazy dog"))
	r := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		f.Add(random(r))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 300 {
			t.Skip("no chain takes as many numbers")
		}
		if diff, _ := newTrial(numbers(data)).check(newRig()); diff != "" {
			t.Fatal(diff)
		}
	})
}

func random(r *rand.Rand) []byte {
	data := make([]byte, 120)
	for i := range data {
		data[i] = byte(r.Uint32())
	}
	return data
}

// wrongOperators are not what they should be, each in another respect.
var wrongOperators = map[string]builder{
	// One item too many.
	"Take": func(r *rig, x *expr, v int) stream { return r.up(x, v).Take(x.num[0] + 1) },
	// A second too late.
	"DelayDelayError": func(r *rig, x *expr, v int) stream {
		return observable.DelayDelayError(r.up(x, v), x.duration(0)+time.Second, r.time)
	},
	// The other order of subscription.
	"Merge": func(r *rig, x *expr, v int) stream { return observable.Merge(r.kid(x, 0, v), r.up(x, v)) },
	// An error is swallowed.
	"Concat": func(r *rig, x *expr, v int) stream {
		return observable.OnErrorComplete(observable.Concat(r.up(x, v), r.kid(x, 0, v)))
	},
	// The item that waits at the end is lost.
	"ThrottleLatest": func(r *rig, x *expr, v int) stream {
		return observable.ThrottleLatest(r.up(x, v), x.duration(0), false, r.time)
	},
	// The state is that of the operator, not of the subscription (C12).
	"Skip": func(r *rig, x *expr, v int) stream {
		n := 0
		return r.up(x, v).Filter(func(int) bool { n++; return n > x.num[0] })
	},
	// Something is left behind (C6).
	"ElementAt": func(r *rig, x *expr, v int) stream {
		return observable.Defer(func(context.Context) stream {
			r.active++
			return observable.ElementAt(r.up(x, v), x.num[0])
		})
	},
	// The end is told twice (C3).
	"Scan": func(r *rig, x *expr, v int) stream {
		o := observable.ScanNoSeed(r.up(x, v), func(acc, v int) int { return x.project(0)(acc + v) })
		return observable.NewUnsafe(twiceEnded{o})
	},
}

type twiceEnded struct{ stream }

func (s twiceEnded) Subscribe(ctx context.Context, o observable.Observer[int]) {
	s.Source().Subscribe(ctx, twiceEnding{o})
}

type twiceEnding struct{ observable.Observer[int] }

func (o twiceEnding) OnComplete() {
	o.Observer.OnComplete()
	o.Observer.OnComplete()
}

// TestWrongOperatorIsFound shows that a difference does not go unnoticed: for
// each of several operators that are wrong.
func TestWrongOperatorIsFound(t *testing.T) {
	for name, build := range wrongOperators {
		t.Run(name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(3, 4))
			for range 5000 {
				rig := newRig()
				rig.wrong = map[string]builder{name: build}
				if diff, _ := newTrial(numbers(random(r))).check(rig); diff != "" {
					if !strings.Contains(diff, name+"(") {
						t.Errorf("a difference without %s:\n%s", name, diff)
					}
					return
				}
			}
			t.Error("nothing was found")
		})
	}
}
