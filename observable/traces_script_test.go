package observable_test

import (
	"errors"

	"github.com/quillgo/quill/observable"
)

// playScript plays a script of a subject.
func (p *player) playScript(builders map[string]builder) {
	make := subjects[p.c.Op]
	if make == nil {
		panic(notBuilt(p.c.Op))
	}
	a := p.reading(traceStage{p.c.Op, p.c.Args})
	a.bool("serialized") // as all of quill's subjects are
	s := make(p, a)
	chain := s.Observable()
	for _, stage := range p.c.Then {
		chain = p.build(builders, stage, chain)
	}
	for range p.c.observers() {
		spec := traceSubscriber{}
		if i := len(p.observers); i < len(p.c.Subscribers) {
			spec = p.c.Subscribers[i]
		}
		p.observer(spec)
	}
	for _, e := range p.c.Script {
		p.at(e.at(), func() { p.scriptStep(s, chain, e) })
	}
	p.run()
}

// observers is how many observers a script has.
func (c *traceCase) observers() int {
	n := len(c.Subscribers)
	for _, e := range c.Script {
		if e.what() == "subscribe" {
			n = max(n, e.value().(int)+1)
		}
	}
	return n
}

func (p *player) scriptStep(s observable.Subject[any], chain erased, e traceEvent) {
	switch e.what() {
	case "next":
		s.OnNext(e.value())
	case "error":
		s.OnError(errors.New(e.value().(string)))
	case "complete":
		s.OnComplete()
	case "subscribe":
		chain.Subscribe(p.ctx, p.observers[e.value().(int)])
	case "unsubscribe":
		p.observers[e.value().(int)].unsubscribe()
	case "probe":
		p.seen.Probes = append(p.seen.Probes, traceEvent{p.now(), probe(s)})
	case "onSubscribe":
		d := new(onceDisposed)
		s.OnSubscribe(d)
		p.seen.Probes = append(p.seen.Probes, traceEvent{p.now(), "onSubscribe", "disposed", d.Disposed()})
	case "cleanup": // quill's subjects let go of what is too old by themselves
	default:
		panic("no step is called " + e.what())
	}
}

// onceDisposed is a Disposable that does nothing but say whether it was.
type onceDisposed bool

func (d *onceDisposed) Dispose()       { *d = true }
func (d *onceDisposed) Disposed() bool { return bool(*d) }
