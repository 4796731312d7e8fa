// Package metrics holds what is known about the executions of a command: how
// often each [Event] happened in a sliding window and since the beginning, how
// many executions were in progress at a time, and how long they took.
//
// A [Recorder] is fed by whoever runs the commands and read by whoever exports
// their figures; it knows neither. It has no clock and no goroutine: each call
// brings now, the nanoseconds since an epoch that all callers share, from a
// monotonic clock; nothing is sampled in the background, a [Snapshot] is summed
// when it is asked for.
//
// A [BatchRecorder] is the same for a collapser: its events, and how large its
// batches are.
//
// Events, their fixed order and what they count for are Hystrix's; so are the
// defaults of [Config].
//
// The rules that the package keeps, cited by number in code and tests:
//
//   - M1. What was counted is in Cumulative for ever, once. It is in Rolling from
//     the moment it was counted until its bucket leaves the window: the window
//     is the open bucket and those before it. (Hystrix leaves the open bucket
//     out.)
//   - M2. A write takes no lock, except the first after a bucket has ended. That
//     lock is held for as long as it takes to sum or to clear some numbers, never
//     while user code runs.
//   - M3. A Recorder that was never written to has allocated nothing but itself,
//     200 bytes at most. Each bucket's memory is made when it is first used and
//     then reused: after one lap of the windows writing allocates nothing.
//   - M4. Execution and Total are exact with respect to each other: a total that
//     differs from its execution's latency is told apart whenever the
//     distribution can tell the two durations apart.
//   - M5. MaxConcurrency is the highest concurrency that a start in the window
//     made. An execution that began before the window and is still in progress
//     is part of Concurrency, and of the maximum again with the next start.
//     (So in Hystrix.)
package metrics
