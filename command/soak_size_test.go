//go:build !race

package command_test

// soakSize is how many executions TestSoak makes in an ordinary run.
const soakSize = 50_000
