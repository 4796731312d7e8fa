package observable_test

import (
	"fmt"
	"maps"
	"slices"
	"time"
)

// builder puts one operator of a recording on up, the stream so far. It runs at
// assembly; what it needs of the case it asks p for: p.source(i), p.on (the
// virtual scheduler), the named functions of p.fn, p.pred, p.inner and so on.
//
// An argument that the recording does not name means RxJava's default, so a
// builder asks a.has first where there is one.
type builder func(p *player, up erased, a args) erased

// builders is every operator that can be played, by RxJava's name as the
// recordings spell it.
func builders() map[string]builder {
	all := map[string]builder{}
	for _, table := range []map[string]builder{
		coreBuilders, bufferBuilders, innerBuilders, combineBuilders, filterBuilders, timedBuilders, utilityBuilders,
	} {
		maps.Copy(all, table)
	}
	return all
}

// args is what a recording says about one operator: ints, strings, bools, and
// lists of those as []any.
type args struct {
	all  map[string]any
	read func(key string) // is told which ones a builder asks for
}

func (a args) has(key string) bool {
	_, ok := a.all[key]
	if ok && a.read != nil {
		a.read(key)
	}
	return ok
}

// argument returns the argument, which must be there and a T.
func argument[T any](a args, key string) T {
	v, ok := a.value(key).(T)
	if !ok {
		panic(fmt.Sprintf("the argument %q is %#v, want a %T", key, a.all[key], v))
	}
	return v
}

func (a args) int(key string) int          { return argument[int](a, key) }
func (a args) str(key string) string       { return argument[string](a, key) }
func (a args) values(key string) []any     { return argument[[]any](a, key) }
func (a args) value(key string) any        { a.has(key); return a.all[key] }
func (a args) ms(key string) time.Duration { return time.Duration(a.int(key)) * time.Millisecond }

// bool is false for an argument that is not there.
func (a args) bool(key string) bool { return a.has(key) && argument[bool](a, key) }

// intOr returns the argument, or what RxJava takes if there is none.
func (a args) intOr(key string, otherwise int) int {
	if !a.has(key) {
		return otherwise
	}
	return a.int(key)
}

// strOr returns the argument, or otherwise if there is none.
func (a args) strOr(key, otherwise string) string {
	if !a.has(key) {
		return otherwise
	}
	return a.str(key)
}

// only makes a case count as not built that names other arguments of op than
// these.
func (a args) only(op string, known ...string) {
	for key := range a.all {
		if !slices.Contains(known, key) {
			panic(notBuilt(op + " with " + key))
		}
	}
}

func (a args) ints(key string) (all []int) {
	for _, v := range a.values(key) {
		all = append(all, v.(int))
	}
	return all
}

// streams returns the test sources that an argument lists by their index.
func (p *player) streams(a args, key string) (all []erased) {
	for _, i := range a.ints(key) {
		all = append(all, p.source(i))
	}
	return all
}
