package fuzz_test

import "slices"

// generator makes chains of the numbers that pick returns, each from 0 to n-1:
// zeros make the simplest ones.
type generator struct {
	pick func(n int) int
	ids  int
	// still leaves out all that takes time.
	still bool
}

// chain makes a source and some operators on it. depth is how far streams that
// are arguments may nest.
func (g *generator) chain(depth, length int) *expr {
	x := g.expr(g.one(sources), nil, depth)
	for range g.pick(length + 1) {
		x = g.expr(g.one(operators), x, depth)
	}
	return x
}

// one picks from a table; all are about as likely.
func (g *generator) one(table []*op) *op {
	n := g.pick(16)*16 + g.pick(16)
	if g.still {
		return still(table)[n%len(still(table))]
	}
	return table[n%len(table)]
}

// still returns those of a table that take no time.
func still(table []*op) []*op {
	return slices.DeleteFunc(slices.Clone(table), (*op).timed)
}

// timed reports whether the operator takes time, or is not known not to.
func (o *op) timed() bool {
	for _, letter := range o.args {
		if letter == 'd' || letter == 's' {
			return true
		}
	}
	return o.name == "Never"
}

func (g *generator) expr(o *op, up *expr, depth int) *expr {
	g.ids++
	x := &expr{op: o, id: g.ids, up: up}
	for _, letter := range o.args {
		switch letter {
		case 'k':
			x.kid = append(x.kid, g.kid(depth))
		case 's':
			x.list = g.script()
		default:
			x.num = append(x.num, g.number(letter))
		}
	}
	return x
}

func (g *generator) kid(depth int) *expr {
	if depth == 0 {
		return g.expr(g.one(sources), nil, 0)
	}
	return g.chain(depth-1, 2)
}

func (g *generator) number(letter rune) int {
	switch letter {
	case 'n':
		return g.pick(4)
	case 'p':
		return 1 + g.pick(3)
	case 'l':
		return g.pick(3)
	case 'd':
		return g.pick(5)
	case 'b':
		return g.pick(2)
	case 'f':
		return g.pick(16)
	case 'c':
		return g.pick(12)
	}
	panic("no such argument: " + string(letter))
}

// script makes up to four items and an end.
func (g *generator) script() []step {
	var list []step
	for range g.pick(5) {
		list = append(list, step{gap: g.pick(4), event: event{kind: item, v: g.pick(6)}})
	}
	switch end := g.pick(4); end {
	case 0, 1:
		list = append(list, step{gap: g.pick(4), event: event{kind: completion}})
	case 2:
		list = append(list, step{gap: g.pick(4), event: event{kind: failure, err: []string{"e1", "e2"}[g.pick(2)]}})
	}
	return list
}
