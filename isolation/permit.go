package isolation

import "sync/atomic"

// Permit is one place in a bulkhead, counted by references. It is born with one
// reference, which belongs to its holder: the execution that was admitted. Each
// piece of user code that runs under it holds another, taken by Retain and
// dropped by Release. The place goes back when the last reference is dropped
// (I2), so a holder may leave early without making room for a further call.
//
// All methods may be called from any goroutine, and none blocks. The zero
// Permit holds nothing: Retain says false, Done and Abandon do nothing. A Permit
// must not be copied after first use.
type Permit struct {
	owner owner // written before the permit is born
	// state is the number of references, and the bits holding and abandoned.
	// The place is held exactly while the number is above zero; a number that
	// has come back to zero stays there. The bit holding says that the holder's
	// reference is among them; it is cleared once. The bit abandoned is set in
	// the step that clears holding, and only while another reference is left.
	// Each change is one compare-and-swap; the one that takes the number to
	// zero, and no other, gives the place back.
	state atomic.Uint64
}

const (
	holding    = 1 << 63
	abandoned  = 1 << 62
	references = abandoned - 1

	born = holding | 1
)

// owner is the bulkhead that a permit belongs to.
type owner interface {
	// abandon counts a permit whose holder left while user code holds it.
	abandon()
	// giveBack takes the place back; abandoned says that abandon counted it.
	giveBack(abandoned bool)
}

// Done drops the holder's reference. If no user code holds the permit, its
// place is free when Done returns (I7). A second Done, or one after Abandon,
// does nothing.
func (p *Permit) Done() {
	for {
		s := p.state.Load()
		if s&holding == 0 {
			return
		}
		next := (s &^ holding) - 1
		if p.state.CompareAndSwap(s, next) {
			if next == 0 {
				p.owner.giveBack(false)
			}
			return
		}
	}
}

// Abandon drops the holder's reference because the holder leaves (timeout,
// cancellation) while user code may still be running. If some is, the permit
// counts as abandoned until its place is back. Otherwise, and for the place
// itself, it is the same as Done, and idempotent with it.
func (p *Permit) Abandon() {
	for {
		s := p.state.Load()
		switch {
		case s&holding == 0:
			return
		case s == born:
			if p.state.CompareAndSwap(s, 0) {
				p.owner.giveBack(false)
				return
			}
		case p.state.CompareAndSwap(s, s&^holding|abandoned):
			// The reference is kept until the permit has been counted, else
			// its place could be back before.
			p.owner.abandon()
			p.drop()
			return
		}
	}
}

// Retain takes a reference for user code that is about to run. It reports false
// when the permit has gone back already; then the code must not run (I3), and
// there is nothing to Release.
func (p *Permit) Retain() bool {
	for {
		s := p.state.Load()
		if s&references == 0 {
			return false
		}
		if p.state.CompareAndSwap(s, s+1) {
			return true
		}
	}
}

// Release drops a reference that Retain took, when the user code has ended: by
// return, panic or runtime.Goexit, so it is best deferred. If it was the last
// reference, the place is free when Release returns. A Release without a Retain
// panics and changes nothing.
func (p *Permit) Release() { p.drop() }

// drop drops a reference that is not the holder's.
func (p *Permit) drop() {
	for {
		s := p.state.Load()
		if s&references == 0 || s&(holding|references) == born {
			panic("isolation: Release of a permit that was not retained")
		}
		if p.state.CompareAndSwap(s, s-1) {
			if (s-1)&references == 0 {
				p.owner.giveBack(s&abandoned != 0)
			}
			return
		}
	}
}
