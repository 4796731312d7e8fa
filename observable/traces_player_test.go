package observable_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/quillgo/quill/observable"
	"github.com/quillgo/quill/observable/observabletest"
)

// player plays one case. Everything happens on one goroutine, the one that
// moves the virtual time.
type player struct {
	c    *traceCase
	ctx  context.Context // of every subscription
	on   *observabletest.VirtualScheduler
	seen traceRecord
	// wrong is what must not happen in any case, such as a panic that came through.
	wrong []string

	start     time.Time
	tests     []*traceSource
	observers []*traceObserver
	steps     int // see step

	unread map[string]bool // arguments of operators, and whether no builder ever asked for them; or nil

	// connectable is that of the chain, if it has one; its operator sets it. The
	// controls connect, disconnect and reset it.
	connectable *observable.Connectable[any]
	connection  observable.Disposable
}

// maxSteps is how many signals and calls a case may take: one that takes more
// runs in circles.
const maxSteps = 100_000

func newPlayer(c *traceCase) *player {
	p := &player{c: c, on: observabletest.NewVirtualScheduler()}
	p.start = p.on.Now()
	p.ctx = observable.WithErrorHandler(context.Background(), p.undeliverable)
	for i, spec := range c.Sources {
		p.tests = append(p.tests, newTraceSource(p, i, spec))
		p.seen.Windows = append(p.seen.Windows, []traceEvent{})
	}
	return p
}

// play plays the case.
func (p *player) play(builders map[string]builder) {
	defer p.catch("assembly")
	if p.c.Script != nil {
		p.playScript(builders)
		return
	}
	var chain erased
	if len(p.tests) > 0 {
		chain = p.source(0)
	}
	for _, stage := range p.c.stages() {
		chain = p.build(builders, stage, chain)
	}
	for _, s := range p.tests {
		s.scheduleHot()
	}
	subscribers := p.c.Subscribers
	if subscribers == nil {
		subscribers = []traceSubscriber{{}}
	}
	for _, s := range subscribers {
		o := p.observer(s)
		p.at(s.At, func() { chain.Subscribe(p.ctx, o) })
		if s.UnsubscribeAt != nil {
			p.at(*s.UnsubscribeAt, o.unsubscribe)
		}
	}
	for _, e := range p.c.Controls {
		p.at(e.at(), func() { p.control(e.what()) })
	}
	p.run()
}

// build puts one operator on the chain.
func (p *player) build(builders map[string]builder, stage traceStage, chain erased) erased {
	build := builders[stage.Op]
	if build == nil {
		panic(notBuilt(stage.Op))
	}
	return build(p, chain, p.reading(stage))
}

// reading returns the arguments of a stage and has it noted which are read.
func (p *player) reading(stage traceStage) args {
	a := stage.Args
	if a.read = nil; p.unread != nil {
		for key := range a.all {
			if _, known := p.unread[stage.Op+" "+key]; !known {
				p.unread[stage.Op+" "+key] = true
			}
		}
		a.read = func(key string) { p.unread[stage.Op+" "+key] = false }
	}
	return a
}

// notBuilt is the panic of a case with an operator that has no builder.
type notBuilt string

// catch keeps a panic of what is called where from ending the test.
func (p *player) catch(where string) {
	switch r := recover().(type) {
	case nil:
	case *observable.ArgumentError:
		p.seen = traceRecord{Throws: []string{"!IllegalArgumentException", r.Error()}}
	case notBuilt:
		panic(r)
	default:
		p.wrong = append(p.wrong, fmt.Sprintf("%d: panic in %s: %v", p.now(), where, r))
	}
}

// at schedules what the case does at ms. It is a worker of its own, so that
// nothing that is disposed cancels it.
func (p *player) at(ms int, do func()) observable.Disposable {
	d, err := p.on.Worker().After(p.start.Add(time.Duration(ms)*time.Millisecond).Sub(p.on.Now()), func() {
		defer p.catch("a step")
		do()
	})
	if err != nil {
		panic(err)
	}
	return d
}

// run moves the time to the case's end.
func (p *player) run() {
	end := 1000
	if p.c.End != nil {
		end = *p.c.End
	}
	p.on.AdvanceTo(p.start.Add(time.Duration(end) * time.Millisecond))
}

// now is the virtual time in milliseconds.
func (p *player) now() int { return p.ms(p.on.Now()) }

// ms is a time of the virtual scheduler as recordings have it.
func (p *player) ms(t time.Time) int { return int(t.Sub(p.start) / time.Millisecond) }

// log notes a side effect.
func (p *player) log(text string) {
	p.step()
	p.seen.Log = append(p.seen.Log, traceEvent{p.now(), text})
}

// step counts what happens. A case that runs in circles is stopped: its sources
// emit nothing more and its observers leave.
func (p *player) step() bool {
	p.steps++
	if p.steps == maxSteps {
		p.wrong = append(p.wrong, fmt.Sprintf("%d: it runs in circles", p.now()))
		for _, o := range p.observers {
			if o.up != nil {
				o.up.Dispose()
			}
		}
	}
	return p.steps < maxSteps
}

// undeliverable is the error handler.
func (p *player) undeliverable(err error) {
	var u *observable.UndeliverableError
	if errors.As(err, &u) {
		err = u.Err
	}
	m := message(err)
	p.log("undeliverable(" + m + ")")
	p.seen.Undeliverable = append(p.seen.Undeliverable, traceEvent{p.now(), m})
}

// control does one thing to the chain's connectable.
func (p *player) control(what string) {
	switch what {
	case "connect":
		p.connection = p.connectable.Connect(p.ctx)
	case "disconnect":
		if p.connection != nil {
			p.connection.Dispose()
		}
	case "reset":
		p.connectable.Reset()
	default:
		panic("no control is called " + what)
	}
}

// Handle implements [slog.Handler]: what is reported with no context of ours, as
// subjects do, and a task that panicked.
func (p *player) Handle(_ context.Context, r slog.Record) error {
	handled := false
	r.Attrs(func(a slog.Attr) bool {
		err, ok := a.Value.Any().(error)
		if ok && r.Message == "observable: error that nobody was told" {
			p.undeliverable(err)
			handled = true
		}
		if ok && !handled {
			p.wrong = append(p.wrong, fmt.Sprintf("%d: %s: %v", p.now(), r.Message, err))
			handled = true
		}
		return !handled
	})
	if !handled {
		p.wrong = append(p.wrong, fmt.Sprintf("%d: %s", p.now(), r.Message))
	}
	return nil
}

// Enabled implements [slog.Handler].
func (p *player) Enabled(context.Context, slog.Level) bool { return true }

// WithAttrs implements [slog.Handler].
func (p *player) WithAttrs([]slog.Attr) slog.Handler { return p }

// WithGroup implements [slog.Handler].
func (p *player) WithGroup(string) slog.Handler { return p }
