package observable_test

import (
	"context"
	"fmt"

	"github.com/quillgo/quill/observable"
)

// printer returns an observer that prints what it is told.
func printer(name string) observable.Observer[int] {
	return observable.Funcs[int]{
		Next:     func(v int) { fmt.Println(name, v) },
		Error:    func(err error) { fmt.Println(name, err) },
		Complete: func() { fmt.Println(name, "done") },
	}
}

// How do I emit from code that is not a stream?
func ExamplePublishSubject() {
	ctx := context.Background()
	s := observable.NewPublishSubject[int]()
	s.Observable().Subscribe(ctx, printer("a"))
	s.OnNext(1)
	s.Observable().Filter(func(v int) bool { return v > 2 }).Subscribe(ctx, printer("b"))
	s.OnNext(2)
	s.OnNext(3)
	s.OnComplete()
	// Output:
	// a 1
	// a 2
	// a 3
	// b 3
	// a done
	// b done
}

// How do I give late observers what they missed?
func ExampleReplaySubject() {
	ctx := context.Background()
	s := observable.NewReplaySubject[int](observable.ReplayOptions{Size: 2})
	for i := range 4 {
		s.OnNext(i)
	}
	s.Observable().Subscribe(ctx, printer("late"))
	s.OnNext(4)
	s.OnComplete()
	s.Observable().Subscribe(ctx, printer("later"))
	// Output:
	// late 2
	// late 3
	// late 4
	// late done
	// later 3
	// later 4
	// later done
}

// How do I keep a value that others watch?
func ExampleBehaviorSubject() {
	level := observable.NewBehaviorSubjectOf(1)
	level.Observable().Subscribe(context.Background(), printer("level"))
	level.OnNext(5)
	v, _ := level.Value()
	fmt.Println("now", v)
	// Output:
	// level 1
	// level 5
	// now 5
}
