// Package hystrix has the API of github.com/afex/hystrix-go/hystrix on quill's
// commands: change the import path and keep the code.
//
//	import "github.com/quillgo/quill/contrib/hystrix"
//
//	err := hystrix.Do("get_user", func() error {
//		return fetch(id)
//	}, func(cause error) error {
//		return serveFromMemory(id)
//	})
//
// A name is a circuit: a command of its own with a breaker, a pool of
// MaxConcurrentRequests places and a timeout. run gets a goroutine and a place, and
// who called is free when the timeout passes, whatever run does.
//
// docs/from-hystrix-go.md of the module lists what a program could notice. In
// short: a run that outlives its timeout keeps its place until it returns, so that
// there are never more than MaxConcurrentRequests; its context ends with the
// timeout; panics are errors; settings apply at once; no result is lost on the way to
// a collector; and a success that comes late closes no circuit.
//
// Two invariants hold throughout. What a call took is back before its caller is
// told, so who calls one after the other is never refused. And functions of the
// program (run, fallback, collectors, the logger) are called with no lock held, so
// they may call this package.
package hystrix
