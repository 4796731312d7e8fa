package isolation_test

import (
	"github.com/quillgo/quill/isolation"
	"pgregory.net/rapid"
)

// modelPermit is a permit told in words: who holds it.
type modelPermit struct {
	holder    bool
	code      int // pieces of user code
	abandoned bool
}

func (m *modelPermit) out() bool { return m.holder || m.code > 0 }

// permitActions are the calls on one of several permits, against its model.
// freed is called when a permit has gone back.
type permitActions struct {
	pick  func(*rapid.T) (*isolation.Permit, *modelPermit)
	total func() // a permit was abandoned
	freed func()
}

func (a permitActions) into(all map[string]func(*rapid.T)) {
	all["done"] = func(t *rapid.T) {
		p, m := a.pick(t)
		p.Done()
		a.left(m)
	}
	all["abandon"] = func(t *rapid.T) {
		p, m := a.pick(t)
		p.Abandon()
		if m.holder && m.code > 0 {
			m.abandoned = true
			a.total()
		}
		a.left(m)
	}
	all["retain"] = func(t *rapid.T) {
		p, m := a.pick(t)
		if got := p.Retain(); got != m.out() {
			t.Fatalf("Retain is %v of %+v", got, *m)
		}
		if m.out() {
			m.code++
		}
	}
	all["release"] = func(t *rapid.T) {
		p, m := a.pick(t)
		if m.code == 0 {
			mustPanic(t, p.Release)
			return
		}
		p.Release()
		m.code--
		a.back(m)
	}
}

func (a permitActions) left(m *modelPermit) {
	if m.holder {
		m.holder = false
		a.back(m)
	}
}

func (a permitActions) back(m *modelPermit) {
	if !m.out() {
		m.abandoned = false
		a.freed()
	}
}

func mustPanic(t *rapid.T, f func()) {
	defer func() {
		if recover() == nil {
			t.Fatalf("no panic")
		}
	}()
	f()
}
