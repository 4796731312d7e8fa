package command

import (
	"context"
	"iter"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/quillgo/quill/cache"
	"github.com/quillgo/quill/metrics"
)

// Log is the request log: what was executed within a scope, in order
// (HystrixRequestLog). It keeps the first thousand executions. Its methods may be
// called concurrently, also while executions are on.
type Log struct {
	mu     sync.Mutex
	chunks [][]entry // guarded by mu; each of logChunk, so that entries never move
	n      int       // guarded by mu
	full   bool      // guarded by mu; somebody was told that there is no room
}

const (
	logLimit = 1000
	logChunk = 50
)

var logs = cache.NewVar(func() *Log { return new(Log) }, (*Log).publish)

// LogFrom returns the request log of ctx's scope, or nil if it has none or was
// closed: take the Log before that. A nil Log is empty.
func LogFrom(ctx context.Context) *Log {
	l, err := logs.Get(ctx)
	if err != nil {
		return nil
	}
	return l
}

// logEntry appends an entry to the log of scope s, if there is one.
func logEntry(s *cache.Scope, c *core) *entry {
	if s == nil {
		return nil
	}
	l, err := logs.In(s)
	if err != nil {
		return nil
	}
	return l.add(c)
}

func (l *Log) add(c *core) *entry {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.n == logLimit {
		if !l.full {
			l.full = true
			slog.Default().Warn("command: request log is full, further executions are not in it", "limit", logLimit, "command", c.name)
		}
		return nil
	}
	if l.n%logChunk == 0 {
		l.chunks = append(l.chunks, make([]entry, logChunk))
	}
	e := &l.chunks[l.n/logChunk][l.n%logChunk]
	l.n++
	e.core = c
	e.latency.Store(-1)
	return e
}

// entry is one execution in the log. Its execution stores into it what others
// read.
type entry struct {
	core    *core         // whose execution it is; written before the entry can be seen
	marks   atomic.Uint64 // those of the execution, and sealed
	emits   atomic.Uint64 // the body's items, and the fallback's in the upper half
	latency atomic.Int64
}

// sealed is the bit of an entry's marks that keeps out what happens to a shared
// execution after its caller has left.
const sealed uint64 = 1 << 63

func (e *entry) seal(marks uint64) { e.marks.Store(marks | sealed) }

func (e *entry) store(x *execution) {
	for {
		was := e.marks.Load()
		if was&sealed != 0 {
			return
		}
		e.emits.Store(uint64(uint32(x.emits.Load())) | uint64(uint32(x.fallbackEmits.Load()))<<32)
		if e.marks.CompareAndSwap(was, x.marks.load()) {
			return
		}
	}
}

// end is the last store.
func (e *entry) end(x *execution, latency time.Duration) {
	if e.marks.Load()&sealed == 0 {
		e.latency.Store(int64(latency))
		e.store(x)
	}
}

// Entry is one execution of a [Log].
type Entry struct {
	Command string
	Events  metrics.Events
	// Emits and FallbackEmits are the items of a streaming command.
	Emits, FallbackEmits int
	// Latency is the execution's, or negative if it has none.
	Latency time.Duration
}

// Entries returns what was executed so far, in order of beginning.
func (l *Log) Entries() []Entry {
	if l == nil {
		return nil
	}
	var all []Entry
	for e := range l.entries() {
		all = append(all, e.read())
	}
	return all
}

// entries yields what was executed so far.
func (l *Log) entries() iter.Seq[*entry] {
	l.mu.Lock()
	n, chunks := l.n, l.chunks
	l.mu.Unlock()
	return func(yield func(*entry) bool) {
		for i := range n {
			if !yield(&chunks[i/logChunk][i%logChunk]) {
				return
			}
		}
	}
}

// read returns the entry as it is now.
func (e *entry) read() Entry {
	emits := e.emits.Load()
	return Entry{
		Command: e.core.name,
		Events:  metrics.Events(e.marks.Load() & eventMarks),
		Emits:   int(int32(emits)), FallbackEmits: int(int32(emits >> 32)),
		Latency: time.Duration(e.latency.Load()),
	}
}

// publish tells the registries whose commands are in the log that its scope is
// closed.
func (l *Log) publish() {
	var told []*Registry
	for e := range l.entries() {
		if r := e.core.registry; r.streams.tells() && !slices.Contains(told, r) {
			told = append(told, r)
			r.streams.pushRequests(RequestEvents{At: r.wall(), Entries: l.of(r)})
		}
	}
}

// of returns the entries of a registry's commands.
func (l *Log) of(r *Registry) (all []Entry) {
	for e := range l.entries() {
		if e.core.registry == r {
			all = append(all, e.read())
		}
	}
	return all
}

// String renders the log as Hystrix does: GetUser[SUCCESS][12ms], with equal
// executions merged, their latencies added, and their number appended.
func (l *Log) String() string { return render(l.Entries()) }

func render(entries []Entry) string {
	type group struct {
		text    string
		latency time.Duration
		n       int
	}
	var groups []*group
	seen := map[string]*group{}
	for _, e := range entries {
		text := e.render()
		g := seen[text]
		if g == nil {
			g = &group{text: text}
			seen[text] = g
			groups = append(groups, g)
		}
		g.latency += max(e.Latency, 0)
		g.n++
	}
	var b strings.Builder
	for i, g := range groups {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(g.text)
		b.WriteString("[" + strconv.FormatInt(g.latency.Milliseconds(), 10) + "ms]")
		if g.n > 1 {
			b.WriteString("x" + strconv.Itoa(g.n))
		}
	}
	return b.String()
}

// render is one entry without its latency.
func (e Entry) render() string {
	var names []string
	for event := range e.Events.All() {
		text := event.String()
		switch {
		case event == metrics.Emit && e.Emits > 1:
			text += "x" + strconv.Itoa(e.Emits)
		case event == metrics.FallbackEmit && e.FallbackEmits > 1:
			text += "x" + strconv.Itoa(e.FallbackEmits)
		}
		names = append(names, text)
	}
	if len(names) == 0 {
		names = []string{"Executed"}
	}
	return e.Command + "[" + strings.Join(names, ", ") + "]"
}
