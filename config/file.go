package config

import (
	"crypto/sha256"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/benbjohnson/clock"

	"github.com/quillgo/quill/command"
	"github.com/quillgo/quill/internal/mono"
)

// FileOptions is how a [FileSource] reads its file. The zero value will do.
type FileOptions struct {
	// Interval is how often a file that is watched is looked at. Zero means 5s;
	// negative means only when Reload is called.
	Interval time.Duration
	// Parse makes a Config of the file's content. Nil means [Parse], for JSON.
	Parse func(data []byte) (command.Config, error)
	// Clock is where time comes from. Nil means package time.
	Clock clock.Clock
}

const defaultInterval = 5 * time.Second

// FileSource is a [command.Source] that reads a file, and looks now and then
// whether it has changed: also by being replaced, and behind symbolic links, which
// is how editors and Kubernetes' volumes do it. What counts is the content: a file
// that is only touched has not changed.
//
// While nobody watches it, it is plain memory; each Watch has one timer. Its
// methods may be called concurrently.
type FileSource struct {
	path     string
	parse    func([]byte) (command.Config, error)
	interval time.Duration
	clock    *mono.Clock

	mu      sync.Mutex // guards what follows, and the fields of watches; never held across a call out or while a file is read
	watches map[*watch]struct{}
}

var _ command.Source = (*FileSource)(nil)

// File returns a source that reads the file at path. It reads nothing yet.
func File(path string, o FileOptions) *FileSource {
	s := &FileSource{path: path, parse: o.Parse, interval: o.Interval, clock: mono.New(o.Clock), watches: map[*watch]struct{}{}}
	if s.parse == nil {
		s.parse = Parse
	}
	if s.interval == 0 {
		s.interval = defaultInterval
	}
	return s
}

// Load reads the file now. The error names it.
func (s *FileSource) Load() (command.Config, error) {
	data, err := os.ReadFile(s.path)
	if err != nil {
		return command.Config{}, fmt.Errorf("config: %w", err)
	}
	c, err := s.parse(data)
	if err != nil {
		return command.Config{}, fmt.Errorf("config: %s:\n%w", s.path, err)
	}
	return c, nil
}

// Watch calls changed when the content of the file is not what it was, or when
// it cannot be read any more, which Load then tells. It does so on a goroutine of
// the timer or in Reload. After stop it begins no call; stop waits for none. The
// error is always nil.
func (s *FileSource) Watch(changed func()) (stop func(), err error) {
	w := &watch{source: s, changed: changed, seen: s.look(state{}, true)}
	s.mu.Lock()
	s.watches[w] = struct{}{}
	w.arm()
	s.mu.Unlock()
	return w.stop, nil
}

// Reload looks at the file now, and tells those who watch it if it has changed:
// for the handler of a signal (SIGHUP). It returns when they have dealt with it.
func (s *FileSource) Reload() {
	s.mu.Lock()
	all := make([]*watch, 0, len(s.watches))
	for w := range s.watches {
		all = append(all, w)
	}
	s.mu.Unlock()
	for _, w := range all {
		w.check(true)
	}
}

// state is what a file was found to be.
type state struct {
	info os.FileInfo       // nil: it could not be read
	sum  [sha256.Size]byte // of the content; zero if there is none
	// settled is set when the content was read at a look after the one that
	// found info. Before that somebody may have written the same length again within
	// the grain of the file's time.
	settled bool
}

// look returns what the file is now. was is what it was found to be before; it
// saves reading the file, unless read says that it has to be.
func (s *FileSource) look(was state, read bool) state {
	info, err := os.Stat(s.path) // before the content: what is written meanwhile is found at the next look
	if err != nil {
		return state{}
	}
	same := was.info != nil && os.SameFile(info, was.info) && info.Size() == was.info.Size() && info.ModTime().Equal(was.info.ModTime())
	if same && was.settled && !read {
		return was
	}
	data, err := os.ReadFile(s.path)
	if err != nil {
		return state{}
	}
	return state{info: info, sum: sha256.Sum256(data), settled: same}
}

// watch is one Watch.
type watch struct {
	source  *FileSource
	changed func()

	looking sync.Mutex // held while the file is read, so that the later look is stored later; never during changed
	seen    state      // guarded by source.mu
	timer   mono.Timer
}

// arm begins the wait for the next look; source.mu is held.
func (w *watch) arm() {
	if w.source.interval > 0 {
		w.timer = w.source.clock.AfterFunc(w.source.interval, w.tick)
	}
}

// tick looks, and waits for the next time, also when changed ends the goroutine.
func (w *watch) tick() {
	defer func() {
		w.source.mu.Lock()
		defer w.source.mu.Unlock()
		if w.on() {
			w.arm()
		}
	}()
	w.check(false)
}

// check looks once, and tells of a change.
func (w *watch) check(read bool) {
	if w.differs(read) {
		w.changed()
	}
}

// differs looks, and reports whether the file is not what it was; never once the
// watch was stopped.
func (w *watch) differs(read bool) bool {
	w.looking.Lock()
	defer w.looking.Unlock()
	s := w.source
	s.mu.Lock()
	on, was := w.on(), w.seen
	s.mu.Unlock()
	if !on {
		return false
	}
	is := s.look(was, read)
	s.mu.Lock()
	defer s.mu.Unlock()
	w.seen = is
	return w.on() && is.sum != was.sum
}

// on reports whether it has not been stopped; source.mu is held.
func (w *watch) on() bool {
	_, ok := w.source.watches[w]
	return ok
}

func (w *watch) stop() {
	w.source.mu.Lock()
	defer w.source.mu.Unlock()
	delete(w.source.watches, w)
	w.timer.Stop()
}
