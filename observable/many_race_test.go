//go:build race

package observable_test

// many is less here, because the race detector makes each item take ten times as
// long and remembers no more for it.
const many = 20_000
