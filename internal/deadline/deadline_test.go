package deadline_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/benbjohnson/clock"
	"go.uber.org/goleak"

	"github.com/quillgo/quill/internal/deadline"
	"github.com/quillgo/quill/internal/mono"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// expiry is an Expirer that notes in a log when it was told.
type expiry struct {
	deadline.Entry
	name string
	log  *log
	then func()
}

type log struct {
	clock *mono.Clock
	mu    sync.Mutex
	lines []string // guarded by mu
}

func (l *log) add(line string) {
	l.mu.Lock()
	l.lines = append(l.lines, line)
	l.mu.Unlock()
}

func (l *log) want(t *testing.T, lines ...string) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	if !slices.Equal(l.lines, lines) {
		t.Errorf("got %q, want %q", l.lines, lines)
	}
	l.lines = nil
}

func (e *expiry) Expire() {
	e.log.add(fmt.Sprintf("%s at %v", e.name, e.log.clock.Now()))
	if e.then != nil {
		e.then()
	}
}

// in runs f in a bubble with a list on the real clock.
func in(t *testing.T, f func(l *deadline.List, lg *log)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		c := mono.New(nil)
		l := deadline.New(c)
		if l.Clock() != c {
			t.Error("Clock is another one")
		}
		f(l, &log{clock: c})
	})
}

func TestList_ExpiresInOrder(t *testing.T) {
	in(t, func(l *deadline.List, lg *log) {
		add := func(name string, at time.Duration) *expiry {
			e := &expiry{name: name, log: lg}
			l.Add(&e.Entry, at, e)
			return e
		}
		add("c", 3*time.Second)
		add("a", time.Second) // before the head: the timer is armed anew
		add("e", 5*time.Second)
		add("d", 4*time.Second)
		add("b1", 2*time.Second)
		add("b2", 2*time.Second) // after the one that was there
		add("c2", 3*time.Second)
		time.Sleep(time.Minute)
		lg.want(t, "a at 1s", "b1 at 2s", "b2 at 2s", "c at 3s", "c2 at 3s", "d at 4s", "e at 5s")
		add("f", 2*time.Minute) // after the list ran empty
		add("late", 0)
		time.Sleep(time.Hour)
		lg.want(t, "late at 1m0s", "f at 2m0s")
	})
}

func TestList_Remove(t *testing.T) {
	in(t, func(l *deadline.List, lg *log) {
		all := make([]*expiry, 5)
		for i := range all {
			all[i] = &expiry{name: fmt.Sprint(i), log: lg}
			l.Add(&all[i].Entry, time.Duration(i+1)*time.Second, all[i])
		}
		for _, i := range []int{0, 2, 4} { // head, middle, tail
			if !l.Remove(&all[i].Entry) || l.Remove(&all[i].Entry) {
				t.Errorf("entry %d is not removed exactly once", i)
			}
		}
		time.Sleep(time.Minute)
		lg.want(t, "1 at 2s", "3 at 4s")
		for i := range all {
			if l.Remove(&all[i].Entry) {
				t.Errorf("entry %d is still listed", i)
			}
		}
		// A timer that was armed for a removed entry comes for nothing, and an entry
		// can be listed again.
		l.Add(&all[0].Entry, 61*time.Second, all[0])
		l.Remove(&all[0].Entry)
		l.Add(&all[0].Entry, 63*time.Second, all[0])
		l.Add(&all[1].Entry, 62*time.Second, all[1])
		time.Sleep(time.Minute)
		lg.want(t, "1 at 1m2s", "0 at 1m3s")
	})
}

// Expire is called without a lock: it may use the list.
func TestList_ExpireMayUseTheList(t *testing.T) {
	in(t, func(l *deadline.List, lg *log) {
		second, third := &expiry{name: "second", log: lg}, &expiry{name: "third", log: lg}
		first := &expiry{name: "first", log: lg, then: func() {
			if l.Remove(&second.Entry) {
				t.Error("what is due with it is still listed")
			}
			if !l.Remove(&third.Entry) {
				t.Error("what is not due is not listed")
			}
			l.Add(&third.Entry, 2*time.Second, third)
		}}
		l.Add(&first.Entry, time.Second, first)
		l.Add(&second.Entry, time.Second, second)
		l.Add(&third.Entry, time.Minute, third)
		time.Sleep(time.Hour)
		lg.want(t, "first at 1s", "second at 1s", "third at 2s")
	})
}

