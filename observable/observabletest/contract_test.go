package observabletest_test

import (
	"testing"

	"github.com/quillgo/quill/observable"
	"github.com/quillgo/quill/observable/observabletest"
)

// The operator of ExampleContract, from outside the package.
func TestContract_OfAUsersOperator(t *testing.T) {
	observabletest.Contract(t, observabletest.Operator[*observabletest.Token]{
		Name: "EveryOther",
		Hook: observabletest.PerItem,
		Apply: func(up observable.Observable[*observabletest.Token], hook func()) observable.Observable[any] {
			return observabletest.Erase(EveryOther(up, func(*observabletest.Token) bool {
				hook()
				return true
			}))
		},
	})
	observabletest.Contract(t, observabletest.Operator[int]{
		Name:  "EveryOther that keeps nothing at first",
		Needs: 3,
		Apply: func(up observable.Observable[int], _ func()) observable.Observable[any] {
			return observabletest.Erase(EveryOther(up, func(v int) bool { return v > 1 }))
		},
	})
}

// The same for a source.
func TestSourceContract_OfAUsersSource(t *testing.T) {
	observabletest.SourceContract(t, observabletest.Source{
		Name:  "Countdown",
		Count: 3,
		Hook:  observabletest.PerItem,
		Make: func(hook func()) observable.Observable[any] {
			return observabletest.Erase(observable.FromSeq(func(yield func(int) bool) {
				for i := range 3 {
					hook()
					if !yield(3 - i) {
						return
					}
				}
			}))
		},
	})
}

func TestContract_AsDocumented(t *testing.T) {
	observabletest.Contract(t, observabletest.Operator[int]{
		Name:  "KeepIf",
		Hook:  observabletest.PerItem,
		Needs: 2, // drops the first item
		Apply: func(up observable.Observable[int], hook func()) observable.Observable[any] {
			return observabletest.Erase(up.Filter(func(v int) bool {
				hook()
				return v > 0
			}))
		},
		Exempt: map[string]string{"C19 zero values are items": "zero is what it drops"},
	})
}
