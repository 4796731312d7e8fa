package config_test

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/benbjohnson/clock"
	"github.com/stretchr/testify/require"

	"github.com/quillgo/quill/command"
	"github.com/quillgo/quill/config"
)

// content is a file that gives A's timeout this many milliseconds.
func content(ms int) string { return `{"commands": {"A": {"timeout": "` + strconv.Itoa(ms) + `ms"}}}` }

func write(t testing.TB, path, text string) {
	t.Helper()
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
}

// replace writes the file beside and renames it, as editors do.
func replace(t testing.TB, path, text string) {
	t.Helper()
	write(t, path+".new", text)
	require.NoError(t, os.Rename(path+".new", path))
}

// kubernetes lays a volume out as Kubernetes does: the file is a link into
// ..data, which is a link to a directory of the generation.
func kubernetes(t testing.TB, dir, generation, text string) (path string) {
	t.Helper()
	require.NoError(t, os.Mkdir(filepath.Join(dir, generation), 0o700))
	write(t, filepath.Join(dir, generation, "quill.json"), text)
	require.NoError(t, os.Symlink(generation, filepath.Join(dir, "..tmp")))
	require.NoError(t, os.Rename(filepath.Join(dir, "..tmp"), filepath.Join(dir, "..data")))
	path = filepath.Join(dir, "quill.json")
	if _, err := os.Lstat(path); err != nil {
		require.NoError(t, os.Symlink(filepath.Join("..data", "quill.json"), path))
	}
	return path
}

// pass lets time go by in a bubble, and everything happen that is due.
func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// TestFile_Changes: the watch tells each change of content within an interval,
// however it is made, and nothing else.
func TestFile_Changes(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(t *testing.T, dir, path string)
		told   int64
	}{
		{"nothing", func(*testing.T, string, string) {}, 0},
		{"written over, with another length", func(t *testing.T, _, path string) { write(t, path, content(1000)) }, 1},
		{"written over, with the same length", func(t *testing.T, _, path string) { write(t, path, content(200)) }, 1},
		{"written and renamed", func(t *testing.T, _, path string) { replace(t, path, content(200)) }, 1},
		{"renamed, with the same content", func(t *testing.T, _, path string) { replace(t, path, content(100)) }, 0},
		{"touched", func(t *testing.T, _, path string) {
			require.NoError(t, os.Chtimes(path, time.Unix(5, 0), time.Unix(5, 0)))
		}, 0},
		{"removed", func(t *testing.T, _, path string) { require.NoError(t, os.Remove(path)) }, 1},
		{"a new generation of a volume", func(t *testing.T, dir, _ string) { kubernetes(t, dir, "..2", content(200)) }, 1},
		{"a new generation with the old time and length", func(t *testing.T, dir, path string) {
			old, err := os.Stat(path)
			require.NoError(t, err)
			kubernetes(t, dir, "..2", content(200))
			require.NoError(t, os.Chtimes(path, old.ModTime(), old.ModTime()))
		}, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			path := kubernetes(t, dir, "..1", content(100))
			synctest.Test(t, func(t *testing.T) {
				src := config.File(path, config.FileOptions{Interval: time.Second})
				var told atomic.Int64
				stop, err := src.Watch(func() { told.Add(1) })
				require.NoError(t, err)
				defer stop()
				pass(3500 * time.Millisecond)
				require.Zero(t, told.Load())
				test.change(t, dir, path)
				pass(time.Second)
				require.Equal(t, test.told, told.Load())
				pass(10 * time.Second)
				require.Equal(t, test.told, told.Load(), "told again")
			})
		})
	}
}

// TestFile_SameTimeAndLength: what is written within the grain of the file's time
// is found at the next look but one at the latest.
func TestFile_SameTimeAndLength(t *testing.T) {
	path := filepath.Join(t.TempDir(), "quill.json")
	write(t, path, content(100))
	stamp := time.Unix(1_000_000_000, 0)
	require.NoError(t, os.Chtimes(path, stamp, stamp))
	synctest.Test(t, func(t *testing.T) {
		var told atomic.Int64
		src := config.File(path, config.FileOptions{Interval: time.Second})
		stop, err := src.Watch(func() { told.Add(1) })
		require.NoError(t, err)
		defer stop()
		write(t, path, content(200)) // right after the look
		require.NoError(t, os.Chtimes(path, stamp, stamp))
		pass(time.Second)
		require.Equal(t, int64(1), told.Load())
	})
}

