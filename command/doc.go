// Package command makes calls to other services into protected, typed commands,
// as Netflix Hystrix does.
//
//	getUser := command.MustNew(command.Spec[int, User]{
//		Name:     "GetUser",
//		Run:      func(ctx context.Context, id int) (User, error) { return api.User(ctx, id) },
//		Fallback: func(ctx context.Context, id int, cause error) (User, error) { return User{ID: id}, nil },
//	})
//	user, err := getUser.Execute(ctx, 42)
//
// # Words
//
// A [Spec] describes a command; [New] makes a [Command] of it, which is reusable
// and safe for concurrent use. Its body is Spec.Run, for one value, or
// Spec.Stream. One run through the pipeline is an execution; a [Call] is one that
// can be looked at (HystrixCommand, the single-use object). Commands of one name
// share breaker, semaphores and metrics, which a [Registry] owns; commands of one
// pool key share a pool.
//
// A [Collapser] makes one batch command of many single requests. A [Log] is what was
// executed within a request scope.
//
// There are four entry points. Execute blocks, ToFuture (HystrixCommand.queue)
// starts now and blocks in [Future.Get], Observe starts now and replays,
// ToObservable starts at each subscription. The last two are streams of package
// observable and compose with its operators.
//
// # The pipeline
//
//	subscribe -> request log -> request cache: a hit shares the execution that is there
//	          -> start hook  -> breaker: open                    -> fallback
//	          -> semaphore or pool: full                         -> fallback
//	          -> body: an error, a panic, or late                -> fallback
//	          -> events, latency, end
//
// It is the same for all four: what protects a stream are the operators
// breaker.Guard, isolation.Limit, isolation.On and observable.TimeoutFirst, which
// can be used without commands, and one value goes through the same steps fused.
//
// # Watching
//
// A [Registry] reports how everything is doing ([Registry.Report]), and there are
// streams of it ([CompletionStream], [ReportStream] and others) that cost nothing
// while nobody is subscribed. [Listener] and [Hooks] are called where things happen;
// several of them are joined to one.
//
// # Rules
//
// docs/intentional.md tells where they differ from Hystrix, and why; "rule 1" to
// "rule 15" in the code are those that it numbers.
//
//   - P1. An execution has exactly one terminal event, whoever comes second to
//     choose it counts nothing, and it is counted before its caller is told.
//   - P2. The permits are back, and the breaker has been told, before the
//     fallback starts. A permit follows the body: one that outlives its timeout
//     keeps its place until it returns, and its result goes to Spec.Discard.
//   - P3. The breaker hears of each admitted execution once: of a success, or of a
//     failure, a timeout or a bulkhead's refusal, which are errors. A bad request
//     and a cancellation are neutral. For a trial a refusal decides nothing.
//   - P4. Settings are read once per execution: no execution sees half a change.
//   - P5. A body's context has the caller's values and ends when nobody waits for
//     the result: at the timeout, on cancel, when the last sharer leaves. The
//     fallback gets the caller's context.
//   - P6. With Semaphore isolation Execute runs body and fallback on the caller's
//     goroutine, and the timeout is decided when the body returns. Everything
//     else frees the caller at the timeout.
//   - P7. A panic of user code is a failure with a [*observable.PanicError], and
//     runtime.Goexit one with observable.ErrGoexit: permits come back, outcomes
//     are counted, others that share the execution are told.
//   - P8. A shared execution is detached from who started it. It ends early when
//     its last sharer leaves or the scope closes, and its entry is then replaced
//     by the next call.
//   - P9. Nothing is sampled and nothing waits in the background: a command
//     nobody calls has no goroutine and no timer.
//   - P10. A closed registry refuses with [ErrClosed] before anything is counted.
//   - P11. A request of a collapser is in one batch at most, and is told one end.
//     A batch is open while, and only while, its timer is pending; whoever takes it
//     out, the timer, the request that fills it, the last to leave or Close, deals
//     with it.
package command
