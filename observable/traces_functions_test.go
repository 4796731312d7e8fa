package observable_test

import (
	"cmp"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// The functions that recordings name. One that throws panics with an error
// whose text is the recorded message; it comes out inside an
// *observable.PanicError, which the comparison looks into.

// throw panics as a user function does.
func throw(text string) { panic(errors.New(text)) }

// thrown is the text of what a function throws whose text the format does not
// give: that of the first error which was recorded.
func (p *player) thrown() string {
	for _, told := range p.c.Expect.Subscribers {
		for _, e := range told {
			if e.what() == "error" {
				return e.value().(string)
			}
		}
	}
	for _, e := range p.c.Expect.Undeliverable {
		return e.what()
	}
	return "boom"
}

// split cuts "const:99" in two; n is the number after the colon, if it is one.
func split(name string) (base, arg string, n int) {
	base, arg, _ = strings.Cut(name, ":")
	n, _ = strconv.Atoi(arg)
	return base, arg, n
}

// fn is a function of one value (fn, key, value).
func (p *player) fn(name string) func(any) any {
	base, arg, n := split(name)
	switch base {
	case "identity":
		return func(v any) any { return v }
	case "times10":
		return func(v any) any { return v.(int) * 10 }
	case "add1":
		return func(v any) any { return v.(int) + 1 }
	case "square":
		return func(v any) any { return v.(int) * v.(int) }
	case "negate":
		return func(v any) any { return -v.(int) }
	case "div10":
		return func(v any) any { return v.(int) / 10 }
	case "isEven":
		return func(v any) any { return v.(int)%2 == 0 }
	case "toStr":
		return func(v any) any { return "s" + text(v) }
	case "const":
		return func(any) any {
			if _, err := strconv.Atoi(arg); err != nil {
				return arg
			}
			return n
		}
	case "failOn3":
		return func(v any) any {
			if v == 3 {
				throw("boom")
			}
			return v
		}
	case "fail":
		return func(any) any { throw("boom"); return nil }
	case "errMsg":
		return func(v any) any { return "caught:" + message(v.(error)) }
	}
	if mod, ok := strings.CutPrefix(name, "keyMod"); ok {
		n, err := strconv.Atoi(mod)
		if err == nil {
			return func(v any) any { return v.(int) % n }
		}
	}
	panic("no function of a value is called " + name)
}

// pred is a predicate of one value.
func (p *player) pred(name string) func(any) bool {
	switch name {
	case "isEven":
		return func(v any) bool { return v.(int)%2 == 0 }
	case "isOdd":
		return func(v any) bool { return v.(int)%2 != 0 }
	case "greaterThan5":
		return func(v any) bool { return v.(int) > 5 }
	case "lessThan3":
		return func(v any) bool { return v.(int) < 3 }
	case "equals3":
		return func(v any) bool { return v == 3 }
	case "always":
		return func(any) bool { return true }
	case "never":
		return func(any) bool { return false }
	case "failOn3":
		return func(v any) bool { p.fn("failOn3")(v); return true }
	case "failOn3False":
		return func(v any) bool { p.fn("failOn3")(v); return false }
	}
	panic("no predicate is called " + name)
}

// errPred is a predicate of an error. All but "throw" log that they are called.
func (p *player) errPred(name string) func(error) bool {
	answer := map[string]func(error) bool{
		"always": func(error) bool { return true },
		"never":  func(error) bool { return false },
		"isBang": func(err error) bool { return message(err) == "bang" },
		"throw":  func(error) bool { throw("predBoom"); return false },
	}[name]
	if answer == nil {
		panic("no predicate of an error is called " + name)
	}
	return func(err error) bool {
		if name != "throw" {
			p.log("pred(" + message(err) + ")")
		}
		return answer(err)
	}
}

// fn2 is a function of two values (fn, combiner).
func (p *player) fn2(name string) func(a, b any) any {
	switch name {
	case "add":
		return func(a, b any) any { return a.(int) + b.(int) }
	case "sub":
		return func(a, b any) any { return a.(int) - b.(int) }
	case "max2":
		return func(a, b any) any { return max(a.(int), b.(int)) }
	case "min2":
		return func(a, b any) any { return min(a.(int), b.(int)) }
	case "concatStr":
		return func(a, b any) any { return text(a) + text(b) }
	case "pair":
		return func(a, b any) any { return []any{a, b} }
	case "second":
		return func(_, b any) any { return b }
	case "failAdd3":
		return func(a, b any) any { p.fn("failOn3")(b); return a.(int) + b.(int) }
	}
	panic("no function of two values is called " + name)
}

// fnN is a function of several values (fn of zip, combineLatest,
// withLatestFrom). The slice is not kept.
func (p *player) fnN(name string) func([]any) any {
	switch name {
	case "sumAll":
		return func(all []any) any {
			sum := 0
			for _, v := range all {
				sum += v.(int)
			}
			return sum
		}
	case "listAll":
		return func(all []any) any { return append([]any{}, all...) }
	case "concatAll":
		return func(all []any) any {
			s := ""
			for _, v := range all {
				s += text(v)
			}
			return s
		}
	case "failAll3":
		return func(all []any) any {
			for _, v := range all {
				p.fn("failOn3")(v)
			}
			return append([]any{}, all...)
		}
	}
	panic("no function of several values is called " + name)
}

// cmp is a predicate of two values.
func (p *player) cmp(name string) func(a, b any) bool {
	switch name {
	case "equal":
		return func(a, b any) bool { return a == b }
	case "sameMod3":
		return func(a, b any) bool { return a.(int)%3 == b.(int)%3 }
	case "always":
		return func(any, any) bool { return true }
	case "never":
		return func(any, any) bool { return false }
	case "failOn3":
		return func(a, b any) bool {
			if a == 3 || b == 3 {
				throw("boom")
			}
			return a == b
		}
	}
	panic("no predicate of two values is called " + name)
}

// order is a comparator (cmp of sorted and toSortedList).
func (p *player) order(name string) func(a, b any) int {
	switch name {
	case "natural":
		return compare
	case "reverse":
		return func(a, b any) int { return compare(b, a) }
	case "byMod3":
		return func(a, b any) int { return cmp.Compare(a.(int)%3, b.(int)%3) }
	case "failOn3":
		return func(a, b any) int {
			if a == 3 || b == 3 {
				throw("boom")
			}
			return compare(a, b)
		}
	}
	panic("no comparator is called " + name)
}

// compare is the natural order of ints and strings.
func compare(a, b any) int {
	if n, ok := a.(int); ok {
		return cmp.Compare(n, b.(int))
	}
	return cmp.Compare(a.(string), b.(string))
}

// list is a function from a value to a list (fn of flatMapIterable).
func (p *player) list(name string) func(any) []any {
	switch name {
	case "repeatV":
		return func(v any) (all []any) {
			for range v.(int) {
				all = append(all, v)
			}
			return all
		}
	case "pairList":
		return func(v any) []any { return []any{v, v.(int) * 10} }
	case "emptyList":
		return func(any) []any { return nil }
	case "failOn3":
		return func(v any) []any { p.fn("failOn3")(v); return []any{v} }
	}
	panic("no function to a list is called " + name)
}

// text is a value as Java's string concatenation writes it.
func text(v any) string {
	if all, ok := v.([]any); ok {
		var parts []string
		for _, v := range all {
			parts = append(parts, text(v))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	}
	if v == nil {
		return "null"
	}
	return fmt.Sprint(v)
}
