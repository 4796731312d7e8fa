package rolling

import (
	"math"
	"slices"
	"sync"
	"time"
)

// timings is how many seconds a Timing looks back, the current one included.
const timings = 60

// fresh is how long a sorted list serves before it is made anew.
const fresh = time.Second

// Timing keeps the durations of the last sixty seconds. Its methods may be
// called concurrently; make one with [NewTiming].
type Timing struct {
	Buckets map[int64]*timingBucket // by Unix second; guarded by Mutex
	Mutex   *sync.RWMutex

	CachedSortedDurations []time.Duration // guarded by Mutex; replaced, never written to
	LastCachedTime        int64           // when it was sorted, Unix nanoseconds; guarded by Mutex
}

type timingBucket struct {
	Durations []time.Duration
}

// NewTiming returns a timing without durations.
func NewTiming() *Timing {
	return &Timing{Buckets: map[int64]*timingBucket{}, Mutex: new(sync.RWMutex)}
}

// Add adds a duration to the current second.
func (r *Timing) Add(duration time.Duration) {
	second := time.Now().Unix()
	r.Mutex.Lock()
	defer r.Mutex.Unlock()
	b, ok := r.Buckets[second]
	if !ok {
		b = new(timingBucket)
		for s := range r.Buckets {
			if s <= second-timings {
				delete(r.Buckets, s)
			}
		}
		r.Buckets[second] = b
	}
	b.Durations = append(b.Durations, duration)
}

// SortedDurations returns the durations of the last sixty seconds, the shortest
// first, as they were at most a second ago. The slice is the caller's.
func (r *Timing) SortedDurations() []time.Duration { return slices.Clone(r.sorted()) }

// sorted returns CachedSortedDurations, made anew if it is too old.
func (r *Timing) sorted() []time.Duration {
	now := time.Now()
	r.Mutex.Lock()
	defer r.Mutex.Unlock()
	if age := now.UnixNano() - r.LastCachedTime; r.LastCachedTime != 0 && age >= 0 && age < int64(fresh) {
		return r.CachedSortedDurations
	}
	var all []time.Duration
	for second, b := range r.Buckets {
		if second > now.Unix()-timings {
			all = append(all, b.Durations...)
		}
	}
	slices.Sort(all)
	r.CachedSortedDurations, r.LastCachedTime = all, now.UnixNano()
	return all
}

// Percentile returns, in whole milliseconds, the shortest duration that p percent
// of all are no longer than: p is 0 for the shortest, 100 for the longest, and
// what lies outside counts as the nearer of the two. Without durations it returns
// 0.
func (r *Timing) Percentile(p float64) uint32 {
	all := r.sorted()
	if len(all) == 0 {
		return 0
	}
	rank := int(math.Ceil(p / 100 * float64(len(all))))
	return milliseconds(all[min(max(rank, 1), len(all))-1])
}

// Mean returns the mean of the durations in whole milliseconds, or 0 without any.
func (r *Timing) Mean() uint32 {
	all := r.sorted()
	if len(all) == 0 {
		return 0
	}
	var sum time.Duration
	for _, d := range all {
		sum += d
	}
	return milliseconds(sum / time.Duration(len(all)))
}

func milliseconds(d time.Duration) uint32 {
	return uint32(min(max(d.Milliseconds(), 0), math.MaxUint32))
}
