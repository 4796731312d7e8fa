package observable

import (
	"context"
	"runtime"
	"sync/atomic"
	"testing"
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
