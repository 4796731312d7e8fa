package rolling

import (
	"sync"
	"time"
)

// window is how many seconds a Number looks back, the current one included.
const window = 10

// Number is a number over the last ten seconds, in buckets of a second: a sum if
// it is fed by Increment, a maximum if by UpdateMax. Its methods may be called
// concurrently; make one with [NewNumber].
type Number struct {
	Buckets map[int64]*numberBucket // by Unix second; guarded by Mutex
	Mutex   *sync.RWMutex

	second int64         // of open; guarded by Mutex
	open   *numberBucket // the bucket that was written last, or nil; guarded by Mutex
}

type numberBucket struct {
	Value float64
}

// NewNumber returns a number without a value.
func NewNumber() *Number {
	return &Number{Buckets: map[int64]*numberBucket{}, Mutex: new(sync.RWMutex)}
}

// Increment adds i to the current second.
func (r *Number) Increment(i float64) {
	if i == 0 {
		return
	}
	now := time.Now().Unix()
	r.Mutex.Lock()
	defer r.Mutex.Unlock()
	r.at(now).Value += i
}

// UpdateMax makes n the maximum of the current second, if it is greater.
func (r *Number) UpdateMax(n float64) {
	now := time.Now().Unix()
	r.Mutex.Lock()
	defer r.Mutex.Unlock()
	b := r.at(now)
	b.Value = max(b.Value, n)
}

// at returns the bucket of a second, and drops those that are too old when it
// makes one. Mutex is held.
func (r *Number) at(second int64) *numberBucket {
	if r.open != nil && r.second == second && r.Buckets[second] == r.open {
		return r.open
	}
	b, ok := r.Buckets[second]
	if !ok {
		b = new(numberBucket)
		for s := range r.Buckets {
			if s <= second-window {
				delete(r.Buckets, s)
			}
		}
		r.Buckets[second] = b
	}
	r.second, r.open = second, b
	return b
}

// Sum returns the sum over the ten seconds that end with the one of now.
func (r *Number) Sum(now time.Time) float64 {
	sum := 0.0
	r.each(now, func(v float64) { sum += v })
	return sum
}

// Max returns the greatest value of a second among the ten that end with the one
// of now, or 0.
func (r *Number) Max(now time.Time) float64 {
	most := 0.0
	r.each(now, func(v float64) { most = max(most, v) })
	return most
}

// Avg returns the [Number.Sum] for each second.
func (r *Number) Avg(now time.Time) float64 { return r.Sum(now) / window }

// each calls f, which must not block, with the value of each bucket in the
// window.
func (r *Number) each(now time.Time, f func(float64)) {
	oldest := now.Unix() - window
	r.Mutex.RLock()
	defer r.Mutex.RUnlock()
	for second, b := range r.Buckets {
		if second > oldest {
			f(b.Value)
		}
	}
}
