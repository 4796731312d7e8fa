package rx

import (
	"context"
	"errors"
	"time"

	"github.com/reactivex/rxgo/v2"

	"github.com/quillgo/quill/observable"
)

const (
	// lull is how long a draining goroutine waits for the next item.
	lull = 10 * time.Millisecond
	// patience is the pause after which a channel is given up: with the shorter
	// ones before it, nothing has come for ten seconds.
	patience = 512 * lull
)

// remains is what rxgo may still send after the end of a subscription (rule
// X4).
type remains struct {
	ctx     context.Context // the subscription's, for its error handler
	items   <-chan rxgo.Item
	release func()        // lets the subscription's hold go; called once
	pause   time.Duration // the last one; zero after an item
	// undrained keeps drain from being called, and reports whether it has.
	undrained func() bool
}

// closed is called by the reader that found the channel closed.
func (r *remains) closed() {
	if r.undrained() {
		r.release()
	}
}

// drain reads until the channel is closed. In a lull it leaves, to come back
// after a pause that doubles each time, and for the last time after patience. It
// runs on a goroutine of its own, which does not outlast the lull.
func (r *remains) drain() {
	quiet := time.NewTimer(lull)
	defer quiet.Stop()
	for {
		select {
		case item, open := <-r.items:
			if !open {
				r.release()
				return
			}
			late(r.ctx, item.E)
			r.pause = 0
			quiet.Reset(lull)
		case <-quiet.C:
			if r.pause == patience {
				r.release()
				return
			}
			r.pause = max(lull, 2*r.pause)
			time.AfterFunc(r.pause, r.drain)
			return
		}
	}
}

// late reports an error that came after the end (rule C8), unless it only says
// that a context has ended.
func late(ctx context.Context, err error) {
	if err != nil && !errors.Is(err, context.Canceled) && ctx.Err() == nil {
		observable.ReportError(ctx, err)
	}
}
