package isolation_test

import (
	"testing"

	"github.com/quillgo/quill/isolation"
	"pgregory.net/rapid"
)

// TestModel_Semaphore plays random calls against a semaphore that is a list of
// permits and a number.
func TestModel_Semaphore(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		limits := rapid.SampledFrom([]int{isolation.None, isolation.Unlimited, 1, 2, 3, 5})
		limit := limits.Draw(t, "limit")
		s, err := isolation.NewSemaphore("S", limit)
		if err != nil {
			t.Fatal(err)
		}
		var permits []*isolation.Permit
		var models []*modelPermit
		plain := 0 // permits taken by TryAcquire
		want := isolation.SemaphoreStats{}

		held := func() (n, abandoned int) {
			n = plain
			for _, m := range models {
				if m.out() {
					n++
				}
				if m.abandoned {
					abandoned++
				}
			}
			return n, abandoned
		}
		admits := func() bool {
			n, _ := held()
			ok := limit == isolation.Unlimited || n < limit
			if !ok {
				want.Rejected++
			}
			return ok
		}
		actions := map[string]func(*rapid.T){
			"tryAcquire": func(t *rapid.T) {
				ok := admits()
				if got := s.TryAcquire(); got != ok {
					t.Fatalf("TryAcquire is %v", got)
				}
				if ok {
					plain++
				}
			},
			"releasePlain": func(t *rapid.T) {
				switch n, _ := held(); {
				case n == 0:
					mustPanic(t, s.Release)
				case plain > 0:
					s.Release()
					plain--
				}
			},
			"acquire": func(t *rapid.T) {
				ok := admits()
				p, err := s.Acquire()
				if (err == nil) != ok {
					t.Fatalf("Acquire: %v", err)
				}
				if ok {
					permits, models = append(permits, p), append(models, &modelPermit{holder: true})
				}
			},
			"setLimit": func(t *rapid.T) {
				limit = limits.Draw(t, "limit")
				if err := s.SetLimit(limit); err != nil {
					t.Fatal(err)
				}
			},
			"": func(t *rapid.T) {
				want.Limit = limit
				want.InUse, want.Abandoned = held()
				if got := s.Stats(); got != want || s.Limit() != limit || s.InUse() != want.InUse {
					t.Fatalf("stats %+v, want %+v", got, want)
				}
			},
		}
		permitActions{
			pick: func(t *rapid.T) (*isolation.Permit, *modelPermit) {
				if len(permits) == 0 {
					t.Skip("no permit yet")
				}
				i := rapid.IntRange(0, len(permits)-1).Draw(t, "permit")
				return permits[i], models[i]
			},
			total: func() { want.AbandonedTotal++ },
			freed: func() {},
		}.into(actions)
		t.Repeat(actions)
	})
}
