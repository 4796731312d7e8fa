//go:build !race

package observable_test

// many is how many items, or streams, tests use that are about what is left
// behind or lost.
const many = 100_000
