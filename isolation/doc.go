// Package isolation holds bulkheads: they bound how many calls to one
// dependency are in progress at a time, so that a slow one cannot take every
// goroutine of the program.
//
// A [Semaphore] counts. The caller runs its own code between TryAcquire and
// Release; nothing ever waits. A [Pool] has slots and, if asked for, a bounded
// queue before them; each task runs on a goroutine of its own, so that the
// caller can leave before the task ends. Both are Hystrix's: the execution and
// fallback semaphores, and the thread pool, whose threads are slots here.
//
// What a bulkhead hands out is a [Permit]. It follows the user's code, not the
// caller who started it: a call that is given up while its code still runs
// keeps its place until that code has returned, and is counted as abandoned in
// the meantime. This is what makes the limit a promise and not a wish.
//
// The rules that the package keeps, cited by number in code and tests:
//
//   - I1. There are never more permits out than the limit. A limit made smaller
//     than what is out admits nobody until enough came back; one made larger
//     admits at once. No change of a limit loses or invents a permit.
//   - I2. A permit goes back exactly once: when its last reference is dropped,
//     whether by return, panic, runtime.Goexit, cancellation or timeout.
//   - I3. A permit that went back is gone: Retain says false, and the code that
//     was to run under it must not run.
//   - I4. Admission never blocks, and a refusal does not allocate.
//   - I5. A pool decides in Hystrix's order. With a queue, as many queued tasks
//     as the threshold refuse the next. Else a free slot of the core runs it;
//     else room in the queue takes it; else a free slot up to the maximum runs
//     it, ahead of those in the queue; else it is refused.
//   - I6. The queue is first in, first out. A slot that becomes free starts the
//     head of the queue, if there is one and the maximum allows. A cancelled
//     task leaves the queue at once, and never runs.
//   - I7. A slot that was given back is free before the call that gave it back
//     returns: who tells its caller after that never sees the caller's next
//     task refused.
//   - I8. No lock is held while user code runs. No goroutine exists except those
//     that run tasks.
//   - I9. For each accepted task exactly one of these happens: Run is called,
//     Dropped is called, or Cancel reports true.
//   - I10. The figures of a pool's Stats belong to one instant:
//     Submitted = Queued + Active + Completed + Cancelled, and
//     Abandoned <= Active <= Largest.
//   - I11. A panic in a task ends neither the program nor the pool; a closed pool
//     that was waited for has no goroutine and no timer.
package isolation
