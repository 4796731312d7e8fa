package command_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/quillgo/quill/cache"
	"github.com/quillgo/quill/command"
	"github.com/quillgo/quill/observable"
)

// collapserConfig is a collapser's, its batch command's and its mapping's.
type collapserConfig struct {
	Scope               string            `json:"scope"`
	MaxRequests         *int              `json:"maxRequestsInBatch"`
	WindowMs            *int              `json:"windowMs"`
	RequestCacheEnabled *bool             `json:"requestCacheEnabled"`
	Command             config            `json:"command"`
	CommandKey          string            `json:"commandKey"`
	BatchRun            script            `json:"batchRun"`
	BatchFallback       bool              `json:"batchFallback"`
	CreateCommand       string            `json:"createCommand"`
	Shard               string            `json:"shard"`
	Map                 map[string]string `json:"map"` // by argument, "default" or "throw"
}

// name is the batch command's.
func (c *collapserConfig) name() string { return cmp.Or(c.CommandKey, "Batch") }

// batchRecord is one execution of a batch command.
type batchRecord struct {
	Args       []string `json:"args"`
	Collapsed  int      `json:"collapsed"`
	Events     []string `json:"events"`
	RunContext string   `json:"runContext"`
}

// line is a collapser of a scenario. Its batch command gives the letter that the
// answers begin with.
type line struct {
	p         *player
	key       string
	config    collapserConfig
	now       config // the batch command's after setProperty
	collapser *command.Collapser[argument, any]

	mu      sync.Mutex
	batches []*sent // guarded by mu; commands that were made
	created int     // guarded by mu; attempts to make one
	mapped  int     // guarded by mu
}

// argument is a request's.
type argument struct{ value any }

// sent is a batch command and what was seen of it.
type sent struct {
	args []string
	call *command.Call[[]argument, string]
	run  part
}

// errMapping is what the mapping itself fails with.
const errMapping = "mapping failed"

// lineOf returns the collapser of a key, made by the first who asks.
func (p *player) lineOf(key string) (*line, error) {
	if l := p.lines[key]; l != nil {
		return l, nil
	}
	c, ok := p.Collapsers[key]
	if !ok {
		return nil, fmt.Errorf("there is no collapser %q", key)
	}
	l := &line{p: p, key: key, config: c, now: c.Command}
	s := command.CollapserSpec[argument, any, string]{
		Name: key, Create: l.create, Map: l.answer, Registry: p.registry,
		CacheKey: func(argument) (string, bool) { return p.currentCacheKey() },
		Settings: command.CollapserSettings{
			Delay: duration(c.WindowMs), MaxRequests: number(c.MaxRequests), RequestCache: onOff(c.RequestCacheEnabled),
		},
	}
	if c.Scope == "GLOBAL" {
		s.Scope = command.Global
	}
	switch c.Shard {
	case "parity":
		s.Shard = func(a argument) string {
			return fmt.Sprint(strings.ContainsAny(argText(a)[len(argText(a))-1:], "13579"))
		}
	case "throws":
		s.Shard = func(argument) string { panic(userError("shard failed")) }
	}
	var err error
	if l.collapser, err = command.NewCollapser(s); err != nil {
		return nil, err
	}
	p.lines[key] = l
	return l, nil
}

// currentCacheKey is that of the request that is being made: the format gives
// keys to requests, which are not part of what a batch takes for their argument.
func (p *player) currentCacheKey() (string, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cacheKey == nil {
		return "", false
	}
	return *p.cacheKey, true
}

func argText(a argument) string { return text(a.value) }

// create makes the batch command.
func (l *line) create(args []argument) (*command.Call[[]argument, string], error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.created++
	if l.config.CreateCommand == "throws" {
		return nil, userError("create failed")
	}
	n := &sent{run: part{p: l.p, script: l.config.BatchRun}}
	for _, a := range args {
		n.args = append(n.args, argText(a))
	}
	slices.Sort(n.args)
	c := l.config.Command
	s := command.Spec[[]argument, string]{
		Name: l.config.name(), Group: cmp.Or(c.Group, "G"), PoolKey: c.PoolKey,
		Registry: l.p.registry, Settings: c.settings(false),
		Run: func(ctx context.Context, _ []argument) (string, error) {
			_, err := n.run.single(ctx)
			return "r", err
		},
	}
	if l.config.BatchFallback {
		s.Fallback = func(context.Context, []argument, error) (string, error) { return "f", nil }
	}
	batch, err := command.New(s)
	if err != nil {
		return nil, err
	}
	n.call = batch.Call(args)
	l.batches = append(l.batches, n)
	return n.call, nil
}

// answer gives each request what the configuration says, in the order of the
// arguments' text.
func (l *line) answer(letter string, requests []*command.Request[argument, any]) error {
	l.mu.Lock()
	l.mapped++
	l.mu.Unlock()
	if l.config.Map["throw"] == "first" {
		return userError(errMapping)
	}
	requests = slices.SortedFunc(slices.Values(requests), func(a, b *command.Request[argument, any]) int {
		return cmp.Compare(argText(a.Arg()), argText(b.Arg()))
	})
	for _, r := range requests {
		if err := l.say(letter+argText(r.Arg()), r); err != nil {
			return err
		}
	}
	if l.config.Map["throw"] == "last" {
		return userError(errMapping)
	}
	return nil
}

