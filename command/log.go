package command

import (
	"context"
	"log/slog"
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

var logs = cache.NewVar(func() *Log { return new(Log) }, nil)

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
func logEntry(s *cache.Scope, name string) *entry {
	if s == nil {
		return nil
	}
	l, err := logs.In(s)
	if err != nil {
		return nil
	}
	return l.add(name)
}

func (l *Log) add(name string) *entry {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.n == logLimit {
		if !l.full {
			l.full = true
			slog.Default().Warn("command: request log is full, further executions are not in it", "limit", logLimit, "command", name)
		}
		return nil
	}
	if l.n%logChunk == 0 {
		l.chunks = append(l.chunks, make([]entry, logChunk))
	}
	e := &l.chunks[l.n/logChunk][l.n%logChunk]
	l.n++
	e.name = name
	e.latency.Store(-1)
	return e
}

// entry is one execution in the log. Its execution stores into it what others
// read.
type entry struct {
	name    string        // written before the entry can be seen
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
	l.mu.Lock()
	n, chunks := l.n, l.chunks
	l.mu.Unlock()
	all := make([]Entry, n)
	for i := range all {
		e := &chunks[i/logChunk][i%logChunk]
		emits := e.emits.Load()
		all[i] = Entry{
			Command: e.name,
			Events:  metrics.Events(e.marks.Load() & eventMarks),
			Emits:   int(int32(emits)), FallbackEmits: int(int32(emits >> 32)),
			Latency: time.Duration(e.latency.Load()),
		}
	}
	return all
}

// String renders the log as Hystrix does: GetUser[SUCCESS][12ms], with equal
// executions merged, their latencies added, and their number appended.
func (l *Log) String() string {
	type group struct {
		text    string
		latency time.Duration
		n       int
	}
	var groups []*group
	seen := map[string]*group{}
	for _, e := range l.Entries() {
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
