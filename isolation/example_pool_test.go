package isolation_test

import (
	"context"
	"fmt"

	"github.com/quillgo/quill/isolation"
)

// lookup is a task with what it needs and what it found.
type lookup struct {
	isolation.Task
	id    int
	found string
	err   error
	done  chan struct{}
}

func (l *lookup) Run(t *isolation.Task) {
	l.found = fmt.Sprint("user ", l.id)
	t.Permit().Done() // the slot is free before the caller is told
	close(l.done)
}

func (l *lookup) Dropped(*isolation.Task) {
	l.err = isolation.ErrPoolClosed
	close(l.done)
}

// How do I run something on a pool and wait for it?
func ExamplePool() {
	pool, err := isolation.NewPool("Users", isolation.PoolConfig{Core: 2, Queue: 10}, nil)
	if err != nil {
		panic(err)
	}
	l := &lookup{id: 42, done: make(chan struct{})}
	if err := pool.Submit(&l.Task, l); err != nil {
		panic(err)
	}
	<-l.done
	fmt.Println(l.found, l.err, pool.Stats().Active)
	// Output: user 42 <nil> 0
}

// How do I change the sizes of a pool while it works?
func ExamplePool_Update() {
	pool, err := isolation.NewPool("Users", isolation.PoolConfig{}, nil)
	if err != nil {
		panic(err)
	}
	fmt.Printf("%+v\n", pool.Config())
	fmt.Println(pool.Update(isolation.PoolConfig{Core: 20, Queue: 100}))
	fmt.Printf("%+v\n", pool.Config())
	fmt.Println(pool.Update(isolation.PoolConfig{Core: 20, Max: 10}))
	// Output:
	// {Core:10 Max:10 Queue:0 RejectAt:0}
	// <nil>
	// {Core:20 Max:20 Queue:100 RejectAt:5}
	// isolation: PoolConfig.Max is 10, less than Core, which is 20: want Core or more, or 0 for Core
}

// How do I shut a pool down?
func ExamplePool_Close() {
	pool, err := isolation.NewPool("Users", isolation.PoolConfig{}, nil)
	if err != nil {
		panic(err)
	}
	pool.Close()
	if err := pool.Wait(context.Background()); err != nil {
		panic(err)
	}
	l := &lookup{id: 42, done: make(chan struct{})}
	fmt.Println(pool.Submit(&l.Task, l))
	// Output: isolation: pool closed: "Users"
}
