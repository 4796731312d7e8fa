package difftest_test

// intended are the lines in which the shim differs, by scenario: the original's
// and ours.
var intended = map[string][]string{
	"timeout": {
		"  told: attempts=1 errors=1 timeouts=1 total ->   told: attempts=1 errors=1 timeouts=1 inUse=0.001 total run",
		"  told: attempts=1 errors=1 timeouts=1 fallbackSuccesses=1 total ->   told: attempts=1 errors=1 timeouts=1 fallbackSuccesses=1 inUse=0.002 total run",
		"  told: attempts=1 errors=1 timeouts=1 fallbackFailures=1 total ->   told: attempts=1 errors=1 timeouts=1 fallbackFailures=1 inUse=0.003 total run",
	},
	"caller cancels": {
		"  told: attempts=1 canceled=1 total ->   told: attempts=1 canceled=1 inUse=0.001 total run",
		"  told: attempts=1 fallbackSuccesses=1 canceled=1 total ->   told: attempts=1 fallbackSuccesses=1 canceled=1 inUse=0.002 total run",
		"  told: attempts=1 fallbackFailures=1 canceled=1 total ->   told: attempts=1 fallbackFailures=1 canceled=1 inUse=0.003 total run",
	},
	"caller's deadline": {
		"  told: attempts=1 exceeded=1 total ->   told: attempts=1 exceeded=1 inUse=0.001 total run",
		"  told: attempts=1 fallbackSuccesses=1 exceeded=1 total ->   told: attempts=1 fallbackSuccesses=1 exceeded=1 inUse=0.002 total run",
		"  told: attempts=1 fallbackFailures=1 exceeded=1 total ->   told: attempts=1 fallbackFailures=1 exceeded=1 inUse=0.003 total run",
	},
	"run returns the circuit's errors": {
		"  told: attempts=1 errors=1 timeouts=1 total run ->   told: attempts=1 errors=1 failures=1 total run",
		"  told: attempts=1 errors=1 shortCircuits=1 total run ->   told: attempts=1 errors=1 failures=1 total run",
		"  told: attempts=1 errors=1 rejects=1 total run ->   told: attempts=1 errors=1 failures=1 total run",
		"  told: attempts=1 errors=1 timeouts=1 fallbackSuccesses=1 total run ->   told: attempts=1 errors=1 failures=1 fallbackSuccesses=1 total run",
		"  told: attempts=1 errors=1 shortCircuits=1 fallbackSuccesses=1 total run ->   told: attempts=1 errors=1 failures=1 fallbackSuccesses=1 total run",
		"  told: attempts=1 errors=1 rejects=1 fallbackSuccesses=1 total run ->   told: attempts=1 errors=1 failures=1 fallbackSuccesses=1 total run",
		"  told: attempts=1 errors=1 timeouts=1 fallbackFailures=1 total run ->   told: attempts=1 errors=1 failures=1 fallbackFailures=1 total run",
		"  told: attempts=1 errors=1 shortCircuits=1 fallbackFailures=1 total run ->   told: attempts=1 errors=1 failures=1 fallbackFailures=1 total run",
		"  told: attempts=1 errors=1 rejects=1 fallbackFailures=1 total run ->   told: attempts=1 errors=1 failures=1 fallbackFailures=1 total run",
	},
	"places of hung runs": {
		"ErrTimeout -> ErrMaxConcurrency",
		"ErrTimeout -> ErrMaxConcurrency",
	},
	"more places": {
		"ErrMaxConcurrency -> works",
	},
	"run's context": {
		"ErrTimeout, ended: false -> ErrTimeout, ended: true",
	},
	"success by hand on an open circuit": {
		"  told: reset ->   told: attempts=1 successes=1 total",
		"  told: attempts=1 successes=1 total -> open: true",
		"open: false -> (nothing)",
	},
	"the share of errors": {
		"open: true -> open: false",
	},
	"a context that has ended": {
		"called: true -> called: false",
	},
}
