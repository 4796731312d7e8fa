package observable

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// once is an observer that disposes inside its first item and counts what comes
// after that.
type once struct {
	s    *serial[int]
	n    int
	late atomic.Int32
}

func (o *once) OnSubscribe(Disposable) {}
func (o *once) OnError(error)          { o.late.Add(1) }
func (o *once) OnComplete()            { o.late.Add(1) }

func (o *once) OnNext(int) {
	if o.n++; o.n > 1 {
		o.late.Add(1)
	}
	o.s.dispose()
}

// A producer that saw the stream alive, and comes in after another one has
// ended it and left, must not get through (rule C4).
func TestSerial_NothingComesInAfterTheEnd(t *testing.T) {
	const rounds = 50_000
	var turn atomic.Int64
	all := make([]*serial[int], rounds)
	for i := range all {
		s := &serial[int]{ctx: context.Background()}
		s.down = &once{s: s}
		all[i] = s
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i, s := range all {
			for spins := 0; turn.Load() < int64(i); spins++ {
				if spins > 200 {
					runtime.Gosched()
				}
			}
			s.next(1)
		}
	}()
	for i, s := range all {
		turn.Store(int64(i))
		s.next(2)
	}
	turn.Store(rounds)
	<-done
	for i, s := range all {
		if n := s.down.(*once).late.Load(); n > 0 {
			t.Fatalf("round %d: %d signals after Dispose", i, n)
		}
	}
}

// keeper is an observer that remembers its error.
type keeper struct{ err error }

func (*keeper) OnSubscribe(Disposable) {}
func (*keeper) OnNext(int)             {}
func (k *keeper) OnError(err error)    { k.err = err }
func (*keeper) OnComplete()            {}

// Errors that wait for the end are told with it, in order and one Goexit once,
// and those that come too late are reported, once each.
func TestSerial_KeepsErrors(t *testing.T) {
	a, b, late := errors.New("a"), errors.New("b"), errors.New("late")
	for name, c := range map[string]struct {
		end  func(s *serial[int])
		told string
		lost string
	}{
		"finish":         {func(s *serial[int]) { s.finish(); s.keep(late) }, "a\nb\n" + ErrGoexit.Error(), "late"},
		"fail":           {func(s *serial[int]) { s.fail(late, func() {}); s.keep(a) }, "a\nb\n" + ErrGoexit.Error() + "\nlate", "a"},
		"dispose":        {func(s *serial[int]) { s.dispose(); s.dispose() }, "", "a\nb\n" + ErrGoexit.Error()},
		"keep too late":  {func(s *serial[int]) { s.dispose(); s.keep(late) }, "", "a\nb\n" + ErrGoexit.Error() + " late"},
		"fail, disposed": {func(s *serial[int]) { s.wip.Add(1); s.fail(late, func() {}); s.dispose() }, "", "a\nb\n" + ErrGoexit.Error() + "\nlate"},
		"told, disposed": {func(s *serial[int]) { s.finish(); s.dispose() }, "a\nb\n" + ErrGoexit.Error(), ""},
	} {
		var lost []string
		ctx := WithErrorHandler(context.Background(), func(err error) { lost = append(lost, errors.Unwrap(err).Error()) })
		k := new(keeper)
		s := &serial[int]{ctx: ctx, down: k, owner: new(emission)}
		for _, err := range []error{a, b, ErrGoexit, ErrGoexit} {
			s.keep(err)
		}
		if !s.keeps() {
			t.Errorf("%s: nothing is kept", name)
		}
		c.end(s)
		told := ""
		if k.err != nil {
			told = k.err.Error()
		}
		if told != c.told || strings.Join(lost, " ") != c.lost {
			t.Errorf("%s: told %q, want %q; reported %q, want %q", name, told, c.told, lost, c.lost)
		}
	}
}

// A producer that saw its turn, and has to wait for the queue while the next
// turn begins, must not get in.
func TestSerial_NothingIsQueuedAfterTheTurn(t *testing.T) {
	s := &serial[int]{ctx: context.Background(), down: new(keeper)}
	s.wip.Add(1) // somebody is inside
	s.mu.Lock()
	done := make(chan struct{})
	go func() {
		s.nextOf(0, 1)
		close(done)
	}()
	time.Sleep(20 * time.Millisecond) // by now it waits for mu
	s.turn.Add(1)
	s.mu.Unlock()
	<-done
	if len(s.queue) > 0 {
		t.Error("an item of the first turn is queued in the second")
	}
	s.nextOf(1, 2)
	s.nextTurn()
	if len(s.queue) > 0 {
		t.Error("an item of the second turn is queued in the third")
	}
}
