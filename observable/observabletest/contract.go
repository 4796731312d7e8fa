package observabletest

import (
	"context"
	"errors"
	"fmt"
	"sort"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/quillgo/quill/internal/goroutines"
	"github.com/quillgo/quill/observable"
)

// Operator describes an operator to [Contract]. Apply is all that most need;
// the other fields say what is particular about it. A description that does not
// fit fails cases just as a broken operator does.
type Operator[T any] struct {
	// Name is the operator's name, for the names of the tests.
	Name string
	// Apply makes the stream under test from up. It is called for each case, more
	// than once, and must not keep anything from one call to the next. The
	// operator's user function has to call hook each time it runs; see Hook.
	// Operators of several streams get the others from Apply.
	Apply func(up observable.Observable[T], hook func()) observable.Observable[any]
	// Item makes the i-th item of up. It may be nil if T is int, for i itself, or
	// [*Token], which enables the cases about references.
	Item func(i int) T
	// Hook says when the operator calls its user function.
	Hook Hook
	// Needs is how many items the operator takes from up until it has emitted its
	// first one: zero means one, [AtEnd] that it emits only when up has completed.
	Needs int
	// Recovers says that an error of up does not come out as it is.
	Recovers bool
	// Async says that items may come out on another goroutine than they went in.
	Async bool
	// Exempt gives for a case, by its name, the reason why it is left out.
	Exempt map[string]string
}

// AtEnd as an operator's Needs means that it emits nothing before its source
// has completed.
const AtEnd = -1

// Hook says when an operator or a source calls its user function.
type Hook int

const (
	// NoHook is for operators without a user function.
	NoHook Hook = iota
	// PerItem is for functions that are called for each item.
	PerItem
	// PerError is for functions that are called when the source fails.
	PerError
	// PerCompletion is for functions that are called when the source completes.
	PerCompletion
	// PerSubscription is for functions that are called when somebody subscribes.
	PerSubscription
)

// Source describes a source to [SourceContract].
type Source struct {
	// Name is the source's name, for the names of the tests.
	Name string
	// Make makes the stream under test. It is called for each case, more than
	// once, and must not keep anything from one call to the next. The source's
	// user function has to call hook each time it runs.
	Make func(hook func()) observable.Observable[any]
	// Hook says when the source calls its user function: NoHook, PerItem or
	// PerSubscription.
	Hook Hook
	// Count is how many items the source emits, or [Endless].
	Count int
	// Fails says that it ends with an error, Open that it does not end.
	Fails, Open bool
	// Async says that it emits on a goroutine of its own.
	Async bool
	// Exempt gives for a case, by its name, the reason why it is left out.
	Exempt map[string]string
}

// Token is an item whose end can be watched: with a [*Token] as the element
// type [Contract] checks that the operator lets go of items.
type Token struct {
	N int
	_ [3]int // keeps it out of the allocator's shared blocks
}

func (t *Token) String() string {
	if t == nil {
		return "nil"
	}
	return fmt.Sprint(t.N)
}

// Contract runs the rules of package observable against an operator, whoever
// wrote it: some forty cases, each a subtest named after its rules, such as
// "C5 dispose inside OnNext stops a synchronous source". What fails says what came;
// the rule, in the documentation of package observable, says what is right.
//
// The rules are C1 to C13, C15 and C18 to C20, as far as they can be seen from
// outside. Which items come out, time (C17), several sources (C14) and repeated
// subscription (C16) depend on what the operator is for: see [Marbles] and [Race]
// for tests of these.
//
// The cases about a user function run if Hook is set, those about items that
// ought to be let go (C18) if T is [*Token]. A case that does not apply to the
// operator is left out by Exempt, with the reason.
//
// Every case runs in a testing/synctest bubble of its own, so the operator must
// use the real clock, or a scheduler that does, and timers of less than a minute;
// a goroutine that it leaves behind fails the case. Contract itself cannot be
// called in a bubble, because it has subtests.
func Contract[T any](t *testing.T, op Operator[T]) {
	t.Helper()
	if op.Apply == nil {
		t.Fatal("observabletest: Operator.Apply is nil")
	}
	op.Item = itemOf(t, op.Item)
	cases := operatorCases[T]()
	known := make(map[string]bool)
	for _, c := range cases {
		known[c.name] = true
	}
	checkExempt(t, op.Exempt, known)
	t.Run(op.Name, func(t *testing.T) {
		for _, c := range cases {
			if op.Exempt[c.name] != "" || c.needs != nil && !c.needs(&op) {
				continue
			}
			t.Run(c.name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					runCase(t, func(tr *trial) { c.run(&operatorTrial[T]{tr, op}) })
				})
			})
		}
	})
}

// SourceContract is [Contract] for a source: what Make returns must do as its
// other fields say, in every one of some twenty cases.
func SourceContract(t *testing.T, src Source) {
	t.Helper()
	if src.Make == nil {
		t.Fatal("observabletest: Source.Make is nil")
	}
	known := make(map[string]bool)
	for _, c := range sourceCases {
		known[c.name] = true
	}
	checkExempt(t, src.Exempt, known)
	t.Run(src.Name, func(t *testing.T) {
		for _, c := range sourceCases {
			if src.Exempt[c.name] != "" || c.needs != nil && !c.needs(&src) {
				continue
			}
			t.Run(c.name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					runCase(t, func(tr *trial) { c.run(&sourceTrial{tr, src}) })
				})
			})
		}
	})
}