func TestList_Close(t *testing.T) {
	in(t, func(l *deadline.List, lg *log) {
		a, b, c := &expiry{name: "a", log: lg}, &expiry{name: "b", log: lg}, &expiry{name: "c", log: lg}
		l.Add(&b.Entry, time.Hour, b)
		l.Add(&a.Entry, time.Minute, a)
		l.Add(&c.Entry, deadline.Never, c)
		if l.Closed() {
			t.Error("closed before Close")
		}
		l.Close()
		lg.want(t, "a at 0s", "b at 0s", "c at 0s")
		if !l.Closed() || l.Remove(&c.Entry) {
			t.Error("not closed, or an entry is still listed")
		}
		time.Sleep(2 * time.Hour)
		lg.want(t)
		l.Add(&a.Entry, 3*time.Hour, a) // too late: at once
		l.Add(&c.Entry, deadline.Never, c)
		lg.want(t, "a at 2h0m0s", "c at 2h0m0s")
		l.Close()
		lg.want(t)
	})
}

// Entries that never fall due need no timer, and are in nobody's way.
func TestList_Never(t *testing.T) {
	in(t, func(l *deadline.List, lg *log) {
		all := make([]*expiry, 5)
		for i := range all {
			all[i] = &expiry{name: fmt.Sprint(i), log: lg}
			l.Add(&all[i].Entry, deadline.Never, all[i])
		}
		timed := &expiry{name: "timed", log: lg}
		l.Add(&timed.Entry, time.Second, timed)
		time.Sleep(1000 * time.Hour)
		lg.want(t, "timed at 1s")
		for _, i := range []int{0, 2, 4} { // the oldest, one between, the newest
			if !l.Remove(&all[i].Entry) || l.Remove(&all[i].Entry) {
				t.Errorf("entry %d is not removed exactly once", i)
			}
		}
		l.Close()
		lg.want(t, "3 at 1000h0m0s", "1 at 1000h0m0s")
	})
}

func TestList_Mocked(t *testing.T) {
	mock := clock.NewMock()
	c := mono.New(mock)
	l := deadline.New(c)
	fired := make(chan string, 10)
	add := func(name string, at time.Duration) *told {
		e := &told{f: func() { fired <- fmt.Sprintf("%s at %v", name, c.Now()) }}
		l.Add(&e.Entry, at, e)
		return e
	}
	want := func(line string) {
		t.Helper()
		if got := <-fired; got != line {
			t.Errorf("%s, want %s", got, line)
		}
	}
	add("b", 2*time.Second)
	removed := add("a", time.Second)
	add("c", 3*time.Second)
	l.Remove(&removed.Entry)
	mock.Add(2 * time.Second)
	want("b at 2s")
	mock.Add(time.Second)
	want("c at 3s")
	add("d", c.Now()) // due already
	want("d at 3s")
	mock.Add(time.Hour)
	if len(fired) > 0 {
		t.Errorf("%s", <-fired)
	}
}

type told struct {
	deadline.Entry
	f func()
}

func (e *told) Expire() { e.f() }

// TestList_Model plays random sequences against a plain list.
func TestList_Model(t *testing.T) {
	for seed := range uint64(200) {
		in(t, func(l *deadline.List, lg *log) {
			r := rand.New(rand.NewPCG(seed, 1))
			type entry struct {
				*expiry
				at  time.Duration
				seq int
			}
			var listed []entry
			now := time.Duration(0)
			for step := range 60 {
				switch r.IntN(4) {
				case 0, 1:
					e := entry{&expiry{name: fmt.Sprint(step), log: lg}, now + time.Duration(r.IntN(10)+1)*time.Second, step}
					l.Add(&e.Entry, e.at, e.expiry)
					listed = append(listed, e)
				case 2:
					if len(listed) > 0 {
						i := r.IntN(len(listed))
						if !l.Remove(&listed[i].Entry) {
							t.Errorf("seed %d: entry %d was not listed", seed, listed[i].seq)
						}
						listed = slices.Delete(listed, i, i+1)
					}
				case 3:
					now += time.Duration(r.IntN(4)) * time.Second
					time.Sleep(now - lg.clock.Now())
					synctest.Wait()
					slices.SortStableFunc(listed, func(a, b entry) int { return int(a.at - b.at) })
					var due []string
					for len(listed) > 0 && listed[0].at <= now {
						due = append(due, fmt.Sprintf("%s at %v", listed[0].name, listed[0].at))
						listed = listed[1:]
					}
					lg.want(t, due...)
				}
			}
		})
	}
}

// Many goroutines add and remove: each entry is either removed or expires, once.
func TestList_Stress(t *testing.T) {
	c := mono.New(nil)
	l := deadline.New(c)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for i := range 2000 {
				var expired atomic.Int32
				done := make(chan struct{})
				e := &told{f: func() {
					if expired.Add(1) == 1 {
						close(done)
					}
				}}
				l.Add(&e.Entry, c.Now()+time.Duration(i%7)*10*time.Microsecond, e)
				if i%3 == 0 {
					<-done
				}
				if !l.Remove(&e.Entry) {
					<-done // it will come at once
				}
				if n := expired.Load(); n > 1 {
					t.Errorf("expired %d times", n)
				}
			}
		})
	}
	wg.Wait()
	l.Close()
}
