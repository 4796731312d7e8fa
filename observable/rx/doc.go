// Package rx is the bridge between rxgo (github.com/reactivex/rxgo/v2) and
// package observable, both ways:
//
//	squares := observable.Map(rx.From[int](numbers), square) // numbers is an rxgo.Observable
//	legacy.Run(rx.To(squares))                               // and so is what To returns
//
// It is the only package that imports rxgo, which links testify and others into
// its users.
//
// # What ends what
//
//   - X1: each subscription observes the rxgo stream anew, with a context that
//     ends when the subscription ends in any way: rxgo's goroutines are told even
//     where rxgo's own Take or First forgets to.
//   - X2: items are emitted on the subscriber's goroutine, one by one, so Subscribe
//     blocks until the end, as a chain without a scheduler does. Dispose, or
//     the end of the context, frees it, whatever rxgo does.
//   - X3: the first error ends the stream, though rxgo may go on after it. What
//     comes later is read and dropped; errors among it go to the error handler,
//     unless they only say that the context was cancelled.
//   - X4: what rxgo still sends after the end is read and dropped until it closes
//     the channel, because many of its operators send without looking at any context.
//     Nobody waits for that, no goroutine either: an empty channel is
//     looked at again after pauses that double, and given up once nothing has come for
//     more than ten seconds.
//   - X5: a [observable.Hold] is retained from the subscription until the channel
//     is closed or given up, since user functions inside rxgo may run as long.
//   - X6: an rxgo stream made by [To] subscribes each time it is observed, with the
//     context of that observation, and closes its channel when nothing will
//     be sent any more.
//
// # What rxgo cannot do
//
// Some of it needs care on the side of the user:
//
//   - An rxgo operator that ends early without a context tells its source nothing.
//     To(o).Take(3).Observe() leaves the source waiting to send the fourth item,
//     for ever; Observe(rxgo.WithContext(ctx)) frees it when ctx ends. From(To(o).Take(3))
//     needs no context, by X1.
//   - FromChannel with a channel that stays open, Never and, once cancelled, Range do
//     not close their channel: X4 gives it up. What is sent to the channel of a
//     FromChannel meanwhile is lost; observable.FromChan takes nothing after the end.
//   - What rxgo starts when it is built (Merge, Concat, Amb, CombineLatest, Start,
//     Create, Interval, FromEventSource, GroupBy, Retry, Sample, Serialize, StartWith,
//     ZipFromIterable) and FlatMap, Join, Debounce and the buffers and windows
//     of time look only at a context that is given to them there. Without one they
//     run on and X4 reads until they have ended: one that never ends is read for ever.
//   - FlatMap and the like wait for ever behind a Range that has been cancelled.
//     A Map in between closes the channel.
//   - Nobody can leave FromEventSource, Interval or a connectable: what they send is
//     held up until the channels of those who left have been read, and for ever if that
//     was given up. Bridge it once and share it on this side (Share, Publish), or
//     use rxgo's Drop strategy.
//   - FlatMap, Join, Debounce and the buffers and windows of time can be observed
//     only once: rxgo crashes at the second time. What rxgo starts when it is
//     built splits its items among its observers. Both are built anew for each
//     subscription inside observable.Defer.
//   - A panic of a user function inside rxgo ends the process: rxgo runs it on its
//     own goroutine and does not recover.
//
// # What is lost
//
//   - Types: an item of another dynamic type than asked for is a [*TypeError].
//   - Errors in between: see X3. A [To] stream has at most one.
//   - The cause of a cancelled context: an rxgo reader sees the channel close, as with
//     rxgo's own sources; [From] tells the cause when the subscription's context
//     ends, but takes for completion what another context, given to an rxgo
//     operator, has cut short.
//   - The contexts given to rxgo operators: the subscription's replaces them where
//     rxgo lets an observation choose, that is in Map, Filter and the like. Its
//     values are seen there by user functions.
//   - Nil items where many rxgo operators take nil for the absence of an item.
package rx
