// Package difftest compares contrib/hystrix with the hystrix-go that it stands
// for: the exported API by go/types, the behaviour by one table of calls that is
// played through both, and the ways in which known programs use it, in
// difftest/patterns. It is a module of its own, so that quill does not depend on
// hystrix-go. There is nothing in it but tests.
package difftest
