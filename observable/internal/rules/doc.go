// Package rules holds no code: its tests put every operator and every source of
// package observable through the contract C1 to C20. They are a package of their
// own because operators times item types take long to compile.
package rules
