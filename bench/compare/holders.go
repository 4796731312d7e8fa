package main

import (
	"context"
	"strconv"
	"sync"
	"time"

	"github.com/afex/hystrix-go/hystrix"
	"github.com/cep21/circuit/v4"
	"github.com/eapache/go-resiliency/deadline"
	"github.com/failsafe-go/failsafe-go"
	"github.com/sony/gobreaker/v2"

	"github.com/quillgo/quill/bench/internal/peers"
	"github.com/quillgo/quill/command"
)

// barrier is a body that stays, so that the call is in flight.
type barrier struct {
	entered sync.WaitGroup
	leave   chan struct{}
}

func (b *barrier) stay(context.Context, int) (int, error) {
	b.entered.Done()
	<-b.leave
	return 0, nil
}

// blocked is the setup of calls that stay in flight.
func blocked() (*barrier, peers.Setup) {
	b := &barrier{leave: make(chan struct{})}
	s := peers.Default()
	s.Limit, s.Timeout, s.Run = peers.HystrixLimit, time.Hour, b.stay
	return b, s
}

// inFlight is a holder of calls, each on a goroutine of its own. ready makes
// the library ready and returns the call.
func inFlight(name string, ready func(s peers.Setup) (call func())) holder {
	b, s := blocked()
	var call func()
	return holder{name, func(n int) any {
		if call == nil {
			call = ready(s)
		}
		b.entered.Add(n)
		for range n {
			go call() // ends with the process
		}
		b.entered.Wait()
		return b
	}}
}

// started is a holder of futures, all started by one goroutine.
func started(name string, ready func(s peers.Setup) (start func() any)) holder {
	b, s := blocked()
	var start func() any
	return holder{name, func(n int) any {
		if start == nil {
			start = ready(s)
		}
		b.entered.Add(n)
		all := make([]any, n)
		for i := range all {
			all[i] = start()
		}
		b.entered.Wait()
		return all
	}}
}

// registered is a holder of commands, each of which was used once if use is set.
func registered[C any](name string, s peers.Setup, build func(s peers.Setup, name string) C, use func(C)) holder {
	return holder{name, func(n int) any {
		all := make([]C, n)
		for i := range all {
			all[i] = build(s, "command-"+strconv.Itoa(n)+"-"+strconv.Itoa(i))
			if use != nil {
				use(all[i])
			}
		}
		return all
	}}
}

func allHolders() []holders {
	ctx := context.Background()
	quill := func(how command.Isolation) func(peers.Setup) func() {
		return func(s peers.Setup) func() {
			q := peers.Quill(s, how)
			return func() { _, _ = q.Execute(ctx, 0) }
		}
	}
	future := func(how command.Isolation) func(peers.Setup) func() any {
		return func(s peers.Setup) func() any {
			q := peers.Quill(s, how)
			return func() any { return q.ToFuture(ctx, 0) }
		}
	}
	return []holders{
		{"H1", "one synchronous call in flight, its caller's goroutine included", []holder{
			inFlight("bare", func(s peers.Setup) func() { return func() { _, _ = s.Run(ctx, 0) } }),
			inFlight("bare+ctxTimeout", func(s peers.Setup) func() {
				return func() {
					ctx, cancel := context.WithTimeout(ctx, s.Timeout)
					defer cancel()
					_, _ = s.Run(ctx, 0)
				}
			}),
			inFlight("quill", quill(command.Semaphore)),
			inFlight("quill-pool", quill(command.Pool)),
			inFlight("gobreaker", func(s peers.Setup) func() {
				cb, slots := peers.Gobreaker(s), make(chan struct{}, s.Limit)
				return func() {
					_, _ = cb.Execute(func() (int, error) {
						slots <- struct{}{}
						defer func() { <-slots }()
						ctx, cancel := context.WithTimeout(ctx, s.Timeout)
						defer cancel()
						return s.Run(ctx, 0)
					})
				}
			}),
			inFlight("cep21", func(s peers.Setup) func() {
				c := peers.CEP21("Bench", s, true)
				return func() {
					_ = c.Run(ctx, func(ctx context.Context) error {
						_, err := s.Run(ctx, 0)
						return err
					})
				}
			}),
			inFlight("cep21.Go", func(s peers.Setup) func() {
				c := peers.CEP21("Bench", s, true)
				return func() {
					_ = c.Go(ctx, func(ctx context.Context) error {
						_, err := s.Run(ctx, 0)
						return err
					}, nil)
				}
			}),
			inFlight("failsafe", func(s peers.Setup) func() {
				policies := peers.Failsafe(s)
				return func() {
					_, _ = policies.WithContext(ctx).GetWithExecution(func(exec failsafe.Execution[int]) (int, error) {
						return s.Run(exec.Context(), 0)
					})
				}
			}),
			inFlight("hystrix-go", func(s peers.Setup) func() {
				name := peers.Hystrix(s)
				return func() {
					_ = hystrix.DoC(ctx, name, func(ctx context.Context) error {
						_, err := s.Run(ctx, 0)
						return err
					}, nil)
				}
			}),
			inFlight("eapache", func(s peers.Setup) func() {
				eb, limit := peers.Eapache(s), deadline.New(s.Timeout)
				return func() {
					_ = eb.Run(func() error {
						return limit.Run(func(<-chan struct{}) error {
							_, err := s.Run(ctx, 0)
							return err
						})
					})
				}
			}),
		}},
		{"H2", "one asynchronous call in flight", []holder{
			started("bare", func(s peers.Setup) func() any {
				return func() any {
					done := make(chan int, 1)
					go func() {
						ctx, cancel := context.WithTimeout(ctx, s.Timeout)
						defer cancel()
						v, _ := s.Run(ctx, 0)
						done <- v
					}()
					return done
				}
			}),
			started("quill", future(command.Pool)),
			started("quill-semaphore", future(command.Semaphore)),
			started("failsafe.GetAsync", func(s peers.Setup) func() any {
				policies := peers.Failsafe(s)
				return func() any {
					return policies.WithContext(ctx).GetAsyncWithExecution(func(exec failsafe.Execution[int]) (int, error) {
						return s.Run(exec.Context(), 0)
					})
				}
			}),
			started("hystrix.Go", func(s peers.Setup) func() any {
				name := peers.Hystrix(s)
				return func() any {
					return hystrix.GoC(ctx, name, func(ctx context.Context) error {
						_, err := s.Run(ctx, 0)
						return err
					}, nil)
				}
			}),
		}},
		{"H3", "one command, made", commands(ctx, false)},
		{"H3Used", "one command, used once", commands(ctx, true)},
	}
}

