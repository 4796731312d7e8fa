package rx_test

import (
	"testing"

	"github.com/reactivex/rxgo/v2"

	"github.com/quillgo/quill/observable"
	"github.com/quillgo/quill/observable/observabletest"
	"github.com/quillgo/quill/observable/rx"
)

// TestRules_ThereAndBack puts both bridges, one behind the other, through the
// contract.
func TestRules_ThereAndBack(t *testing.T) {
	// TestFrom_DisposesWhatIsBehindTo has these cases, but for the haste.
	const crossing = "through rxgo a Dispose travels as the end of a context, so upstream may be disposed after the end was told"
	observabletest.Contract(t, observabletest.Operator[*observabletest.Token]{
		Name:  "From To",
		Async: true,
		Apply: func(up observable.Observable[*observabletest.Token], _ func()) observable.Observable[any] {
			return observabletest.Erase(rx.From[*observabletest.Token](rx.To(up)))
		},
		Exempt: map[string]string{
			"C5 C6 Take(1) behind stops a synchronous source":       crossing,
			"C9 a panic below is not put down to the operator":      crossing,
			"C10 a panic of the observer in OnNext":                 crossing,
			"C10 a Goexit of the observer in OnNext":                crossing,
			"C20 the context ends while upstream waits":             crossing,
			"C20 the context ends while a synchronous source emits": crossing,
		},
	})
}

// TestRules_Sources puts From over what rxgo has through the contract.
func TestRules_Sources(t *testing.T) {
	for _, src := range []observabletest.Source{
		{Name: "Range", Count: 3, Make: from(func() rxgo.Observable { return rxgo.Range(1, 3) })},
		{Name: "Range long", Count: observabletest.Endless, Make: from(func() rxgo.Observable { return rxgo.Range(0, 1<<30) })},
		{Name: "Just", Count: 3, Make: from(func() rxgo.Observable { return rxgo.Just(1, 2, 3)() })},
		{Name: "an error between", Count: 1, Fails: true, Make: from(func() rxgo.Observable { return rxgo.Just(1, errBoom, 3)() })},
		{Name: "a wrong type", Count: 1, Fails: true, Make: func(func()) observable.Observable[any] {
			return observabletest.Erase(rx.From[int](rxgo.Just(1, "two", 3)()))
		}},
		{Name: "Map", Count: 3, Make: from(func() rxgo.Observable { return rxgo.Range(1, 3).Map(same) })},
		{Name: "Empty", Make: from(rxgo.Empty)},
		{Name: "Never", Open: true, Make: from(rxgo.Never)},
	} {
		observabletest.SourceContract(t, src)
	}
}

func from(o func() rxgo.Observable) func(func()) observable.Observable[any] {
	return func(func()) observable.Observable[any] { return rx.From[any](o()) }
}
