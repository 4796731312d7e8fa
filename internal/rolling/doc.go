// Package rolling holds what is counted and measured over a sliding window of
// time: [Counters], the maximum of a gauge ([Max]), a distribution of
// durations ([Latency]), and successes against errors ([Ratio]). It knows kinds
// by index and no names of events; it has no clock and no goroutine. Every
// method takes now, the nanoseconds since its owner's epoch, from a monotonic
// clock that all callers share.
//
// A window is cut into equal buckets. It covers the open bucket, the one that
// now is in, and as many closed ones before it as make up the window: it moves
// on by a whole bucket at a time, and what was counted in the last instants of
// a bucket leaves with the bucket.
//
// The rules of Counters, Max and Latency, cited by number in code and tests:
//
//   - W1. Writing takes no lock, except for the first write after a bucket has
//     ended. Reading takes the same lock as that one, for as long as it takes to
//     sum the buckets; the open bucket may be written to meanwhile.
//   - W2. The open bucket only moves forward. A write with an older now goes to
//     the open bucket, never to a closed one; a read with an older now sees the
//     window that ends with the open bucket.
//   - W3. Reading changes nothing: a read ahead of the writers moves no bucket.
//   - W4. What Counters were given is in Cumulative for ever, once. It is in
//     Rolling for as long as its bucket is part of the window.
//   - W5. A writer that stalls between finding its bucket and writing to it
//     writes late: into whatever part of time the bucket stands for by then.
//     Its count is neither lost nor doubled (Max and Latency, which keep nothing
//     beyond the window, may lose a value whose bucket has left it).
//   - W6. A gap of any length costs no more than the step to the next bucket, and
//     leaves nothing stale.
//   - W7. Nothing is allocated before the first write. The memory of a bucket is
//     made when it is first used and reused from then on: after one lap of the
//     window there are no allocations.
package rolling
