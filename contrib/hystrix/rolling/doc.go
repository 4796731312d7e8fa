// Package rolling has the types that the accessors of hystrix-go's default
// collector return, for programs that use them: numbers over the last ten seconds
// and durations over the last minute. quill itself counts in package metrics.
package rolling
