package observable_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/quillgo/quill/observable"
)

// rounds returns how often a stress test repeats: less in short mode.
func rounds(n int) int {
	if testing.Short() {
		return max(1, n/10)
	}
	return n
}

// produced is the i-th item of a producer. It is never zero.
func produced(producer, i int) int { return (producer+1)<<16 | i }

// fromProducers leaves only what is above zero.
func fromProducers(list []int) []int {
	return slices.DeleteFunc(list, func(v int) bool { return v <= 0 })
}

const producers = 8

// produce tells s n items from each of 8 goroutines and waits for them.
func produce(s observable.Observer[int], n int) {
	var wg sync.WaitGroup
	for p := range producers {
		wg.Go(func() {
			for i := range n {
				s.OnNext(produced(p, i))
				if i%8 == p {
					runtime.Gosched()
				}
			}
		})
	}
	wg.Wait()
}

// inSequence checks that nothing of any producer is missing from got, from the
// first item on that is there, and that nothing is there twice or out of order.
func inSequence(t *testing.T, got []int) {
	t.Helper()
	next := map[int]int{}
	for _, v := range got {
		p, i := v>>16, v&(1<<16-1)
		if want, ok := next[p]; ok && i != want {
			require.FailNow(t, "gap", "item %d of producer %d came where %d was due", i, p, want)
		}
		next[p] = i + 1
	}
}

// contained checks that part is an uninterrupted piece of whole.
func contained(t *testing.T, part, whole []int) {
	t.Helper()
	if len(part) == 0 {
		return
	}
	at := slices.Index(whole, part[0])
	require.GreaterOrEqual(t, at, 0)
	require.LessOrEqual(t, at+len(part), len(whole))
	require.Equal(t, whole[at:at+len(part)], part)
}

// Eight producers, observers that come and go, and one that stays: each sees an
// uninterrupted piece of one and the same sequence, in which no producer's items
// are missing, doubled or reordered.
func TestSubjectStress_ObserversComeAndGo(t *testing.T) {
	forSubjects(t, live, func(t *testing.T, k subjectKind) {
		for range rounds(6) {
			s := k.make()
			stays := listen(s.Observable())
			const n = 200
			stop := make(chan struct{})
			var guests sync.WaitGroup
			lists := make([][]*listener[int], 4)
			for g := range lists {
				guests.Go(func() {
					for i := 0; ; i++ {
						select {
						case <-stop:
							return
						default:
						}
						l := new(listener[int])
						stay := 1 + rand.IntN(50)
						l.onNext = func(int) {
							if stay--; stay == 0 {
								l.dispose()
							}
						}
						s.Subscribe(context.Background(), l)
						lists[g] = append(lists[g], l)
						if i >= 3 { // not too many at a time
							lists[g][i-3].dispose()
						}
						for range rand.IntN(20) {
							runtime.Gosched()
						}
					}
				})
			}
			produce(s, n)
			close(stop)
			guests.Wait()
			s.OnComplete()

			whole := fromProducers(stays.all())
			require.Len(t, whole, producers*n)
			inSequence(t, whole)
			require.Equal(t, 1, stays.ends)
			stays.lawful(t)
			for _, list := range lists {
				for _, l := range list {
					l.lawful(t)
					contained(t, l.all(), stays.all())
					got := fromProducers(l.all())
					inSequence(t, got)
					if k.name == "replay" && len(got) > 0 {
						require.Equal(t, whole[0], got[0], "replayed from the beginning")
					}
				}
			}
		}
	})
}

// What was told before the subscription is replayed, what is told after comes
// live: at whatever moment the observer came, everything is there once.
func TestSubjectStress_ReplayMeetsLive(t *testing.T) {
	for _, size := range []int{0, 1, 3, 100} {
		t.Run(fmt.Sprint("size ", size), func(t *testing.T) {
			for range rounds(50) {
				s := observable.NewReplaySubject[int](observable.ReplayOptions{Size: size})
				const n = 150
				var wg sync.WaitGroup
				guests := make([]*listener[int], 6)
				for g := range guests {
					guests[g] = new(listener[int])
					wg.Go(func() {
						for range g * 10 {
							runtime.Gosched()
						}
						s.Subscribe(context.Background(), guests[g])
					})
				}
				wg.Go(func() {
					for i := range n {
						s.OnNext(i)
					}
					s.OnComplete()
				})
				wg.Wait()
				for _, l := range guests {
					l.lawful(t)
					require.Equal(t, 1, l.ends)
					got := l.all()
					require.NotEmpty(t, got)
					for i, v := range got {
						require.Equal(t, n-len(got)+i, v)
					}
					if size == 0 {
						require.Len(t, got, n)
					}
				}
			}
		})
	}
}

