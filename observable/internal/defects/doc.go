// Package defects holds no code: its tests are what the two other libraries of
// this kind for Go were seen to get wrong, each as a test that package observable
// passes: R1 to R28 for github.com/samber/ro, G1 to G19 for
// github.com/reactivex/rxgo. Where this package has no such operator the test is
// about what one would use instead.
package defects
