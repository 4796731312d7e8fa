//go:build !unix

package bench_test

import "time"

// processTime is not known here, and not reported then.
func processTime() time.Duration { return 0 }