// The end comes while others are still telling: every observer gets it once, and
// nobody hangs.
func TestSubjectStress_EndMeetsItems(t *testing.T) {
	forSubjects(t, nil, func(t *testing.T, k subjectKind) {
		for round := range rounds(200) {
			s := k.make()
			listeners := []*listener[int]{listen(s.Observable())}
			if !k.single {
				listeners = append(listeners, listen(s.Observable()))
			}
			log := logged(t, func() {
				var wg sync.WaitGroup
				for p := range 4 {
					wg.Go(func() {
						for i := range 20 {
							s.OnNext(produced(p, i))
							if i == 5*p {
								if round%2 == 0 {
									s.OnComplete()
								} else {
									s.OnError(errSubject)
								}
							}
						}
					})
				}
				if !k.single {
					late := new(listener[int])
					listeners = append(listeners, late)
					wg.Go(func() { s.Subscribe(context.Background(), late) })
				}
				wg.Wait()
			})
			for _, l := range listeners {
				require.Equal(t, 1, l.ends)
				l.lawful(t)
				inSequence(t, fromProducers(l.all()))
			}
			if round%2 == 1 {
				require.Contains(t, log, "undeliverable", "three of four errors came late")
			}
		}
	})
}

// Observers that tell their subject something, subscribe to it, leave it or end
// it, while eight goroutines do the same.
func TestSubjectStress_ReentrantFromManyGoroutines(t *testing.T) {
	forSubjects(t, live, func(t *testing.T, k subjectKind) {
		for range rounds(8) {
			s := k.make()
			var mu sync.Mutex
			var all []*listener[int]
			var join func(depth int)
			join = func(depth int) {
				l := new(listener[int])
				mu.Lock()
				all = append(all, l)
				mu.Unlock()
				seen := 0
				l.onNext = func(v int) {
					seen++
					switch {
					case v < 0 || depth == 0: // an answer
					case seen%7 == 0:
						s.OnNext(-v)
					case seen%31 == 0:
						join(depth - 1)
					case seen%97 == 0:
						l.dispose()
					}
				}
				s.Subscribe(context.Background(), l)
			}
			join(2)
			stays := listen(s.Observable())
			produce(s, 50)
			s.OnComplete()
			require.Equal(t, 1, stays.ends)
			stays.lawful(t)
			for _, l := range all {
				l.lawful(t)
				contained(t, fromProducers(l.all()), fromProducers(stays.all()))
				if !l.d.Disposed() {
					require.Equal(t, 1, l.ends)
				}
			}
		}
	})
}

// Observers that panic or end their goroutine at random must not cost the
// others an item, nor leave the subject busy.
func TestSubjectStress_FailingObservers(t *testing.T) {
	forSubjects(t, live, func(t *testing.T, k subjectKind) {
		for range rounds(20) {
			s := k.make()
			stays := listen(s.Observable())
			var wg sync.WaitGroup
			for p := range producers {
				wg.Go(func() {
					for i := range 50 {
						// The telling goroutine may be ended by an observer: it is not the
						// producer's own.
						aside(func() { s.OnNext(produced(p, i)) })
						if i%10 == p {
							bad := &listener[int]{onNext: func(v int) {
								if v%3 == 0 {
									panic(errSubject)
								}
								runtime.Goexit()
							}}
							aside(func() { s.Subscribe(context.Background(), bad) })
						}
					}
				})
			}
			wg.Wait()
			s.OnComplete()
			stays.lawful(t)
			require.Equal(t, 1, stays.ends)
			got := fromProducers(stays.all())
			require.Len(t, got, producers*50)
			inSequence(t, got)
		}
	})
}

func TestSubjectStress_UnicastObserverComesWhileTold(t *testing.T) {
	for round := range rounds(200) {
		s := observable.NewUnicastSubject[int](observable.UnicastOptions{})
		l, second := new(listener[int]), new(listener[int])
		var wg sync.WaitGroup
		wg.Go(func() {
			for range round % 40 {
				runtime.Gosched()
			}
			s.Subscribe(context.Background(), l)
		})
		wg.Go(func() { produce(s, 20) })
		wg.Wait()
		s.OnComplete()
		s.Subscribe(context.Background(), second)
		require.Len(t, l.all(), producers*20)
		inSequence(t, l.all())
		require.Equal(t, 1, l.ends)
		l.lawful(t)
		second.heard(t, "# "+observable.ErrSubscribedTwice.Error())
	}
}
