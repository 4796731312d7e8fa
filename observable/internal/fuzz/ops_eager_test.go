package fuzz_test

import "github.com/quillgo/quill/observable"

// eager simulates ConcatMapEager for one subscription.
type eager struct {
	project func(int) cold
	limit   int

	out     trace
	pending []int
	slots   []*slot // inner streams whose turn has not ended, in order
	over    bool
	ended   bool
}

// slot is an inner stream: what it has emitted before its turn and what is to
// come.
type slot struct {
	queue []int
	rest  trace
	done  bool
}

func (g *eager) run(outer trace) trace {
	for !g.ended {
		var first *slot
		for _, s := range g.slots {
			if len(s.rest) > 0 && (first == nil || s.rest[0].at < first.rest[0].at) {
				first = s
			}
		}
		switch {
		case first != nil && (len(outer) == 0 || first.rest[0].at <= outer[0].at):
			g.inner(first)
		case len(outer) == 0:
			return g.out
		default:
			e := outer[0]
			outer = outer[1:]
			switch e.kind {
			case item:
				g.pending = append(g.pending, e.v)
			case completion:
				g.over = true
			case failure:
				g.end(e)
			}
			g.round(e.at)
		}
	}
	return g.out
}

// inner takes in the next signal of s.
func (g *eager) inner(s *slot) {
	e := s.rest[0]
	s.rest = s.rest[1:]
	switch e.kind {
	case item:
		s.queue = append(s.queue, e.v)
	case completion:
		s.done = true
	case failure:
		g.end(e)
	}
	g.round(e.at)
}

// round starts what may start, and only then emits.
func (g *eager) round(now int64) {
	for !g.ended {
		for len(g.pending) > 0 && (g.limit == observable.Unlimited || len(g.slots) < g.limit) {
			c := g.project(g.pending[0])
			g.pending = g.pending[1:]
			if c == nil {
				g.end(failed(now, panicked))
				return
			}
			s := &slot{rest: c(now)}
			g.slots = append(g.slots, s)
			for len(s.rest) > 0 && s.rest[0].at == now {
				e := s.rest[0]
				s.rest = s.rest[1:]
				switch e.kind {
				case item:
					s.queue = append(s.queue, e.v)
				case completion:
					s.done = true
				case failure:
					g.end(e)
					return
				}
			}
		}
		if len(g.slots) == 0 {
			if g.over {
				g.end(done(now))
			}
			return
		}
		s := g.slots[0]
		for _, v := range s.queue {
			g.out = append(g.out, next(now, v))
		}
		s.queue = nil
		if !s.done {
			return
		}
		g.slots = g.slots[1:]
	}
}

func (g *eager) end(e event) {
	if !g.ended {
		g.ended = true
		g.out = append(g.out, e)
	}
}
