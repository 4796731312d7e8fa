package quillhttp

import "sync"

// session is the time in which a stream has clients: what its source sent since
// the first of them came. The source publishes, clients read; neither waits for
// the other, and what is kept is bounded: a client that is too slow misses bursts.
type session struct {
	stop func() // ends the source

	mu      sync.Mutex
	sent    uint64        // bursts published; guarded by mu
	last    [][]byte      // guarded by mu; burst i is at i % len(last), for the last len(last) bursts; immutable once there
	changed chan struct{} // guarded by mu; closed, and replaced, when there is more to read
	ended   bool          // guarded by mu; nothing more will be published
}

// newSession returns one that keeps that many bursts for clients to come to.
func newSession(keep int, stop func()) *session {
	return &session{stop: stop, last: make([][]byte, keep), changed: make(chan struct{})}
}

// publish lets all clients have a burst, which nobody may change any more. One
// without messages is none.
func (s *session) publish(burst []byte) {
	if len(burst) == 0 {
		return
	}
	s.mu.Lock()
	s.last[s.sent%uint64(len(s.last))] = burst
	s.sent++
	s.wake()
	s.mu.Unlock()
}

// end tells the clients that nothing more comes.
func (s *session) end() {
	s.mu.Lock()
	s.ended = true
	s.wake()
	s.mu.Unlock()
}

// wake wakes who waits; the caller holds mu.
func (s *session) wake() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// position is where a client begins that wants the last n bursts as well.
func (s *session) position(n uint64) uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sent - min(s.sent, n)
}

// next returns the first burst at or after position that is still kept, and the
// position behind it. If there is none it returns a channel that is closed when
// that may have changed; ended says that it will not.
func (s *session) next(position uint64) (burst []byte, after uint64, changed <-chan struct{}, ended bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if position == s.sent {
		return nil, position, s.changed, s.ended
	}
	kept := uint64(len(s.last))
	if s.sent-position > kept {
		position = s.sent - kept
	}
	return s.last[position%kept], position + 1, nil, false
}
