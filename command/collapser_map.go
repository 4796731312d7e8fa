package command

import "fmt"

// ByPosition is a CollapserSpec.Map for a batch command that returns one value
// for each argument, in their order. Another number of values fails all requests.
func ByPosition[In comparable, Out any](values []Out, requests []*Request[In, Out]) error {
	if len(values) != len(requests) {
		return fmt.Errorf("command: a batch of %d arguments got %d values, want one for each", len(requests), len(values))
	}
	for i, r := range requests {
		if err := r.Respond(values[i]); err != nil {
			return err
		}
	}
	return nil
}

// ByArgument is a CollapserSpec.Map for a batch command that returns a map from
// arguments to values. An argument that is not in it has no response.
func ByArgument[In comparable, Out any](values map[In]Out, requests []*Request[In, Out]) error {
	for _, r := range requests {
		if v, ok := values[r.Arg()]; ok {
			if err := r.Respond(v); err != nil {
				return err
			}
		}
	}
	return nil
}

// ByKey returns a CollapserSpec.Map for a batch command that returns values in
// any order: a request gets the value whose key is its argument's. Of several with
// one key the last counts, and one that nobody asked for is dropped.
func ByKey[In, K comparable, Out any](argKey func(In) K, valueKey func(Out) K) func([]Out, []*Request[In, Out]) error {
	return func(values []Out, requests []*Request[In, Out]) error {
		byKey := make(map[K]Out, len(values))
		for _, v := range values {
			byKey[valueKey(v)] = v
		}
		for _, r := range requests {
			if v, ok := byKey[argKey(r.Arg())]; ok {
				if err := r.Respond(v); err != nil {
					return err
				}
			}
		}
		return nil
	}
}
