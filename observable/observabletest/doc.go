// Package observabletest has what tests of streams need: an observer that
// records and checks the protocol, sources that tell what happened to them,
// sources that break the rules, and the contract of package observable (rules C1
// to C20 in its documentation) as runnable cases for any operator or source.
//
//	func TestTake(t *testing.T) {
//		o := observabletest.Subscribe(t.Context(), numbers.Take(2))
//		o.AssertValues(t, 1, 2)
//		o.AssertComplete(t)
//	}
//
//	func TestEvery(t *testing.T) {
//		observabletest.Contract(t, observabletest.Operator[int]{
//			Name: "Every",
//			Apply: func(up observable.Observable[int], _ func()) observable.Observable[any] {
//				return observabletest.Erase(mine.Every(up, 1))
//			},
//		})
//	}
package observabletest