func itemOf[T any](t *testing.T, item func(int) T) func(int) T {
	t.Helper()
	if item != nil {
		return item
	}
	var found any
	switch any(*new(T)).(type) {
	case int:
		found = func(i int) int { return i }
	case *Token:
		found = func(i int) *Token { return &Token{N: i} }
	default:
		t.Fatal("observabletest: Operator.Item is nil, which will do for int and *Token only")
	}
	return found.(func(int) T)
}

func checkExempt(t *testing.T, exempt map[string]string, known map[string]bool) {
	t.Helper()
	for name, reason := range exempt {
		if !known[name] || reason == "" {
			names := make([]string, 0, len(known))
			for n := range known {
				names = append(names, n)
			}
			sort.Strings(names)
			t.Fatalf("observabletest: exemption %q (%q) names no case or gives no reason; the cases are\n\t%s",
				name, reason, strings.Join(names, "\n\t"))
		}
	}
}

// boom is the error of the cases.
var errBoom = errors.New("boom")

// settling is how long, in a bubble's time, a case waits for everything to
// have happened.
const settling = time.Minute

// trial is one case in progress, inside its bubble.
type trial struct {
	tb   testing.TB
	ctx  context.Context // of the subscriptions
	stop []func()        // ends what may still run

	mu      sync.Mutex
	reports []error // guarded by mu; what the error handler got
}

// runCase runs a case and then checks that nobody but the case has seen
// errors of the error handler.
func runCase(tb testing.TB, run func(*trial)) {
	tr := &trial{tb: tb}
	// A context that cannot end is not watched, and what watches it would hide
	// violations.
	tr.ctx = observable.WithErrorHandler(context.Background(), tr.report)
	defer func() {
		for _, stop := range tr.stop {
			tr.guarded("Dispose", stop)
		}
		settle()
	}()
	tr.guarded("the case", func() { run(tr) })
	for _, err := range tr.taken() {
		tb.Errorf("the error handler got: %v", err)
	}
}

// guarded runs f; a panic that comes out of it fails the case.
func (tr *trial) guarded(what string, f func()) {
	defer func() {
		if r := recover(); r != nil {
			tr.tb.Errorf("C9: a panic came out of %s: %v", what, r)
		}
	}()
	f()
}

// cancelable makes ctx one that can end, and returns what ends it.
func (tr *trial) cancelable() context.CancelCauseFunc {
	ctx, cancel := context.WithCancelCause(tr.ctx)
	tr.ctx = ctx
	tr.stop = append(tr.stop, func() { cancel(nil) })
	return cancel
}

func (tr *trial) report(err error) {
	tr.mu.Lock()
	tr.reports = append(tr.reports, err)
	tr.mu.Unlock()
}

// taken returns what the error handler got so far and forgets it.
func (tr *trial) taken() []error {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	r := tr.reports
	tr.reports = nil
	return r
}

// expectReport checks that the error handler got exactly one error, and that it
// is of every target.
func (tr *trial) expectReport(targets ...error) {
	tr.tb.Helper()
	got := tr.taken()
	if len(got) != 1 {
		tr.tb.Errorf("the error handler got %d errors, want one: %v", len(got), got)
		return
	}
	for _, target := range targets {
		if !errors.Is(got[0], target) {
			tr.tb.Errorf("the error handler got %v, want %v in it", got[0], target)
		}
	}
}

// start subscribes obs on a goroutine of its own, which a Goexit may end, and
// waits until everything has happened.
func (tr *trial) start(o observable.Observable[any], obs *TestObserver[any]) {
	tr.stop = append(tr.stop, obs.Dispose)
	go tr.guarded("Subscribe", func() { o.Subscribe(tr.ctx, obs) })
	settle()
}

// settle waits until everything has happened that can happen in a minute.
func settle() {
	time.Sleep(settling)
	synctest.Wait()
}

// observer returns an observer whose violations fail the case.
func (tr *trial) observer() *TestObserver[any] { return NewObserver[any](tr.tb) }

// ended checks that obs got a terminal signal.
func (tr *trial) ended(obs *TestObserver[any]) {
	tr.tb.Helper()
	if !obs.Terminated() {
		tr.tb.Errorf("the stream has not ended\n got: %v", obs)
	}
}

// failed checks that obs got target as its error.
func (tr *trial) failed(obs *TestObserver[any], target error) {
	tr.tb.Helper()
	obs.AssertError(tr.tb, target)
}

// outcome is what a subscription came to, for comparisons.
func outcome(obs *TestObserver[any]) string { return obs.String() }

// assemble checks that what calls operators and sources starts no goroutine.
func (tr *trial) assemble(what func()) {
	tr.tb.Helper()
	synctest.Wait() // for those that are about to end
	before := goroutines.Count()
	what()
	after := goroutines.Count() // of some that soon end
	synctest.Wait()
	if after = max(after, goroutines.Count()); after > before {
		tr.tb.Errorf("assembly started %d goroutines", after-before)
	}
}
