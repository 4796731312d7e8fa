package quillhttp

import "github.com/quillgo/quill/observable"

// NewStreamOf returns a stream of these bursts, of which a client may be keep
// behind, and gets replay that were sent before it came.
func NewStreamOf(bursts observable.Observable[[]byte], keep int, replay uint64, o Options) (*Stream, error) {
	o, err := o.withDefaults(defaultEvery)
	return newStream(o, bursts, keep, replay), err
}
