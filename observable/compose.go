package observable

// Compose returns transform(o). It lets a function that puts several operators
// together stand in a chain like one of them:
//
//	Compose(o, withRetries)
func Compose[T, R any](o Observable[T], transform func(o Observable[T]) Observable[R]) Observable[R] {
	if transform == nil {
		panic(badArgument("Compose", "transform", nil, "a function"))
	}
	return transform(o)
}