// say answers one request.
func (l *line) say(value string, r *command.Request[argument, any]) error {
	how := cmp.Or(l.config.Map[argText(r.Arg())], l.config.Map["default"], "respond")
	switch how {
	case "respond":
		return r.Respond(value)
	case "skip":
		return nil
	case "null":
		return r.Respond(nil)
	case "twice":
		return errors.Join(r.Respond(value), r.Respond(value+"again"))
	case "emit2":
		if err := errors.Join(r.Emit(value), r.Emit(l.p.second(value))); err != nil {
			return err
		}
		r.Complete()
		return nil
	case "emitNoComplete":
		return r.Emit(value)
	case "complete":
		r.Complete()
		return nil
	}
	message, ok := strings.CutPrefix(how, "error:")
	if !ok {
		return fmt.Errorf("unknown way to answer: %q", how)
	}
	return r.Fail(userError(message))
}

// second is the second value that "emit2" gives, which the format does not name:
// the recording does, if somebody saw it.
func (p *player) second(first string) string {
	for _, h := range p.Expect.Handles {
		if len(h.Values) == 2 && fmt.Sprint(h.Values[0]) == first {
			return fmt.Sprint(h.Values[1])
		}
	}
	return first + "again"
}

// collapserStep plays a step that is about collapsers.
func (p *player) collapserStep(s *step) error {
	switch s.Op {
	case "awaitBatches":
		if !p.until(awaitLimit, func() bool { return p.batchCount() >= s.Count }) {
			return fmt.Errorf("%d batches did not come", s.Count)
		}
		return nil
	case "batchCount":
		p.results[s.at] = map[string]any{"batches": p.batchCount()}
		return nil
	}
	l, err := p.lineOf(s.Collapser)
	if err != nil {
		return err
	}
	p.setCacheKey(s.CacheKey)
	if s.Op == "clearCollapserCache" {
		if err := l.collapser.ClearCache(p.ctx, argument{s.Arg}); err != nil {
			p.results[s.at] = map[string]any{"error": viewError(err)}
		}
		return nil
	}
	return p.submit(s, l)
}

func (p *player) setCacheKey(key *string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cacheKey = key
}

// submit makes one collapsed request.
func (p *player) submit(s *step, l *line) error {
	ctx, arg := p.ctx, argument{s.Arg}
	h := p.handle(s.As, nil, s.API)
	var f func()
	switch s.API {
	case "execute":
		f = func() { h.result(l.collapser.Execute(ctx, arg)) }
	case "queue":
		f = func() { h.setFuture(l.collapser.ToFuture(ctx, arg)) }
	case "observe":
		f = func() { h.attach(ctx, s, l.collapser.Observe(ctx, arg)) }
	case "toObservable":
		f = func() {
			h.attach(ctx, s, observable.Defer(func(context.Context) observable.Observable[any] {
				p.setCacheKey(s.CacheKey)
				return l.collapser.ToObservable(arg)
			}))
		}
	default:
		return fmt.Errorf("unknown entry point %q", s.API)
	}
	p.async(s, h, f)
	return nil
}

// setBatchProperty changes a config field of the batch command of a name.
func (p *player) setBatchProperty(s *step) error {
	for key, c := range p.Collapsers {
		if c.name() != s.Key {
			continue
		}
		l, err := p.lineOf(key)
		if err != nil {
			return err
		}
		if err := l.now.set(strings.TrimPrefix(s.Property, "breaker."), s.Value); err != nil {
			return err
		}
		return p.registry.Update(s.Key, l.now.settings(false))
	}
	return fmt.Errorf("there is no batch command %q", s.Key)
}

// batchCount is how many batch commands have been made.
func (p *player) batchCount() (n int) {
	for _, l := range p.lines {
		l.mu.Lock()
		n += len(l.batches)
		l.mu.Unlock()
	}
	return n
}

// readBatches collects what was seen of collapsers.
func (p *player) readBatches(r *record) {
	for _, l := range p.lines {
		l.mu.Lock()
		for _, b := range l.batches {
			n := batchRecord{Args: b.args, Collapsed: len(b.args), RunContext: b.run.contextName()}
			for e := range b.call.Events().All() {
				n.Events = append(n.Events, e.String())
			}
			r.Batches = append(r.Batches, n)
		}
		r.MapperCalls += l.mapped
		r.CommandsCreated += l.created
		l.mu.Unlock()
	}
	slices.SortFunc(r.Batches, func(a, b batchRecord) int { return slices.Compare(a.Args, b.Args) })
}

// batches compares the batches, whose order does not matter.
func (c *comparison) batches(want, got []batchRecord) {
	if len(want) != len(got) {
		c.differ("batches", want, got)
		return
	}
	left := slices.Clone(got)
	for i, w := range want {
		at := fmt.Sprintf("batches.%d", i)
		k := slices.IndexFunc(left, func(g batchRecord) bool {
			return slices.Equal(w.Args, g.Args) && slices.Equal(w.Events, g.Events) && (w.RunContext == "" || w.RunContext == g.RunContext)
		})
		if k < 0 {
			c.differ(at, w, left)
			continue
		}
		c.equal(at+".collapsed", w.Collapsed, left[k].Collapsed)
		left = slices.Delete(left, k, k+1)
	}
}

// unwrappedByCollapser is the error of a collapser's request without what
// Hystrix's execute puts around it: in quill all entry points give the same error
// (a translation).
func unwrappedByCollapser(want *errorRecord) *errorRecord {
	if want != nil && want.Category == "OTHER" && strings.HasSuffix(want.Message, " HystrixCollapser failed while executing.") && want.Cause != nil {
		want = want.Cause
	}
	if want != nil && want.Message == "<no request context>" { // a platform's text: Java's null dereference
		return viewError(cache.ErrNoScope)
	}
	return want
}
