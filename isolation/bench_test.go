package isolation_test

import (
	"testing"

	"github.com/quillgo/quill/isolation"
)

func BenchmarkSemaphore_Pair(b *testing.B) {
	s := newSemaphore(b, 100)
	b.ReportAllocs()
	for b.Loop() {
		if !s.TryAcquire() {
			b.Fatal("refused")
		}
		s.Release()
	}
}

func BenchmarkSemaphore_PairParallel(b *testing.B) {
	s := newSemaphore(b, 100)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if !s.TryAcquire() {
				b.Error("refused")
			}
			s.Release()
		}
	})
}

func BenchmarkSemaphore_Refused(b *testing.B) {
	s := newSemaphore(b, isolation.None)
	b.ReportAllocs()
	for b.Loop() {
		if s.TryAcquire() {
			b.Fatal("admitted")
		}
	}
}

// BenchmarkSemaphore_Permit is a permit as a stream uses it: held by its holder
// and by one piece of user code.
func BenchmarkSemaphore_Permit(b *testing.B) {
	s := newSemaphore(b, 100)
	var p *isolation.Permit
	b.ReportAllocs()
	for b.Loop() {
		p, _ = s.Acquire()
		p.Retain()
		p.Release()
		p.Done()
	}
	if p.Retain() {
		b.Fatal("still held")
	}
}

// parked is a task whose caller waits for it.
type parked struct {
	isolation.Task
	told chan struct{}
}

func (c *parked) Run(t *isolation.Task) {
	t.Permit().Done()
	c.told <- struct{}{}
}

func (c *parked) Dropped(*isolation.Task) {}

func BenchmarkPool_SubmitWait(b *testing.B) {
	p := newPool(b, isolation.PoolConfig{Core: 1})
	told := make(chan struct{})
	b.ReportAllocs()
	for b.Loop() {
		c := &parked{told: told}
		if err := p.Submit(&c.Task, c); err != nil {
			b.Fatal(err)
		}
		<-told
	}
}

// BenchmarkPool_SpawnWait is what SubmitWait would cost without a pool.
func BenchmarkPool_SpawnWait(b *testing.B) {
	told := make(chan struct{})
	run := func(c *parked) { c.told <- struct{}{} }
	b.ReportAllocs()
	for b.Loop() {
		go run(&parked{told: told})
		<-told
	}
}

func BenchmarkPool_Refused(b *testing.B) {
	p := newPool(b, isolation.PoolConfig{Core: 1})
	gate := make(chan struct{})
	if _, err := submit(p, func(*isolation.Task) { <-gate }); err != nil {
		b.Fatal(err)
	}
	refused := new(parked)
	b.ReportAllocs()
	for b.Loop() {
		if p.Submit(&refused.Task, refused) == nil {
			b.Fatal("admitted")
		}
	}
	close(gate)
}
