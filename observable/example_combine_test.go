package observable_test

import (
	"context"
	"fmt"

	"github.com/quillgo/quill/observable"
)

// How do I pair the items of two streams?
func ExampleZip2() {
	names := observable.Just("ann", "bob", "cid")
	ages := observable.Just(31, 42)
	pairs := observable.Zip2(names, ages, func(name string, age int) string { return fmt.Sprint(name, " ", age) })
	fmt.Println(pairs.ToSlice(context.Background()))
	// Output: [ann 31 bob 42] <nil>
}

// How do I keep a result up to date that depends on several things?
func ExampleCombineLatest2() {
	price, amount := observable.NewBehaviorSubjectOf(10), observable.NewBehaviorSubjectOf(3)
	total := observable.CombineLatest2(price.Observable(), amount.Observable(), func(p, a int) int { return p * a })
	total.Subscribe(context.Background(), printer("total"))
	amount.OnNext(4)
	price.OnNext(11)
	price.OnComplete()
	amount.OnComplete()
	// Output:
	// total 30
	// total 40
	// total 44
	// total done
}

// How do I use whichever answers first?
func ExampleAmb() {
	replicas := observable.Amb(observable.Never[string](), observable.Just("from the second"))
	fmt.Println(replicas.First(context.Background()))
	// Output: from the second <nil>
}
