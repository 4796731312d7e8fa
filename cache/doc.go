// Package cache has the request scope, with variables that live as long as it,
// and the request cache: executions that are shared and replayed within a scope.
//
// A [Scope] is what Hystrix calls a HystrixRequestContext. It travels in a
// context.Context, so every goroutine that works for the request shares it:
//
//	ctx, scope := cache.NewScope(ctx)
//	defer scope.Close()
//
// A [Var] is a typed variable of the scope (HystrixRequestVariable). A [Flight]
// is an execution with several sharers; [Shared] makes any stream one, under a
// [Key].
//
// # Rules
//
//   - S1: a variable is made at most once per scope, by the first Get, without a
//     lock held; Close disposes the variables newest first, each once.
//   - S2: a key has at most one live flight per scope, but for those that Clear
//     made it forget. Who comes while it flies, or after it has ended, shares it:
//     items, completion or error are replayed.
//   - S3: a flight ends early when its last sharer leaves, or its scope closes,
//     and only then: who leaves never disturbs the others.
//   - S4: a flight that its sharers have left is never inherited: the next call
//     replaces it.
//   - S5: a flight is detached from who started it: it keeps that context's
//     values, but neither its end nor what it holds.
//   - S6: no lock is held while user code or an observer runs.
package cache