// TestFile_Comes: a file that is not there yet, and one that goes and comes back.
func TestFile_Comes(t *testing.T) {
	path := filepath.Join(t.TempDir(), "quill.json")
	synctest.Test(t, func(t *testing.T) {
		src := config.File(path, config.FileOptions{Interval: time.Second})
		_, err := src.Load()
		require.ErrorIs(t, err, os.ErrNotExist)
		require.ErrorContains(t, err, path)
		var told atomic.Int64
		stop, err := src.Watch(func() { told.Add(1) })
		require.NoError(t, err)
		defer stop()
		for i, change := range []func(){
			func() { write(t, path, content(100)) },
			func() { require.NoError(t, os.Remove(path)) },
			func() { write(t, path, content(100)) },
		} {
			change()
			pass(5 * time.Second)
			require.Equal(t, int64(i+1), told.Load())
		}
		c, err := src.Load()
		require.NoError(t, err)
		require.Equal(t, 100*time.Millisecond, c.Commands["A"].Timeout)
	})
}

// TestFile_Reload looks at once, at the content, and only then without an
// interval.
func TestFile_Reload(t *testing.T) {
	path := filepath.Join(t.TempDir(), "quill.json")
	write(t, path, content(100))
	src := config.File(path, config.FileOptions{Interval: -1})
	src.Reload() // nobody watches
	var first, second int
	stop, err := src.Watch(func() { first++ })
	require.NoError(t, err)
	stopSecond, err := src.Watch(func() { second++ })
	require.NoError(t, err)
	src.Reload()
	require.Equal(t, []int{0, 0}, []int{first, second})
	write(t, path, content(200))
	src.Reload()
	src.Reload()
	require.Equal(t, []int{1, 1}, []int{first, second})
	stop()
	stop() // idempotent
	write(t, path, content(300))
	src.Reload()
	require.Equal(t, []int{1, 2}, []int{first, second})
	stopSecond()
}

// counting is a clock that counts its timers.
type counting struct {
	*clock.Mock
	timers atomic.Int64
}

func (c *counting) AfterFunc(d time.Duration, f func()) *clock.Timer {
	c.timers.Add(1)
	return c.Mock.AfterFunc(d, f)
}

// TestFile_Unwatched: there is a timer only while somebody watches.
func TestFile_Unwatched(t *testing.T) {
	path := filepath.Join(t.TempDir(), "quill.json")
	write(t, path, content(100))
	mock := &counting{Mock: clock.NewMock()}
	src := config.File(path, config.FileOptions{Clock: mock, Interval: time.Second})
	told := make(chan struct{}, 10)
	stop, err := src.Watch(func() { told <- struct{}{} })
	require.NoError(t, err)
	write(t, path, content(200))
	mock.Add(time.Second)
	<-told
	stop()
	write(t, path, content(300))
	for range 10 {
		mock.Add(time.Second)
	}
	require.Empty(t, told)

	stop, err = src.Watch(func() { stop(); told <- struct{}{} })
	require.NoError(t, err)
	write(t, path, content(400))
	timers := mock.timers.Load()
	mock.Add(time.Second)
	<-told
	for range 10 {
		mock.Add(time.Second)
	}
	require.Equal(t, timers, mock.timers.Load(), "a timer without a watch")
}

