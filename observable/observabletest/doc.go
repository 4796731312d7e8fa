// Package observabletest has what tests of streams need. It imports no more than
// package observable and the standard library, and is meant for users' tests, too.
//
//   - What came out of a stream: [Subscribe] returns a [TestObserver], which records
//     it, asserts on it and checks the protocol.
//   - Time: a [VirtualScheduler] stands still until the test moves it.
//   - What comes when: [Marbles] draw sources ([Cold], [Hot]) and what is expected
//     of streams ([Expect]) as "-a-b-|", as RxJS does.
//   - What happens at once: [Race] runs functions together, many times.
//   - What is left behind: [NoLeak] finds goroutines that did not end.
//   - Operators and sources of one's own: [Contract] and [SourceContract] run the
//     rules of package observable (C1 to C20 in its documentation) over them.
//     [Probe] is a source that knows what happened to it, [BadSource] one that breaks
//     the rules.
//
// A first test:
//
//	func TestTake(t *testing.T) {
//		o := observabletest.Subscribe(t.Context(), numbers.Take(2), t)
//		o.AssertValues(t, 1, 2)
//		o.AssertComplete(t)
//	}
//
// One that takes time:
//
//	func TestSearchWaitsForAPause(t *testing.T) {
//		m := observabletest.NewMarbles(t)
//		keys := observabletest.Hot[string](m, "-a-b-----c-|", nil)
//		observabletest.Expect(m, observable.Debounce(keys.Observable(), m.Time("---|"), m), "------b----(c|)", nil)
//		m.Flush()
//	}
//
// And one of an operator:
//
//	func TestEvery(t *testing.T) {
//		observabletest.Contract(t, observabletest.Operator[int]{
//			Name: "Every",
//			Apply: func(up observable.Observable[int], _ func()) observable.Observable[any] {
//				return observabletest.Erase(mine.Every(up, 1))
//			},
//		})
//	}
//
// All of it works in testing/synctest bubbles and outside, except that Contract
// and SourceContract, which make bubbles, cannot be called in one.
package observabletest