// commands are the holders of group H3. gobreaker has no bulkhead, timeout or
// fallback in what it holds.
func commands(ctx context.Context, used bool) []holder {
	s := peers.Default()
	r, err := command.NewRegistry(command.RegistryOptions{})
	if err != nil {
		panic(err)
	}
	return []holder{
		registered("quill", s, func(s peers.Setup, name string) *command.Command[int, int] {
			q, err := peers.QuillIn(r, name, s, command.Semaphore, nil, command.Unset)
			if err != nil {
				panic(err)
			}
			return q
		}, when(used, func(q *command.Command[int, int]) { _, _ = q.Execute(ctx, 0) })),
		registered("gobreaker", s, func(s peers.Setup, _ string) *gobreaker.CircuitBreaker[int] {
			return peers.Gobreaker(s)
		}, when(used, func(cb *gobreaker.CircuitBreaker[int]) {
			_, _ = cb.Execute(func() (int, error) { return s.Run(ctx, 0) })
		})),
		registered("cep21", s, func(s peers.Setup, name string) *circuit.Circuit { return peers.CEP21(name, s, false) }, when(used, runOnce(ctx, s))),
		registered("cep21+stats", s, func(s peers.Setup, name string) *circuit.Circuit { return peers.CEP21(name, s, true) }, when(used, runOnce(ctx, s))),
		registered("failsafe", s, func(s peers.Setup, _ string) failsafe.Executor[int] { return peers.Failsafe(s) }, when(used, func(e failsafe.Executor[int]) {
			_, _ = e.Get(func() (int, error) { return s.Run(ctx, 0) })
		})),
		registered("hystrix-go", s, func(s peers.Setup, _ string) *hystrix.CircuitBreaker {
			c, _, err := hystrix.GetCircuit(peers.Hystrix(s))
			if err != nil {
				panic(err)
			}
			return c
		}, when(used, func(c *hystrix.CircuitBreaker) {
			_ = hystrix.DoC(ctx, c.Name, func(ctx context.Context) error {
				_, err := s.Run(ctx, 0)
				return err
			}, nil)
		})),
	}
}

func when[T any](want bool, f func(T)) func(T) {
	if !want {
		return nil
	}
	return f
}

func runOnce(ctx context.Context, s peers.Setup) func(*circuit.Circuit) {
	return func(c *circuit.Circuit) {
		_ = c.Run(ctx, func(ctx context.Context) error {
			_, err := s.Run(ctx, 0)
			return err
		})
	}
}