// TestFile_BadCallbacks: what is called may block, call back, stop itself, or end
// its goroutine.
func TestFile_BadCallbacks(t *testing.T) {
	path := filepath.Join(t.TempDir(), "quill.json")
	write(t, path, content(1))
	synctest.Test(t, func(t *testing.T) {
		src := config.File(path, config.FileOptions{Interval: time.Second})
		ms := 100
		change := func() { ms++; write(t, path, content(ms)) }

		var ended atomic.Int64
		stop, err := src.Watch(func() { ended.Add(1); runtime.Goexit() })
		require.NoError(t, err)
		for range 3 { // the timer goes on after a Goexit
			change()
			pass(time.Second)
		}
		require.Equal(t, int64(3), ended.Load())
		stop()

		var self atomic.Int64
		var stopSelf func()
		stopSelf, err = src.Watch(func() { self.Add(1); src.Reload(); stopSelf() })
		require.NoError(t, err)
		change()
		pass(5 * time.Second)
		change()
		pass(5 * time.Second)
		require.Equal(t, int64(1), self.Load())

		gate := make(chan struct{})
		var blocked atomic.Int64
		stop, err = src.Watch(func() { blocked.Add(1); <-gate })
		require.NoError(t, err)
		change()
		pass(time.Minute)
		require.Equal(t, int64(1), blocked.Load(), "looks piled up")
		stop() // waits for nobody
		close(gate)
		synctest.Wait()
		change()
		pass(time.Minute)
		require.Equal(t, int64(1), blocked.Load())
	})
}

// TestFile_Follow: a registry follows a file, through half-written and missing
// content.
func TestFile_Follow(t *testing.T) {
	path := filepath.Join(t.TempDir(), "quill.json")
	write(t, path, content(100))
	synctest.Test(t, func(t *testing.T) {
		r, err := command.NewRegistry(command.RegistryOptions{})
		require.NoError(t, err)
		var mu sync.Mutex
		var failed []error
		failures := func() []error {
			mu.Lock()
			defer mu.Unlock()
			return slices.Clone(failed)
		}
		stop, err := r.Follow(config.File(path, config.FileOptions{Interval: time.Second}), func(err error) {
			mu.Lock()
			defer mu.Unlock()
			failed = append(failed, err)
		})
		require.NoError(t, err)
		a := command.MustNew(command.Spec[int, int]{Name: "A", Registry: r, Run: identity})
		require.Equal(t, 100*time.Millisecond, a.Settings().Timeout)

		for i, half := range []string{``, content(200)[:20], `{"commands": {"A": {"timeout": "0s"}}}`} {
			write(t, path, half)
			pass(5 * time.Second)
			require.Equal(t, 100*time.Millisecond, a.Settings().Timeout, "the last good settings stay")
			require.Len(t, failures(), i+1, "told once each")
			require.ErrorContains(t, failures()[i], path)
		}
		require.NoError(t, os.Remove(path))
		pass(5 * time.Second)
		require.Len(t, failures(), 4)
		require.True(t, errors.Is(failures()[3], os.ErrNotExist))
		require.Equal(t, uint64(4), r.Reloads().Failed)

		replace(t, path, content(200))
		pass(time.Second)
		require.Equal(t, 200*time.Millisecond, a.Settings().Timeout)
		require.Equal(t, command.Reloads{Applied: 2, Failed: 4}, r.Reloads())

		stop()
		replace(t, path, content(300))
		pass(time.Minute)
		require.Equal(t, 200*time.Millisecond, a.Settings().Timeout)
	})
}

// TestFile_ConcurrentReloads: with writers and reloads on all sides the last
// content is what is in force at the end.
func TestFile_ConcurrentReloads(t *testing.T) {
	path := filepath.Join(t.TempDir(), "quill.json")
	write(t, path, content(1))
	synctest.Test(t, func(t *testing.T) {
		r, err := command.NewRegistry(command.RegistryOptions{})
		require.NoError(t, err)
		a := command.MustNew(command.Spec[int, int]{Name: "A", Registry: r, Run: identity})
		src := config.File(path, config.FileOptions{Interval: time.Second})
		stop, err := r.Follow(src, func(err error) { t.Error(err) })
		require.NoError(t, err)
		defer stop()
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() {
				for range 50 {
					src.Reload()
				}
			})
		}
		for ms := 2; ms <= 100; ms++ {
			replace(t, path, content(ms))
		}
		all.Wait()
		pass(time.Second)
		require.Equal(t, 100*time.Millisecond, a.Settings().Timeout)
	})
}
