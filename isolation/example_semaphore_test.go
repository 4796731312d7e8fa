package isolation_test

import (
	"errors"
	"fmt"

	"github.com/quillgo/quill/isolation"
)

// How do I bound how many callers are inside at a time?
func ExampleSemaphore() {
	inside, err := isolation.NewSemaphore("GetUser", 1)
	if err != nil {
		panic(err)
	}
	getUser := func(load func()) error {
		if !inside.TryAcquire() {
			return inside.Refusal()
		}
		defer inside.Release()
		load()
		return nil
	}
	err = getUser(func() {
		fmt.Println("inside:", inside.InUse())
		second := getUser(func() {})
		fmt.Println(second, errors.Is(second, isolation.ErrSemaphoreFull))
	})
	fmt.Println(err, inside.InUse())
	// Output:
	// inside: 1
	// isolation: semaphore full: "GetUser" true
	// <nil> 0
}

// How do I change a limit while it is in use?
func ExampleSemaphore_SetLimit() {
	s, err := isolation.NewSemaphore("GetUser", 2)
	if err != nil {
		panic(err)
	}
	fmt.Println(s.TryAcquire(), s.TryAcquire())
	fmt.Println(s.SetLimit(1))
	s.Release()
	fmt.Println(s.InUse(), "of", s.Limit(), s.TryAcquire())
	fmt.Println(s.SetLimit(0))
	// Output:
	// true true
	// <nil>
	// 1 of 1 false
	// isolation: limit of semaphore "GetUser" is 0: want 1 to 2147483647, Unlimited (-1) or None (-2)
}

// What happens to the limit when a caller leaves and the code does not return?
func ExamplePermit_Abandon() {
	s, err := isolation.NewSemaphore("GetUser", 1)
	if err != nil {
		panic(err)
	}
	permit, err := s.Acquire()
	if err != nil {
		panic(err)
	}
	permit.Retain() // the code starts

	permit.Abandon() // its caller has waited long enough
	fmt.Println("in use:", s.Stats().InUse, "abandoned:", s.Stats().Abandoned)

	permit.Release() // the code returns at last
	fmt.Println("in use:", s.Stats().InUse, "abandoned:", s.Stats().Abandoned)
	fmt.Println("may further code run under it?", permit.Retain())
	// Output:
	// in use: 1 abandoned: 1
	// in use: 0 abandoned: 0
	// may further code run under it? false
}
