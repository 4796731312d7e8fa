//go:build race

package command_test

// soakSize is how many executions TestSoak makes in an ordinary run, with the race
// detector.
const soakSize = 12_000
