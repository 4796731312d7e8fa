// Package fuzz holds no code: its tests run random chains of operators over random
// sources on virtual time and compare them, signal by signal and instant by
// instant, with a naive model that works on lists.
//
// In the model a stream is a function from the instant of its subscription to a
// list of signals, and an operator a function of such functions. It knows
// neither goroutines nor disposal: what comes after the end is cut off, and a
// stream that is stopped is a list that nobody reads on.
//
// The model has no order for signals of different origin at the same instant. So
// there are none: the instants of a source depend on its place in the chain, on
// when it was subscribed to and on the item that it was made for, and no two
// durations are equal. Signals of one instant are those that one call emits.
package fuzz
