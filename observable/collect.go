package observable

// Count emits how many items there were, when the source completes.
//
//	a b c |  Count  =>  3 |
func Count[T any](o Observable[T]) Observable[int] {
	return ReduceSeed(o, 0, func(n int, _ T) int { return n + 1 })
}

// Collect makes a container at each subscription, has add put each item into it,
// and emits it when the source completes. C is a pointer, a map, or something
// else that add can change; for values there is [ReduceWith]. If create panics the
// source is not subscribed to. RxJava's collectInto is a create that returns what
// is there already.
//
//	a b b |  Collect(newSet, add)  =>  {a b} |
func Collect[T, C any](o Observable[T], create func() C, add func(container C, v T)) Observable[C] {
	switch {
	case create == nil:
		panic(badArgument("Collect", "create", nil, "a function"))
	case add == nil:
		panic(badArgument("Collect", "add", nil, "a function"))
	}
	return ReduceWith(o, create, func(container C, v T) C {
		add(container, v)
		return container
	})
}

// ToList emits a slice of all items when the source completes; it is never nil,
// and the observer's own. The blocking form is [Observable.ToSlice].
//
//	1 2 3 |  ToList  =>  [1 2 3] |
func ToList[T any](o Observable[T]) Observable[[]T] {
	return ReduceSeed(o, []T{}, func(all []T, v T) []T { return append(all, v) })
}

// ToMap emits a map of all items by their key when the source completes. Of
// items with equal keys the last one stays.
//
//	a1 b2 a3 |  ToMap(letter)  =>  {a:a3 b:b2} |
func ToMap[T any, K comparable](o Observable[T], key func(T) K) Observable[map[K]T] {
	if key == nil {
		panic(badArgument("ToMap", "key", nil, "a function"))
	}
	return intoMap(o, func(all map[K]T, v T) { all[key(v)] = v })
}

// ToMapValue is [ToMap] of value(v) instead of each item v (RxJava: toMap with a
// value selector).
//
//	a1 b2 a3 |  ToMapValue(letter, number)  =>  {a:3 b:2} |
func ToMapValue[T any, K comparable, V any](o Observable[T], key func(T) K, value func(T) V) Observable[map[K]V] {
	switch {
	case key == nil:
		panic(badArgument("ToMapValue", "key", nil, "a function"))
	case value == nil:
		panic(badArgument("ToMapValue", "value", nil, "a function"))
	}
	return intoMap(o, func(all map[K]V, v T) { all[key(v)] = value(v) })
}

// ToMultimap emits a map of the items of each key, in their order, when the
// source completes.
//
//	a1 b2 a3 |  ToMultimap(letter)  =>  {a:[a1 a3] b:[b2]} |
func ToMultimap[T any, K comparable](o Observable[T], key func(T) K) Observable[map[K][]T] {
	if key == nil {
		panic(badArgument("ToMultimap", "key", nil, "a function"))
	}
	return intoMap(o, func(all map[K][]T, v T) {
		k := key(v)
		all[k] = append(all[k], v)
	})
}

// ToMultimapValue is [ToMultimap] of value(v) instead of each item v (RxJava:
// toMultimap with a value selector).
//
//	a1 b2 a3 |  ToMultimapValue(letter, number)  =>  {a:[1 3] b:[2]} |
func ToMultimapValue[T any, K comparable, V any](o Observable[T], key func(T) K, value func(T) V) Observable[map[K][]V] {
	switch {
	case key == nil:
		panic(badArgument("ToMultimapValue", "key", nil, "a function"))
	case value == nil:
		panic(badArgument("ToMultimapValue", "value", nil, "a function"))
	}
	return intoMap(o, func(all map[K][]V, v T) {
		k := key(v)
		all[k] = append(all[k], value(v))
	})
}

func intoMap[T any, K comparable, V any](o Observable[T], add func(map[K]V, T)) Observable[map[K]V] {
	return Collect(o, func() map[K]V { return make(map[K]V) }, add)
}
