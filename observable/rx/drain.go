package rx

import (
	"context"
	"errors"
	"runtime"
	"time"

	"github.com/reactivex/rxgo/v2"

	"github.com/quillgo/quill/observable"
)

const (
	// looks is how often a drain looks in vain, with a yield after each, before it
	// pauses.
	looks = 100
	// shortest is the first pause of a drain, longest the one after which a channel
	// is given up: all in all nothing has come for 13 seconds then.
	shortest = 100 * time.Microsecond
	longest  = shortest << 16
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

// drain reads until the channel is closed, on a goroutine of its own, which
// never waits: when there is nothing it leaves, to be called again after a pause
// that doubles each time. So an item waits about as long as nothing had come
// before it, at most.
func (r *remains) drain() {
	for missed := 0; missed < looks; {
		select {
		case item, open := <-r.items:
			if !open {
				r.release()
				return
			}
			late(r.ctx, item.E)
			missed, r.pause = 0, 0
		default:
			missed++
			runtime.Gosched()
		}
	}
	if r.pause == longest {
		r.release()
		return
	}
	r.pause = max(shortest, 2*r.pause)
	time.AfterFunc(r.pause, r.drain)
}

// late reports an error that came after the end (rule C8), unless it only says
// that a context has ended.
func late(ctx context.Context, err error) {
	if err != nil && !errors.Is(err, context.Canceled) && ctx.Err() == nil {
		observable.ReportError(ctx, err)
	}
}
