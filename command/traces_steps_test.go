package command_test

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/quillgo/quill/cache"
	"github.com/quillgo/quill/command"
	"github.com/quillgo/quill/metrics"
)

var latencies = regexp.MustCompile(`\[\d+ms\]`)

// step plays one step. An error fails the scenario.
func (p *player) step(s *step) error {
	switch s.Op {
	case "newContext":
		p.newContext(*s.Name)
	case "useContext":
		return p.useContext(s.Name)
	case "closeContext":
		return p.closeContext(*s.Name)
	case "execute", "queue", "observe", "toObservable":
		return p.call(s)
	case "submit", "awaitBatches", "batchCount", "clearCollapserCache":
		return p.collapserStep(s)
	case "openGate":
		p.open(s.Gate)
	case "sleep":
		time.Sleep(ms(*s.Ms))
	case "clearCache":
		if result := p.clearCache(s); s.at != "" {
			p.results[s.at] = result
		}
	case "setProperty":
		return p.setProperty(s)
	case "state":
		status := p.status(s.Key)
		p.bodies[s.at] = p.holding(s.Key)
		p.results[s.at] = map[string]any{}
		for _, field := range s.Fields {
			p.results[s.at][field] = stateField(status, field)
		}
	case "awaitState":
		if !p.until(awaitLimit, func() bool {
			return fmt.Sprint(stateField(p.status(s.Key), s.Field)) == fmt.Sprint(s.Equals)
		}) {
			return fmt.Errorf("%s did not become %v: it is %v", s.Field, s.Equals, stateField(p.status(s.Key), s.Field))
		}
	default:
		h := p.handles[s.Handle]
		if h == nil {
			return fmt.Errorf("unknown operation, or unknown handle %q", s.Handle)
		}
		return p.handleStep(s, h)
	}
	return nil
}

// handleStep plays a step that is about a handle.
func (p *player) handleStep(s *step, h *handle) error {
	awaits := func(what string, holds func() bool) error {
		if p.until(awaitLimit, holds) {
			return nil
		}
		return fmt.Errorf("%s did not come", what)
	}
	switch s.Op {
	case "reuse":
		return p.start(p.handle(s.As, h.instance, s.API), s)
	case "subscribe":
		to := h
		if s.As != "" {
			to = p.handle(s.As, h.instance, h.api)
			to.stream = h.stream
		}
		p.async(s, to, func() { to.subscribe(p.ctx) })
	case "unsubscribe":
		h.unsubscribe()
	case "cancel":
		p.results[s.at] = h.cancel()
	case "await":
		return p.await(s, h)
	case "awaitStarted":
		part := &h.instance.run
		if s.What == "fallback" {
			part = &h.instance.fallback
		}
		return awaits("the start", func() bool { return part.entered.Load() > 0 })
	case "awaitEvent":
		e, err := metrics.ParseEvent(s.Event)
		if err != nil {
			return err
		}
		defer time.Sleep(eventLinger)
		return awaits(s.Event, func() bool { return h.instance.call.Events().Has(e) })
	case "awaitValues":
		return awaits("the values", func() bool { return h.count() >= s.Count })
	case "awaitReturned":
		return awaits("the return of the call", h.hasReturned)
	case "snapshot":
		p.results[s.at] = h.snapshot()
	default:
		return errors.New("unknown operation")
	}
	return nil
}

// await waits for a terminal signal. It may run out only where none was recorded.
func (p *player) await(s *step, h *handle) error {
	limit := awaitLimit
	if s.Ms != nil {
		limit = ms(*s.Ms)
	}
	if s.ExpectPending {
		time.Sleep(limit)
		p.until(0, h.ended)
		p.results[s.at] = map[string]any{"pending": !h.ended()}
		return nil
	}
	if want := p.Expect.Handles[s.Handle]; !p.until(limit, h.ended) && (want == nil || want.Terminal != nil) {
		return errors.New("the terminal signal did not come")
	}
	return nil
}

func (p *player) useContext(name *string) error {
	if name == nil {
		p.ctx = context.Background()
		return nil
	}
	ctx, ok := p.scopes[*name]
	if !ok {
		return fmt.Errorf("there is no context %q", *name)
	}
	p.ctx = ctx
	return nil
}

func (p *player) closeContext(name string) error {
	ctx, ok := p.scopes[name]
	if !ok {
		return fmt.Errorf("there is no context %q", name)
	}
	p.closed[name] = p.log(ctx)
	cache.ScopeFrom(ctx).Close()
	p.ctx = context.Background()
	return nil
}

// call makes an instance and starts it.
func (p *player) call(s *step) error {
	n, err := p.newInstance(s.Cmd)
	if err != nil {
		return err
	}
	h := p.handle(s.As, n, s.Op)
	h.creator = true
	return p.start(h, s)
}

// start calls an entry point of the handle's instance.
func (p *player) start(h *handle, s *step) error {
	ctx, call := p.ctx, h.instance.call
	var f func()
	switch h.api {
	case "execute":
		f = func() { h.result(call.Execute(ctx)) }
	case "queue":
		f = func() { h.setFuture(call.ToFuture(ctx)) }
	case "observe":
		f = func() { h.attach(ctx, s, call.Observe(ctx)) }
	case "toObservable":
		f = func() { h.attach(ctx, s, call.ToObservable()) }
	default:
		return fmt.Errorf("unknown entry point %q", h.api)
	}
	p.async(s, h, f)
	return nil
}

// async makes a call, on a goroutine of its own if the step says so.
func (p *player) async(s *step, h *handle, f func()) {
	p.busy.Add(1)
	call := func() {
		defer p.busy.Add(-1)
		defer h.setReturned()
		p.guarded(s.Op, f)
	}
	if s.Async {
		go call() // ends with the call; the end of the scenario waits for it
		return
	}
	call()
}

// clearCache drops an entry of the current context's cache.
func (p *player) clearCache(s *step) map[string]any {
	n, err := p.newInstance(&body{Key: s.Key, CacheKey: s.CacheKey})
	if err == nil {
		err = n.command.ClearCache(p.ctx, struct{}{})
	}
	if err != nil {
		return map[string]any{"error": viewError(err)}
	}
	return nil
}

// setProperty changes a config field of a command.
func (p *player) setProperty(s *step) error {
	if p.Collapsers != nil {
		return p.setBatchProperty(s)
	}
	p.settings(s.Key)
	c := p.Commands[s.Key]
	if err := c.set(strings.TrimPrefix(s.Property, "breaker."), s.Value); err != nil {
		return err
	}
	p.Commands[s.Key] = c
	return p.registry.Update(s.Key, c.settings(p.multi(s.Key)))
}

// status is how the commands of a key are doing, all zero before there is one.
func (p *player) status(key string) command.Status {
	s, _ := p.registry.Status(key)
	return s
}

func stateField(s command.Status, field string) any {
	switch field {
	case "breakerOpen":
		return s.BreakerOpen
	case "execPermits":
		return s.Semaphore
	case "fallbackPermits":
		return s.Fallbacks
	case "concurrent":
		return s.Concurrent
	case "poolActive":
		return s.Pool.Active
	case "poolQueue":
		return s.Pool.Queued
	case "healthTotal":
		return s.HealthTotal
	case "healthErrors":
		return s.HealthErrors
	case "healthErrorPct":
		return s.HealthErrorPercent
	}
	return "unknown field " + field
}
